"""Makes tables and plots of what bench.py measured.

usage: report.py FOLDER DOCUMENT

FOLDER holds raw.tsv, engine.txt (line_bench's output) and machine.txt; the plots go there, too. In DOCUMENT the text
between "<!-- tables -->" and "<!-- end -->" is replaced.
"""
import collections
import csv
import statistics
import subprocess
import sys

import peers

REFERENCE, OURS = peers.REFERENCE.name, peers.EVENT.name
ROUND_TRIPS = {"c1": "1, on the load's core", "c64": "64", "c64d16": "64, 16 in flight", "c1000": "1000",
               "c1000d16": "1000, 16 in flight"}
BULK = {"b64": "lines of 64 B", "b1k": "1 KiB", "b64k": "64 KiB"}

if len(sys.argv) != 3:
    sys.exit(__doc__.strip())
folder, document = sys.argv[1:]
with open(f"{folder}/raw.tsv") as file:
    rows = list(csv.DictReader(file, delimiter="\t"))
for row in rows:
    for name in ("rate", "bytes", "seconds", "cpu", "load_cpu", "p50", "p99"):
        row[name] = float(row[name]) if row[name] else None


def median(values):
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None


def of(what, cell):
    """By server, its good rows, each with the run of the reference just before it."""
    found, failed, before = collections.defaultdict(list), {}, None
    for row in rows:
        if row["what"] != what or row["cell"] != cell:
            continue
        if row["server"] == REFERENCE:
            before = row
        if row["note"]:
            failed[row["server"]] = row["note"]
        else:
            found[row["server"]].append((row, before))
    return found, failed


def ratio(pairs, name):
    return median([row[name] / before[name] for row, before in pairs])


def table(head, body):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(line) + " |" for line in body]) + "\n"


def shown(value, form):
    return "" if value is None else form.format(value)


def cell_table(cells, unit, columns):
    """A row for each server, and for each cell the columns: (heading, function of its pairs)."""
    data = {cell: of("cell", cell) for cell in cells}
    names = [peers.REFERENCE.name] + [peer.name for peer in peers.PEERS]
    head = [unit] + [f"{text}: {name}" if text else name for cell, text in cells.items() for name, _ in columns]
    body = []
    for name in names:
        line = []
        for cell in cells:
            found, failed = data[cell]
            if name in failed and len(failed) and name not in found:
                line += [failed[name]] + [""] * (len(columns) - 1)
            else:
                line += [function(found[name]) if found.get(name) else "" for _, function in columns]
        if any(line):
            body.append([name] + line)
    return table(head, body)


def mean_each(name, scale, form):
    return lambda pairs: shown(median([row[name] * scale for row, _ in pairs if row[name] is not None]), form)


def x(name):
    return lambda pairs: shown(ratio(pairs, name), "{:.2f}")


def per_gb(pairs):
    return shown(median([row["cpu"] / row["bytes"] * 1e9 for row, _ in pairs]), "{:.3f}")


def mb_per_second(pairs):
    return shown(median([row["rate"] * row["bytes"] / 1e6 for row, _ in pairs]), "{:.0f}")


def round_trips():
    out = "### Round trips of 32 bytes: CPU of the server, microseconds per message, and its ratio to the reference\n\n"
    out += cell_table(ROUND_TRIPS, "connections", [("us", mean_each("cpu", 1e6, "{:.3g}")), ("x", x("cpu"))])
    out += "\n### Round trips: thousand messages per second, and the ratio\n\n"
    out += cell_table(ROUND_TRIPS, "connections", [("k/s", mean_each("rate", 1e-3, "{:.4g}")), ("x", x("rate"))])
    out += "\n### Round trips: latency, microseconds\n\n"
    return out + cell_table(ROUND_TRIPS, "connections", [("p50", mean_each("p50", 1e3, "{:.0f}")),
                                                         ("p99", mean_each("p99", 1e3, "{:.0f}"))])


def bulk():
    out = "### Bulk, 4 connections with 256 KiB in flight on each: MB/s echoed and checked, CPU seconds per GB, ratios\n\n"
    return out + cell_table(BULK, "", [("MB/s", mb_per_second), ("x", x("rate")), ("s/GB", per_gb), ("x CPU", x("cpu"))])


def churn():
    out = "### Connect, echo a line, close; 16 at once\n\n"
    return out + cell_table({"churn": ""}, "", [("connections/s", mean_each("rate", 1, "{:.0f}")), ("x", x("rate")),
                                                ("CPU us each", mean_each("cpu", 1e6, "{:.3g}")), ("x CPU", x("cpu"))])


def simple(what, head, line):
    groups = collections.OrderedDict()
    for row in rows:
        if row["what"] == what:
            groups.setdefault((row["cell"], row["server"]), []).append(row)
    return table(head, [line(key, group) for key, group in groups.items()])


def rest():
    def m(group, name, scale=1.0, form="{:.0f}"):
        return shown(median([row[name] * scale for row in group if row[name] is not None]), form)
    out = "\n### Idle connections, each after one echo\n\n"
    out += simple("idle", ["server", "connections", "bytes each", "base, kB", "idle CPU, %", ""], lambda key, g: [
        key[1], m(g, "rate"), m(g, "bytes"), m(g, "seconds"), m(g, "cpu", 100, "{:.1f}"), g[0]["note"]])
    out += ("\nMemory is proportional set size, of all processes; for servers with a process for each client "
            "200 connections were made.\n\n### 5,000 active connections beside 5,000 idle ones\n\n")
    out += simple("many", ["server", "k/s", "CPU us", "p50 ms", "p99 ms"], lambda key, g: [
        key[1], m(g, "rate", 1e-3, "{:.1f}"), m(g, "cpu", 1e6, "{:.3g}"), m(g, "p50", 1, "{:.1f}"), m(g, "p99", 1, "{:.1f}")])
    out += "\n### Workers: 64 connections, 16 in flight; server and load share both cores\n\n"
    out += simple("workers", ["", "k/s", "server CPU us", "load CPU us"], lambda key, g: [
        key[1], m(g, "rate", 1e-3, "{:.0f}"), m(g, "cpu", 1e6, "{:.3g}"), m(g, "load_cpu", 1e6, "{:.3g}")])
    out += "\n### The client's pipe form, one connection\n\n"
    out += simple("client", ["", "MB/s", "its CPU, s/GB", "the server's, s/GB"], lambda key, g: [
        key[1], m(g, "rate", 1e-6), m(g, "load_cpu", 1, "{:.3f}"), m(g, "cpu", 1, "{:.3f}")])
    out += "\n### Size and start\n\n"
    out += simple("start", ["", "stripped, kB", "resident at start, kB", "exec to ready line, ms"], lambda key, g: [
        key[1], m(g, "bytes", 1e-3), m(g, "rate"), m(g, "seconds", 1e3, "{:.2f}")])
    out += "\n### The same cell under two generators: echo-server, event\n\n"
    return out + simple("check", ["", "k/s", "server CPU us", "load CPU us"], lambda key, g: [
        f"{ROUND_TRIPS[key[0]]}: {key[1]}", m(g, "rate", 1e-3, "{:.4g}"), m(g, "cpu", 1e6, "{:.3g}"), m(g, "load_cpu", 1e6, "{:.3g}")])


def plot(name, title, cells, value, label):
    """Bars for each server, a colour for each cell."""
    data = {cell: of("cell", cell)[0] for cell in cells}
    cells = {cell: text for cell, text in cells.items() if data[cell]}
    lines = []
    for server in [peers.REFERENCE.name] + [peer.name for peer in peers.PEERS]:
        values = [str(value(data[cell][server])) if data[cell].get(server) else "NaN" for cell in cells]
        if set(values) - {"NaN"}:
            lines.append(f'"{server}" ' + " ".join(values))
    series = ", ".join(f'$data using {i + 2}:xtic(1) title "{text}"' for i, text in enumerate(cells.values()))
    if lines:
        gnuplot(name, "$data << end\n" + "\n".join(lines) + f'\nend\nset title "{title}"; set ylabel "{label}"; '
                "set style data histogram; set style histogram cluster gap 1; set style fill solid 0.8; "
                "set xtics rotate by -40; set logscale y; set grid y; set key outside top; set bmargin 10; set rmargin 8\n"
                f"plot {series}\n")


def gnuplot(name, script):
    head = f'set terminal svg size 1000,520 font "sans-serif,12" background rgb "white"; set output "{folder}/{name}.svg"\n'
    subprocess.run(["gnuplot"], input=head + script, text=True, check=True)


def engine():
    with open(f"{folder}/engine.txt") as file:
        text = file.read()
    lines = [line for line in text.splitlines() if line.startswith("lines of")]
    points = [(line.split()[2], line.split()[-6:]) for line in lines]
    series = ["memcpy", "memchr", "plain loop", "verbatim", "upper"]
    data = "\n".join(f"{length} " + " ".join(values[:5]) for length, values in points)
    gnuplot("engine", f"$data << end\n{data}\nend\n" 'set title "The line engine, ordinary text"; set xlabel "bytes in a line"; set ylabel "GB/s"; set logscale x 2;'
                      "set yrange [0:*]; set grid; set key bottom right\nplot "
                      + ", ".join(f'$data using 1:{i + 2} with linespoints title "{name}"' for i, name in enumerate(series))
                      + "\n")
    return "\n### The line engine (`line_bench`)\n\n```\n" + text.strip() + "\n```\n"


plot("round-trips", "CPU of the server per message (lower is better)", {c: ROUND_TRIPS[c] for c in ("c64", "c64d16", "c1000")},
     lambda pairs: median([row["cpu"] * 1e6 for row, _ in pairs]), "microseconds")
plot("bulk", "Bulk, echoed and checked (higher is better)", BULK,
     lambda pairs: median([row["rate"] * row["bytes"] / 1e6 for row, _ in pairs]), "MB/s")
with open(f"{folder}/machine.txt") as file:
    machine = file.read()
tables = f"\n{machine}\n{round_trips()}\n{bulk()}\n{churn()}{rest()}{engine()}\n"
with open(document) as file:
    before, _, after = file.read().partition("<!-- tables -->")
with open(document, "w") as file:
    file.write(before + "<!-- tables -->" + tables + "<!-- end -->" + after.partition("<!-- end -->")[2])
