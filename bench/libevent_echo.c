/* libevent_echo.c - the echo server of libevent's book: a bufferevent for each client.
 * usage: libevent_echo PORT
 */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>

static void read_some(struct bufferevent *client, void *context)
{
    (void)context;
    bufferevent_write_buffer(client, bufferevent_get_input(client));
}

static void ended(struct bufferevent *client, short events, void *context)
{
    (void)context;
    if (events & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        bufferevent_free(client);
}

static void connection(struct evconnlistener *listener, evutil_socket_t fd,
                       struct sockaddr *address, int len, void *context)
{
    struct event_base *base = evconnlistener_get_base(listener);
    struct bufferevent *client = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    int on = 1;
    (void)address, (void)len, (void)context;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    bufferevent_setcb(client, read_some, NULL, ended, NULL);
    bufferevent_enable(client, EV_READ | EV_WRITE);
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct event_base *base = event_base_new();
    address.sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 0));
    signal(SIGPIPE, SIG_IGN);
    if (!evconnlistener_new_bind(base, connection, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE,
                                 4096, (struct sockaddr *)&address, sizeof address))
        return 1;
    return event_base_dispatch(base);
}
