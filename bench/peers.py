"""The servers that are measured: how each is started, and what it is loaded with.

{port} is a free port, {dir} a folder of the server's own, {bench} the built programs of bench/, {echo} those of
the project, {backend} the port of the reference. A server's files are written into {dir} before it starts.
"""
import os

HERE = os.path.dirname(os.path.abspath(__file__))

HAPROXY = """
global
    maxconn 9000
    nbthread 1
{global}
defaults
    mode tcp
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend echo
    bind 127.0.0.1:{port} maxconn 9000 backlog 4096
{frontend}
"""

LUA = """
core.register_service("echo", "tcp", function(applet)
    local line = applet:getline()
    while #line > 0 do
        applet:send(line)
        line = applet:getline()
    end
end)
"""

NGINX = """
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off; worker_processes 1; pid {dir}/pid; error_log /dev/null;
events {{ worker_connections 15000; }}
stream {{ server {{ listen 127.0.0.1:{port} backlog=4096; proxy_pass 127.0.0.1:{backend}; tcp_nodelay on; }} }}
"""

XINETD = """
defaults
{{
    instances = UNLIMITED
    per_source = UNLIMITED
    cps = 1000000 1
}}
service echo
{{
    type = INTERNAL UNLISTED
    id = echo-stream
    socket_type = stream
    protocol = tcp
    user = root
    wait = no
    bind = 127.0.0.1
    port = {port}
}}
"""


class Peer:
    """kind: "echo", or the request and reply that fixed_load is given; per_client: a process for each client."""

    def __init__(self, name, command, mode="verbatim", kind="echo", files=None, without=(), per_client=False, why=""):
        self.name, self.command, self.mode, self.kind = name, command, mode, kind
        self.files, self.without, self.per_client, self.why = files or {}, without, per_client, why


BULK = ("b64", "b1k", "b64k")
MANY = ("c1000", "c1000d16")
REFERENCE = Peer("bare epoll", ["{bench}/bare_epoll", "{port}"])
EVENT = Peer("echo-server event", ["{echo}/echo-server", "--model", "event", "-M", "12000", "-4", "{port}"], "upper")
BARE_FORK = Peer("bare fork", ["{bench}/bare_fork", "{port}"], per_client=True)

PEERS = [
    EVENT,
    Peer("echo-server event, verbatim", EVENT.command + ["-m", "verbatim"]),
    Peer("echo-server fork", ["{echo}/echo-server", "--model", "fork", "-M", "12000", "-4", "{port}"], "upper",
         per_client=True),
    Peer("echo-server iterative", ["{echo}/echo-server", "-4", "{port}"], "upper",
         without=("c64", "c64d16", "churn", "idle") + MANY + BULK, why="one client at a time"),
    BARE_FORK,
    Peer("libuv", ["{bench}/libuv_echo", "{port}"]),
    Peer("libevent", ["{bench}/libevent_echo", "{port}"]),
    Peer("Node.js", ["node", HERE + "/node_echo.mjs", "{port}"]),
    Peer("asyncio", ["/usr/bin/python3", HERE + "/asyncio_echo.py", "{port}"]),
    Peer("uvloop", ["/usr/bin/python3", HERE + "/asyncio_echo.py", "{port}", "--uvloop"]),
    Peer("HAProxy, Lua echo", ["haproxy", "-db", "-f", "{dir}/haproxy.cfg"],
         files={"haproxy.cfg": HAPROXY.replace("{global}", "    lua-load {dir}/echo.lua").replace(
             "{frontend}", "    tcp-request inspect-delay 1s\n    tcp-request content use-service lua.echo"),
                "echo.lua": LUA.replace("{", "{{").replace("}", "}}")},
         without=("b64k",), why="hangs on lines longer than its buffer of 16 KiB"),
    Peer("HAProxy, proxy", ["haproxy", "-db", "-f", "{dir}/haproxy.cfg"],
         files={"haproxy.cfg": HAPROXY.replace("{global}", "").replace(
             "{frontend}", "    default_backend echo\nbackend echo\n    server one 127.0.0.1:{backend}")}),
    Peer("nginx, proxy", ["nginx", "-c", "{dir}/nginx.conf", "-p", "{dir}"], files={"nginx.conf": NGINX}),
    Peer("socat EXEC:cat,nofork",
         ["socat", "TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,backlog=4096,nodelay", "EXEC:/bin/cat,nofork"],
         per_client=True),
    Peer("socat PIPE", ["socat", "TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,backlog=4096,nodelay", "PIPE"],
         per_client=True),
    Peer("ncat -e cat", ["ncat", "-l", "-k", "-m", "12000", "-e", "/bin/cat", "127.0.0.1", "{port}"], per_client=True,
         without=MANY + BULK, why="hangs"),
    Peer("xinetd", ["xinetd", "-dontfork", "-f", "{dir}/xinetd.conf"], files={"xinetd.conf": XINETD}, per_client=True),
    Peer("inetd, cat", ["{bench}/inetd", "-i", "-R", "1000000", "-q", "4096", "{dir}/inetd.conf"],
         files={"inetd.conf": "127.0.0.1:{port} stream tcp nowait root /bin/cat cat\n"}, per_client=True),
    Peer("redis ECHO", ["redis-server", "--port", "{port}", "--bind", "127.0.0.1", "--save", "", "--maxclients", "12000",
                        "--tcp-backlog", "4096", "--dir", "{dir}"],
         kind=("*2\r\n$4\r\nECHO\r\n$8\r\nhellohel\r\n", "$8\r\nhellohel\r\n"), without=BULK + ("churn", "idle"),
         why="another protocol, loaded by fixed_load"),
    Peer("memcached mn", ["memcached", "-u", "nobody", "-l", "127.0.0.1", "-p", "{port}", "-U", "0", "-t", "1", "-c",
                          "12000", "-b", "4096"],
         kind=("mn\r\n", "MN\r\n"), without=BULK + ("churn", "idle"), why="another protocol, loaded by fixed_load"),
]
