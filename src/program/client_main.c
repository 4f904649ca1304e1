/* client_main.c - echo-client. Nothing to test in here. */
#include "program/client.h"

int main(int argc, char **argv)
{
    return client_program(argc, argv);
}
