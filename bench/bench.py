"""Measures echo servers beside each other: writes raw figures, which report.py makes tables and plots of.

usage: bench.py --echo FOLDER --bench FOLDER [--pairs N] [--seconds S] [--cell NAME]... [--peer NAME]... OUT.tsv

A server runs on core 0 and the load on core 1, one server at a time. Each turn goes through all servers, with the
reference (bare_epoll.c) before every few of them, so that what else the machine does falls on both sides of a
ratio. A server's CPU is that of its control group: with all children, the dead ones too.
"""
import argparse
import contextlib
import json
import os
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import peers

# Cell: cores of the load, connections, lines in flight on each, bytes of a line, more options of echo-client.
CELLS = {
    "c1": ({0}, 1, 1, 32, []),
    "c64": ({1}, 64, 1, 32, []),
    "c64d16": ({1}, 64, 16, 32, []),
    "c1000": ({1}, 1000, 1, 32, []),
    "c1000d16": ({1}, 1000, 16, 32, []),
    "b64": ({1}, 4, 4096, 64, []),
    "b1k": ({1}, 4, 256, 1024, []),
    "b64k": ({1}, 4, 4, 65536, []),
    "churn": ({1}, 16, 1, 32, ["--reconnect", "1"]),
}
MORE_CELLS = ["check", "start", "workers", "pipe", "c10k", "idle"]
COLUMNS = ["what", "turn", "cell", "server", "rate", "bytes", "seconds", "cpu", "load_cpu", "p50", "p99", "note"]
HANGS = 60   # seconds
BETWEEN = 3  # servers between two runs of the reference
IDLE, IDLE_PROCESSES, IDLE_SECONDS = 10000, 200, 1


class Group:
    """A control group that counts the CPU of whatever runs in it: version 2, or version 1's cpuacct."""

    number = 0

    def __init__(self):
        Group.number += 1
        name = f"echo-bench-{os.getpid()}-{Group.number}"
        for root, file, unit in (("/sys/fs/cgroup/cpuacct", "cpuacct.usage", 1), ("/sys/fs/cgroup", "cpu.stat", 1000)):
            if os.path.exists(f"{root}/cgroup.procs"):
                self.path, self.file, self.unit = f"{root}/{name}", file, unit
                try:
                    os.mkdir(self.path)
                except OSError as error:
                    sys.exit(f"bench: {self.path}: {error.strerror}; CPU is counted by control groups: run it as root")
                return
        sys.exit("bench: no control groups in /sys/fs/cgroup; CPU is counted by these")

    def cpu(self):
        with open(f"{self.path}/{self.file}") as file:
            words = file.read().split()
        return int(words[words.index("usage_usec") + 1 if len(words) > 1 else 0]) * self.unit / 1e9

    def pids(self):
        with open(f"{self.path}/cgroup.procs") as file:
            return [int(pid) for pid in file.read().split()]

    def enter(self):
        with open(f"{self.path}/cgroup.procs", "w") as file:
            file.write(str(os.getpid()))

    def end(self):
        """Ends whatever is in it, also what is born meanwhile."""
        while pids := self.pids():
            for pid in pids:
                try:
                    process = os.pidfd_open(pid)
                    signal.pidfd_send_signal(process, signal.SIGKILL)
                    select.select([process], [], [], 5)
                    os.close(process)
                except ProcessLookupError:
                    pass
        os.rmdir(self.path)


class Server:
    """A peer that runs."""

    def __init__(self, peer, options, backend, cores=(0,)):
        self.peer, self.group, self.dir = peer, Group(), tempfile.mkdtemp(prefix="echo-bench-")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        names = {"port": self.port, "dir": self.dir, "backend": backend, "bench": options.bench, "echo": options.echo}
        for name, text in peer.files.items():
            with open(f"{self.dir}/{name}", "w") as file:
                file.write(text.format(**names))

        def prepare():
            self.group.enter()
            os.sched_setaffinity(0, cores)

        self.process = subprocess.Popen([word.format(**names) for word in peer.command], preexec_fn=prepare,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(250):  # not all of them tell when they listen
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                time.sleep(0.02)
        self.end()
        sys.exit(f"bench: {peer.name} does not listen on port {self.port}: {' '.join(self.process.args)}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            pass
        self.group.end()
        self.process.wait()
        shutil.rmtree(self.dir)


def load_command(options, server, cell):
    cores, connections, depth, size, more = cell
    if server.peer.kind == "echo":
        return cores, size, [f"{options.echo}/echo-client", "--json", "-W", "3s", "-m", server.peer.mode, "--parallel",
                            str(connections), "--pipeline", str(depth), "--size", str(size), "--duration",
                            f"{options.seconds}s", *more, "127.0.0.1", str(server.port)]
    request, reply = server.peer.kind
    return cores, len(request), [f"{options.bench}/fixed_load", str(server.port), str(connections), str(depth),
                                str(options.seconds), request, reply]


def run(options, server, cell):
    """One run of one cell. Returns the figures."""
    cores, size, command = load_command(options, server, cell)
    before, started = server.group.cpu(), time.monotonic()
    process = subprocess.Popen(["timeout", "-s", "KILL", str(HANGS), *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               preexec_fn=lambda: os.sched_setaffinity(0, cores))
    text = process.stdout.read()
    _, _, usage = os.wait4(process.pid, 0)
    cpu, took = server.group.cpu() - before, time.monotonic() - started
    process.returncode = 0
    result = json.loads(text) if text.strip() else {"right": False, "received": 0, "seconds": took}
    count = result["received"]
    rtt = result.get("rtt_ms", {})
    failures = result.get("failures", {"hangs" if took > HANGS else "at once": 1})
    note = "" if result["right"] and count else "failed " + " ".join(failures)
    return {"rate": count / (result["seconds"] or 1), "bytes": size, "seconds": result["seconds"], "cpu": cpu / max(count, 1),
            "load_cpu": (usage.ru_utime + usage.ru_stime) / max(count, 1), "p50": rtt.get("p50", ""),
            "p99": rtt.get("p99", ""), "note": note}


class Table:
    def __init__(self, path):
        self.file = open(path, "w")
        self.file.write("\t".join(COLUMNS) + "\n")

    def add(self, **row):
        def shown(value):
            return f"{value:.6g}" if isinstance(value, float) else str(value)
        self.file.write("\t".join(shown(row.get(name, "")) for name in COLUMNS) + "\n")
        self.file.flush()


def pss(group):
    """Memory of all its processes, shared pages divided, in kB."""
    total = 0
    for pid in group.pids():
        try:
            with open(f"/proc/{pid}/smaps_rollup") as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        except (FileNotFoundError, ProcessLookupError):  # it has ended
            pass
    return total


def measure_idle(options, table, peer, backend, turn):
    """What a connection costs that has echoed a line and is silent; and CPU while all are."""
    count = IDLE_PROCESSES if peer.per_client else IDLE
    with Server(peer, options, backend) as server, contextlib.ExitStack() as clients:
        base, made, note = pss(server.group), 0, ""
        try:
            for _ in range(count):
                client = clients.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=3))
                client.sendall(b"hello\n")
                if len(client.recv(64)) != 6:
                    raise OSError("no echo")
                made += 1
        except OSError as error:
            note = f"stopped at {made}: {error}"
        each = (pss(server.group) - base) * 1024 / max(made, 1)
        before = server.group.cpu()
        time.sleep(IDLE_SECONDS)  # the time that is measured
        table.add(what="idle", turn=turn, cell="idle", server=peer.name, rate=made, bytes=each, seconds=base,
                  cpu=(server.group.cpu() - before) / IDLE_SECONDS, note=note)


def measure_many(options, table, peer, backend, turn):
    """5,000 active clients beside 5,000 idle ones."""
    with Server(peer, options, backend) as server, contextlib.ExitStack() as idle:
        for _ in range(5000):
            idle.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        table.add(what="many", turn=turn, cell="c10k", server=peer.name, **run(options, server, ({1}, 5000, 1, 32, [])))


def measure_workers(options, table, backend, turn):
    """One worker and two, server and load on both cores."""
    for workers in ("1", "2"):
        peer = peers.Peer(f"{workers} worker(s)", peers.EVENT.command + ["--workers", workers], "upper")
        with Server(peer, options, backend, cores={0, 1}) as server:
            table.add(what="workers", turn=turn, cell="workers", server=peer.name,
                      **run(options, server, ({0, 1}, 64, 16, 32, [])))


def measure_start(options, table, turn):
    """From exec to the ready line, and resident memory then."""
    for name, folder in (("echo-server", options.echo), ("echo-server, static with musl", options.musl)):
        path = f"{folder}/echo-server"
        if not folder or not os.path.exists(path):
            continue
        begun = time.monotonic()
        process = subprocess.Popen([path, "--model", "event", "-4", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        process.stdout.readline()
        ready = time.monotonic() - begun
        with open(f"/proc/{process.pid}/status") as file:
            resident = next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
        process.terminate()
        process.wait()
        stripped = f"{tempfile.gettempdir()}/echo-bench-{os.getpid()}"
        subprocess.run(["strip", "-o", stripped, path], check=True)
        table.add(what="start", turn=turn, cell="start", server=name, bytes=os.path.getsize(stripped), seconds=ready, rate=resident)
        os.remove(stripped)


def measure_client(options, table, source, turn):
    """The pipe form: half a gigabyte through echo-client and the event server, each on its core."""
    source.seek(0)
    while source.read(1 << 20):  # into the page cache, where a system takes it out again
        pass
    source.seek(0)
    with Server(peers.EVENT, options, 0) as server, open(os.devnull, "wb") as taken:
        before, started = server.group.cpu(), time.monotonic()
        process = subprocess.Popen([f"{options.echo}/echo-client", "-m", "upper", "127.0.0.1", str(server.port)], stdin=source,
                                   stdout=taken, preexec_fn=lambda: os.sched_setaffinity(0, {1}))
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        took, n = time.monotonic() - started, os.fstat(source.fileno()).st_size
        table.add(what="client", turn=turn, cell="pipe", server="echo-client, pipe form", rate=n / took, bytes=n, seconds=took,
                  cpu=(server.group.cpu() - before) * 1e9 / n, load_cpu=(usage.ru_utime + usage.ru_stime) * 1e9 / n,
                  note="" if status == 0 else "failed")


def make_source():
    """Half a gigabyte of lines, in a file that has no name."""
    file, line = tempfile.TemporaryFile(), bytes(range(32, 127)) * 11 + b"\n"
    for _ in range(512 * 1024):
        file.write(line)
    file.flush()
    return file


def wanted(chosen, name):
    return not chosen or name in chosen


def measure_cells(options, table, servers, reference, turn):
    for cell in CELLS:
        if not wanted(options.cell, cell):
            continue
        able = [server for server in servers if cell not in server.peer.without]
        able = able[turn % max(len(able), 1):] + able[:turn % max(len(able), 1)]
        for i, server in enumerate(able):
            if i % BETWEEN == 0:
                table.add(what="cell", turn=turn, cell=cell, server=reference.peer.name, **run(options, reference, CELLS[cell]))
            table.add(what="cell", turn=turn, cell=cell, server=server.peer.name, **run(options, server, CELLS[cell]))
        print(f"turn {turn + 1} of {options.pairs}: {cell}", file=sys.stderr)


def cross_check(options, table, servers, turn):
    """The same server and cell under both generators."""
    for cell in ("c64", "c64d16"):
        for server in servers:
            if server.peer.name != peers.EVENT.name:
                continue
            table.add(what="check", turn=turn, cell=cell, server="echo-client", **run(options, server, CELLS[cell]))
            kind, server.peer.kind = server.peer.kind, ("x" * 31 + "\n", "X" * 31 + "\n")
            table.add(what="check", turn=turn, cell=cell, server="fixed_load", **run(options, server, CELLS[cell]))
            server.peer.kind = kind


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--echo", required=True)
    parser.add_argument("--bench", required=True)
    parser.add_argument("--musl", default="")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.8)
    parser.add_argument("--cell", action="append", choices=list(CELLS) + MORE_CELLS)
    parser.add_argument("--peer", action="append", choices=[peer.name for peer in peers.PEERS])
    parser.add_argument("out")
    options = parser.parse_args()
    if not os.path.exists(f"{options.bench}/bare_epoll") or not os.path.exists(f"{options.echo}/echo-client"):
        sys.exit(f"bench: no bare_epoll in {options.bench} or no echo-client in {options.echo}; ci/bench.sh builds them")
    if os.cpu_count() < 2:
        sys.exit("bench: needs two cores, one for the server and one for the load")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    table, servers, source = Table(options.out), [], make_source()
    reference = Server(peers.REFERENCE, options, 0)
    chosen = [peer for peer in peers.PEERS if wanted(options.peer, peer.name)]
    try:
        for peer in list(chosen):
            program = peer.command[0].format(bench=options.bench, echo=options.echo)
            if not shutil.which(program):
                print(f"SKIPPED {peer.name}: {program} is not there", file=sys.stderr)
                chosen.remove(peer)
                continue
            servers.append(Server(peer, options, reference.port))
        for turn in range(options.pairs):
            measure_cells(options, table, servers, reference, turn)
            if wanted(options.cell, "check"):
                cross_check(options, table, servers, turn)
            if wanted(options.cell, "start"):
                measure_start(options, table, turn)
            if wanted(options.cell, "workers"):
                measure_workers(options, table, reference.port, turn)
            if wanted(options.cell, "pipe"):
                measure_client(options, table, source, turn)
            if wanted(options.cell, "c10k"):
                for peer in (peers.REFERENCE, peers.EVENT):
                    measure_many(options, table, peer, reference.port, turn)
        if wanted(options.cell, "idle"):
            for peer in [peers.REFERENCE] + chosen:
                if "idle" not in peer.without:
                    measure_idle(options, table, peer, reference.port, 0)
    finally:
        for server in servers + [reference]:
            server.end()


main()
