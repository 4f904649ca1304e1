"""Checks that what echo-client --json prints is what docs/results.schema.json says, and that its numbers agree.

usage: results.py SCHEMA ECHO_CLIENT ECHO_SERVER LIAR    exits with 77 where python3-jsonschema is not installed
"""
import json
import os
import subprocess
import sys

try:
    import jsonschema
except ImportError:
    print("SKIPPED: python3-jsonschema is not installed")
    sys.exit(1 if os.environ.get("CI") else 77)

schema_path, client, server, liar = sys.argv[1:]
with open(schema_path) as file:
    validator = jsonschema.Draft202012Validator(json.load(file))
validator.check_schema(validator.schema)


def results(command, options):
    """What the client says of the server that the command starts."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = process.stdout.readline().strip().rpartition(":")[2]
            done = subprocess.run([client, "--json", "-W", "500ms", *options, "127.0.0.1:" + port], timeout=100,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        finally:
            process.terminate()
    document = json.loads(done.stdout)
    validator.validate(document)
    assert document["right"] == (done.returncode == 0), (done.returncode, done.stderr)
    assert (done.stderr == "") == document["right"], done.stderr
    return document


def agree(d):
    assert d["sent"] == d["received"] + d["lost"], d
    assert sum(row["lines"] for row in d.get("histogram", [])) in (0, d["received"] + d.get("unsent", 0)), d
    if d["received"]:
        rtt = d["rtt_ms"]
        values = [rtt[name] for name in ("min", "p50", "p90", "p99", "p99.9", "max") if name in rtt]
        assert values == sorted(values) and rtt["min"] <= rtt["avg"] <= rtt["max"], rtt


ours, lie = [server, "--quiet", "--model", "event", "-4", "0"], lambda *words: [liar, *words]

ping = results(ours, ["-c", "5", "-i", "10ms", "--size", "100"])
agree(ping)
assert (ping["kind"], ping["mode"], ping["sent"], ping["received"], ping["size"]) == ("ping", "upper", 5, 5, 100)
assert [e["seq"] for e in ping["events"]] == [1, 2, 3, 4, 5]
times = sorted(e["ms"] for e in ping["events"])
assert (ping["rtt_ms"]["min"], ping["rtt_ms"]["max"]) == (times[0], times[-1])
assert abs(ping["rtt_ms"]["p50"] / times[2] - 1) < 0.001 and abs(ping["rtt_ms"]["avg"] - sum(times) / 5) < 1e-5

load = results(ours, ["--parallel", "20", "--pipeline", "4", "--duration", "300ms"])
agree(load)
assert (load["kind"], load["connections"], load["pipeline"], load["lost"]) == ("load", 20, 4, 0)
assert sum(row["lines"] for row in load["histogram"]) == load["received"] > 0
assert abs(load["messages_per_second"] * load["seconds"] / load["received"] - 1) < 0.001

short = results(ours, ["--parallel", "3", "--pipeline", "2", "--reconnect", "5", "--duration", "300ms"])
agree(short)
assert short["right"] and abs(short["received"] / 5 - short["reconnects"]) <= 6 and short["reconnects"] > 3, short
short = results(ours, ["--parallel", "8", "--reconnect", "1", "--rate", "20000", "--duration", "150ms"])
agree(short)
assert short["right"] and short["lost"] == 0, short
assert results(lie("never-closes"), ["--reconnect", "1", "--duration", "300ms"])["failures"] == {"TIMEOUT": 1}

rate = results(ours, ["--rate", "1000", "--duration", "500ms", "--parallel", "7"])
agree(rate)
assert rate["sent"] + rate["unsent"] == 500 and rate["rate"] == 1000, rate

for words, word in ((("wrong", "200"), "MISMATCH"), (("short", "200"), "SHORT"), (("reset", "200"), "RESET"), (("late",), "TIMEOUT")):
    bad = results(lie(*words), ["-c", "8", "-i", "20ms"])
    agree(bad)
    assert word in bad["failures"] and bad["lost"] > 0, bad
    bad = results(lie(*words), ["--parallel", "3", "--pipeline", "4", "--duration", "100ms"])
    agree(bad)
    assert bad["failures"].get(word, 0) >= 3, bad

good = results(ours, ["--check"])
assert good["failed"] == 0 and good["passed"] + good["skipped"] == len(good["cases"]) > 50
bad = results(lie("no-cr"), ["--check"])
assert bad["failed"] == sum(not case["ok"] for case in bad["cases"]) > 0
assert any(case.get("word") == "MISMATCH" and "CR was left out" in case["message"] for case in bad["cases"])

# The schema itself must refuse what it should.
for change in ({"mode": "loud"}, {"sent": -1}, {"more": 1}, {"failures": {"OOPS": 1}}):
    assert not validator.is_valid({**ping, **change}), change
print("all as the schema says")
