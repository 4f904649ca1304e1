/* libuv_echo.c - the echo server of libuv's guide: a buffer for each read, a request for each
 * write. usage: libuv_echo PORT
 */
#include <stdlib.h>
#include <uv.h>

static void release(uv_handle_t *handle)
{
    free(handle);
}

static void allocate(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
    (void)handle;
    *buffer = uv_buf_init(malloc(size), (unsigned)size);
}

static void written(uv_write_t *request, int status)
{
    (void)status;
    free(request->data);
    free(request);
}

static void read_some(uv_stream_t *client, ssize_t n, const uv_buf_t *buffer)
{
    if (n > 0) {
        uv_write_t *request = malloc(sizeof *request);
        uv_buf_t echo = uv_buf_init(buffer->base, (unsigned)n);
        request->data = buffer->base;
        uv_write(request, client, &echo, 1, written);
        return;
    }
    if (n < 0)
        uv_close((uv_handle_t *)client, release);
    free(buffer->base);
}

static void connection(uv_stream_t *server, int status)
{
    uv_tcp_t *client = malloc(sizeof *client);
    (void)status;
    uv_tcp_init(server->loop, client);
    if (uv_accept(server, (uv_stream_t *)client) == 0) {
        uv_tcp_nodelay(client, 1);
        uv_read_start((uv_stream_t *)client, allocate, read_some);
    } else {
        uv_close((uv_handle_t *)client, release);
    }
}

int main(int argc, char **argv)
{
    uv_tcp_t server;
    struct sockaddr_in address;
    uv_ip4_addr("127.0.0.1", argc > 1 ? atoi(argv[1]) : 0, &address);
    uv_tcp_init(uv_default_loop(), &server);
    if (uv_tcp_bind(&server, (const struct sockaddr *)&address, 0) ||
        uv_listen((uv_stream_t *)&server, 4096, connection))
        return 1;
    return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
