/* server_main.c - echo-server. Nothing to test in here. */
#include "program/server.h"

int main(int argc, char **argv)
{
    return server_program(argc, argv);
}
