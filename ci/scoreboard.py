"""Runs `echo-client --check` against echo servers of all kinds, and writes a table. See scoreboard.sh.

usage: scoreboard.py BUILD_FOLDER FILE
"""
import datetime
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import time

BUILD, FILE = os.path.abspath(sys.argv[1]), sys.argv[2]
SERVER, CLIENT = os.path.join(BUILD, "echo-server"), os.path.join(BUILD, "echo-client")
READY_SECONDS = 10

NGINX = """load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off; pid nginx.pid; error_log stderr error;
events {}
stream { server { listen 127.0.0.1:%%(port)d; proxy_pass 127.0.0.1:%%(behind)d; proxy_half_close %s; } }
"""
HAPROXY = """defaults
    mode tcp
    timeout connect 5s
    timeout client 60s
    timeout server 60s
listen echo
    bind 127.0.0.1:%(port)d
    server one 127.0.0.1:%(behind)d
"""
XINETD = """service echo
{
    type = INTERNAL UNLISTED
    id = echo-stream
    socket_type = stream
    protocol = tcp
    wait = no
    user = root
    bind = 127.0.0.1
    port = %(port)d
    instances = UNLIMITED
    per_source = UNLIMITED
    cps = 10000 1
}
"""
THREADS = """import socketserver
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(4096):
            self.request.sendall(data)
socketserver.ThreadingTCPServer.request_queue_size = 128
socketserver.ThreadingTCPServer(("127.0.0.1", %(port)d), Echo).serve_forever()
"""
ASYNCIO = """import asyncio
async def echo(reader, writer):
    while data := await reader.read(4096):
        writer.write(data)
        await writer.drain()
    writer.close()
async def main():
    await (await asyncio.start_server(echo, "127.0.0.1", %(port)d)).serve_forever()
asyncio.run(main())
"""
NODE = "require('net').createServer({allowHalfOpen: %s}, s => { s.on('error', () => {}); s.pipe(s); }).listen(%%(port)d, '127.0.0.1')"
FIFO = "mkfifo fifo; while :; do cat fifo | nc -lN 127.0.0.1 %(port)d >fifo; done"


def debian(package):
    """The version of an installed package."""
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def ours():
    return subprocess.run([SERVER, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()[1]


# name, version, command (a list, or a line for sh), configuration files, our server behind it
ROWS = [(f"echo-server --model {model} -m {mode}", ours(), [SERVER, "--quiet", "--model", model, "-m", mode, "-b", "127.0.0.1", "%(port)d"],
         {}, False) for model in ("iterative", "fork", "event") for mode in ("upper", "verbatim")]
ROWS += [
    ("nginx (stream) before echo-server", debian("nginx-light"), ["nginx", "-p", ".", "-c", "nginx.conf"], {"nginx.conf": NGINX % "off"},
     True),
    ("nginx, proxy_half_close on, before echo-server", debian("nginx-light"), ["nginx", "-p", ".", "-c", "nginx.conf"],
     {"nginx.conf": NGINX % "on"}, True),
    ("haproxy (tcp) before echo-server", debian("haproxy"), ["haproxy", "-db", "-f", "haproxy.conf"], {"haproxy.conf": HAPROXY}, True),
    ("xinetd, internal echo", debian("xinetd"), ["xinetd", "-dontfork", "-f", "xinetd.conf"], {"xinetd.conf": XINETD}, False),
    ("systemd-socket-activate -a --inetd cat", debian("systemd"),
     ["systemd-socket-activate", "-a", "--inetd", "-l", "127.0.0.1:%(port)d", "cat"], {}, False),
    ("socat TCP-LISTEN,fork PIPE", debian("socat"), ["socat", "TCP4-LISTEN:%(port)d,bind=127.0.0.1,fork,reuseaddr,backlog=128", "PIPE"], {}, False),
    ("socat TCP-LISTEN,fork EXEC:cat", debian("socat"), ["socat", "TCP4-LISTEN:%(port)d,bind=127.0.0.1,fork,reuseaddr,backlog=128", "EXEC:cat"],
     {}, False),
    ("ncat -lk -e /bin/cat", debian("ncat"), ["ncat", "-lk", "-e", "/bin/cat", "127.0.0.1", "%(port)d"], {}, False),
    ("busybox nc -ll -e cat", debian("busybox"), ["busybox", "nc", "-ll", "-p", "%(port)d", "-e", "cat"], {}, False),
    ("OpenBSD nc -lN with a fifo, in a loop", debian("netcat-openbsd"), FIFO, {}, False),
    ("Node.js s.pipe(s)", debian("nodejs") if os.path.exists("/var/lib/dpkg/info/nodejs.list") else "", ["node", "echo.js"],
     {"echo.js": NODE % "false"}, False),
    ("Node.js s.pipe(s), allowHalfOpen", debian("nodejs") if os.path.exists("/var/lib/dpkg/info/nodejs.list") else "", ["node", "echo.js"],
     {"echo.js": NODE % "true"}, False),
    ("Python socketserver, threads", platform.python_version(), [sys.executable, "echo.py"], {"echo.py": THREADS}, False),
    ("Python asyncio streams", platform.python_version(), [sys.executable, "echo.py"], {"echo.py": ASYNCIO}, False),
]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(command, values, folder):
    if isinstance(command, str):
        command = ["/bin/sh", "-c", command]
    return subprocess.Popen([word % values if "%(" in word else word for word in command], cwd=folder, start_new_session=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def end(process):
    if process:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def check(name, command, files, behind):
    """What --check says of it, as JSON."""
    values = {"port": free_port(), "behind": free_port()}
    process = back = None
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            with open(os.path.join(folder, path), "w") as file:
                file.write(text % values)
        try:
            if behind:
                back = start([SERVER, "--quiet", "--model", "event", "-b", "127.0.0.1", "%(behind)d"], values, folder)
            process = start(command, values, folder)
            done = subprocess.run([CLIENT, "--check", "--json", "-W", "2s", "--retry", f"{READY_SECONDS}s", f"127.0.0.1:{values['port']}"],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=600)
        finally:
            end(process)
            end(back)
    if done.returncode not in (0, 1):
        sys.exit(f"{name}: status {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def wrong(report):
    """What it gets wrong: by name, vectors counted."""
    failed = [case["name"] for case in report["cases"] if not case["ok"]]
    vectors = sum(name.startswith("vector ") for name in failed)
    names = [name for name in failed if not name.startswith("vector ")]
    return ", ".join(names + ([f"{vectors} vectors"] if vectors else [])) or "nothing"


def main():
    lines = [
        "# Scoreboard",
        "",
        "What `echo-client --check` says of echo servers of all kinds. Written by `ci/scoreboard.sh` in one run on",
        f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d}, {platform.system()} {platform.release().split('-')[0]}; not to be edited. "
        "Versions are Debian's unless they are another project's own.",
        "",
        "| server | version | mode | passed | failed | what it gets wrong |",
        "|---|---|---|---|---|---|",
    ]
    for name, version, command, files, behind in ROWS:
        begun = time.monotonic()
        report = check(name, command, files, behind)
        line = (f"| `{name}` | {version} | {report['mode'] or '?'} | {report['passed']} | {report['failed']} | {wrong(report)} |"
                if name.startswith(("echo-server", "socat", "ncat", "busybox", "systemd")) else
                f"| {name} | {version} | {report['mode'] or '?'} | {report['passed']} | {report['failed']} | {wrong(report)} |")
        lines.append(line)
        print(f"{line}  ({time.monotonic() - begun:.0f} s)", flush=True)
        if name.startswith("echo-server") and report["failed"]:
            sys.exit("our own server fails")
    lines += ["", "A server is asked for the protocol of [PROTOCOL.md](PROTOCOL.md): one that is found to speak `verbatim` is asked for RFC 862",
              "and half-close, and nothing more. Each failure is one that loses, changes or delays bytes for a client that does the same.", ""]
    with open(FILE, "w") as file:
        file.write("\n".join(lines))


main()
