"""Three servers behind HAProxy, by the configuration that deploy/haproxy has: one is drained and stopped under load, and nobody
notices; one is killed, and each of its clients is told, and no other.

usage: balancer.py HAPROXY_CFG ECHO_CLIENT ECHO_SERVER    exits with 77 where there is no haproxy
"""
import csv
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

haproxy = shutil.which("haproxy", path=os.environ["PATH"] + ":/usr/sbin")
if not haproxy:
    print("SKIPPED: haproxy is missing (apt-get install haproxy)")
    sys.exit(1 if os.environ.get("CI") else 77)

config_path, client, server = sys.argv[1:]
CLIENTS, CHECK = 12, len("quit\n")
folder = tempfile.TemporaryDirectory()
admin, processes, servers = folder.name + "/admin.sock", [], {}


def until(what, holds):
    """Waits until it holds, at most so long."""
    end = time.monotonic() + 20
    while not (value := holds()):
        assert time.monotonic() < end, "still waiting: " + what
        time.sleep(0.005)
    return value


class Server:
    """An echo server on a free port, with a log of its own."""

    def __init__(self, name, options):
        self.name, self.log_path = name, f"{folder.name}/{name}.log"
        with open(self.log_path, "w") as log:
            self.process = subprocess.Popen([server, "-4", "-v", "--log", "json", "--model", "event", *options, "0"],
                                            stdout=subprocess.PIPE, stderr=log, text=True)
        processes.append(self.process)
        self.port = self.process.stdout.readline().strip().rpartition(":")[2]

    def closed(self):
        """The sessions that are over, without the balancer's checks, and without those of clients that went before they sent anything:
        a load that ends while it connects has such."""
        return [e for e in self.events("closed") if e["in"] not in (0, CHECK)]

    def events(self, name):
        with open(self.log_path) as log:
            events = [json.loads(line) for line in log if line.endswith("\n")]
        return [e for e in events if e["event"] == name]

    def is_idle(self):
        """Whether nobody is connected. One thread closes, logs and counts: then all that are gone are in the log."""
        told = len(self.events("counters"))
        self.process.send_signal(signal.SIGUSR1)
        return until("it counts", lambda: self.events("counters")[told:])[0]["open"] == 0

    def all_right(self):
        for e in self.closed():
            assert e["why"] == "eof" and e["in"] == e["out"], (self.name, e)


def ask(command):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(10)
        s.connect(admin)
        s.sendall(command.encode() + b"\n")
        return b"".join(iter(lambda: s.recv(65536), b"")).decode()


def answers():
    try:
        return ask("show version")
    except (FileNotFoundError, ConnectionRefusedError):
        return None


def stats():
    """What the balancer says of each server."""
    return {row["svname"]: row for row in csv.DictReader(ask("show stat").lstrip("# ").splitlines()) if row["pxname"] == "echo"}


def served():
    return {name: int(row["stot"]) for name, row in stats().items() if name in servers}


def sessions(name):
    return int(stats()[name]["scur"])


def load(*options):
    process = subprocess.Popen([client, "--json", "--parallel", str(CLIENTS), "--pipeline", "4", "--duration", "60s", *options,
                                "127.0.0.1", str(port)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    processes.append(process)
    return process


def results(process):
    """Ends a load; what is in flight still comes back."""
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    document = json.loads(out)
    assert document["right"] == (process.returncode == 0) == (err == ""), (process.returncode, err)
    assert document["sent"] == document["received"] + document["lost"], document
    return document


def start_balancer(listener):
    with open(config_path) as file:
        config = file.read()
    ports = iter([s.port for s in servers.values()])
    config = config.replace("/run/haproxy-echo.sock", admin).replace("bind :4242", f"bind fd@{listener.fileno()}")
    config, changed = re.subn(r"127\.0\.0\.1:43\d\d", lambda _: "127.0.0.1:" + next(ports), config)
    assert changed == len(servers), changed
    path = folder.name + "/haproxy.cfg"
    with open(path, "w") as file:
        file.write(config)
    processes.append(subprocess.Popen([haproxy, "-db", "-q", "-f", path], pass_fds=[listener.fileno()]))
    until("the balancer begins", answers)


def drain_and_stop(s):
    running = load("--reconnect", "20")
    until("it has clients", lambda: sessions(s.name) > 0 and len(s.closed()) > 10)
    ask(f"set server echo/{s.name} state drain")
    until("its clients are gone", lambda: sessions(s.name) == 0)
    so_far = served()
    s.process.terminate()
    assert s.process.wait(10) == 0
    until("the others serve on", lambda: sum(served().values()) > sum(so_far.values()) + 500)
    d = results(running)
    assert d["right"] and d["failures"] == {} and d["lost"] == 0 and d["received"] > 0, d
    assert served()[s.name] == so_far[s.name], "it got a client after all"
    for each in servers.values():
        if each is not s:
            until("its clients are gone", each.is_idle)
        each.all_right()
    return d


def kill(s, others):
    before = {each.name: len(each.closed()) for each in others}
    running = load()
    until("all are connected", lambda: sum(sessions(name) for name in servers) == CLIENTS)
    share = {each.name: sessions(each.name) for each in (s, *others)}
    s.process.kill()
    until("all are served again", lambda: sum(sessions(each.name) for each in others) == CLIENTS)
    d = results(running)
    mine = share[s.name]
    assert 0 < mine < CLIENTS, share
    # Each of its clients is told, once; all are served again; and no other has seen a thing.
    assert not d["right"] and sum(d["failures"].values()) == mine and set(d["failures"]) <= {"RESET", "SHORT"}, (share, d)
    assert len({e["connection"] for e in d["events"]}) == mine == d["reconnects"], (share, d)
    assert mine <= d["lost"] <= 4 * mine, (share, d)
    for each in others:
        until("its clients are gone", each.is_idle)
        each.all_right()
    after = sum(len(each.closed()) - before[each.name] for each in others)
    assert after == CLIENTS, (after, share)  # those of the killed one have come over
    return share, d


def stop_without_draining(s):
    """What draining spares its clients, and would be noticed: lines in flight that nobody gives back."""
    running = load()
    until("all are connected", lambda: sessions(s.name) == CLIENTS)
    s.process.terminate()
    assert s.process.wait(10) == 0
    d = results(running)
    assert not d["right"] and d["lost"] > 0 and sum(d["failures"].values()) >= CLIENTS, d


def who_is_told(s):
    """A client's own address is in the server's log, and not the balancer's."""
    with socket.create_connection(("127.0.0.1", port), 10) as c:
        name = "%s:%d" % c.getsockname()
        c.sendall(b"who?")
        c.shutdown(socket.SHUT_WR)
        assert c.recv(16) == b"WHO?"
    last = until("the log has it", lambda: next((e for e in s.closed() if e["in"] == 4), None))
    assert last["client"] == name, (last, name)


try:
    for name in ("one", "two", "three"):
        servers[name] = Server(name, ["--drain-timeout", "100ms", "--proxy-protocol"])
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        port = listener.getsockname()[1]
        start_balancer(listener)
    one, two, three = servers.values()
    drained = drain_and_stop(two)
    print(f"drained: {drained['received']} lines of {drained['reconnects']} connections, none lost")
    until("they are checked", lambda: all(stats()[s.name]["check_status"] == "L7OK" for s in (one, three)))
    share, killed = kill(one, [three])
    print(f"killed: {share[one.name]} of {CLIENTS} connections told {killed['failures']}, {killed['lost']} lines lost")
    who_is_told(three)
    stop_without_draining(three)
finally:
    for process in processes:
        process.kill()
        process.wait()
