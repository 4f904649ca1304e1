"""An echo server on asyncio's protocols, and with --uvloop on libuv by way of uvloop.

usage: asyncio_echo.py PORT [--uvloop]
"""
import asyncio
import sys


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


async def main():
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", int(sys.argv[1]), backlog=4096)
    await server.serve_forever()


if "--uvloop" in sys.argv:
    import uvloop
    uvloop.install()
asyncio.run(main())
