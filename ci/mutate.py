"""Mutation testing: makes small changes to the pure sources, one at a time, and sees whether the tests notice.

usage: mutate.py [--all] [--part K/N] [--jobs N] [--only SUBSTRING] [--list]

For each file below every mutant is compiled and the file's tests are run, fastest first, until one fails. A mutant that all
tests pass is a survivor, unless ci/equivalents.txt names it as equivalent, with a reason. Prints survivors with file and line,
and a score per file; exits with 1 if a score is below its gate, or if an equivalent is named that no longer exists or is in
fact killed.
"""
import argparse
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# source: (least score in per cent, tests that must notice; each a main and what it links)
ENGINE = ["src/engine/line.c"]
CONNECTION = ["src/connection/connection.c"]
COMPARE = ["src/connection/compare.c"]
LEDGER = ["src/connection/ledger.c", *COMPARE]
PROXY = ["src/connection/proxy.c"]
LOOPS = ["src/loop/deadlines.c", "src/loop/event.c", "src/loop/iterative.c", "src/loop/serve.c"]
SUPPORT = ["tests/support/drive.c", "tests/support/model.c", "tests/support/vectors.c", "src/program/vectors.c"]
TESTS = {
    "line_vectors": ["tests/test_line_vectors.c", *ENGINE, *SUPPORT],
    "line_exhaustive": ["tests/test_line_exhaustive.c", *ENGINE, *SUPPORT],
    "connection": ["tests/test_connection.c", *CONNECTION, *ENGINE, *SUPPORT],
    "proxy": ["tests/test_proxy.c", "tests/support/proxy_model.c", "tests/support/proxy_vectors.c", "src/program/vectors.c", *PROXY,
              *ENGINE],
    "deadlines": ["tests/test_deadlines.c", "src/loop/deadlines.c"],
    "histogram": ["tests/test_histogram.c", "src/loop/histogram.c"],
    "loop": ["fuzz/fuzz_loop.c", "fuzz/replay_main.c", "tests/support/model.c", *LOOPS, *PROXY, *CONNECTION, *ENGINE],
    "connection_random": ["fuzz/fuzz_connection.c", "fuzz/replay_main.c", "tests/support/model.c", *CONNECTION, *ENGINE],
    "compare": ["tests/test_compare.c", *COMPARE, *ENGINE],
    "payload": ["tests/test_payload.c", "src/connection/payload.c", *COMPARE, *ENGINE],
    "ledger": ["tests/test_ledger.c", "tests/support/judge.c", *LEDGER, *ENGINE, *SUPPORT],
}
FREESTANDING = {"line_freestanding"}  # these get the mutated file as a microcontroller does
TESTS["line_freestanding"] = TESTS["line_vectors"]
FILES = {
    "src/engine/line.c": (100, ["line_vectors", "line_freestanding", "line_exhaustive"]),
    "src/connection/connection.c": (95, ["connection", "connection_random"]),
    "src/connection/compare.c": (95, ["compare", "ledger"]),
    "src/connection/ledger.c": (95, ["ledger"]),
    "src/connection/payload.c": (95, ["payload"]),
    "src/connection/proxy.c": (95, ["proxy"]),
    "src/loop/histogram.c": (95, ["histogram"]),
    "src/loop/deadlines.c": (100, ["deadlines"]),
    "src/loop/serve.c": (85, ["loop"]),
    "src/loop/event.c": (80, ["loop"]),
    "src/loop/iterative.c": (75, ["loop"]),
}
SLOW = {"src/loop/serve.c", "src/loop/event.c", "src/loop/iterative.c", "src/loop/histogram.c", "src/connection/compare.c",
        "src/connection/ledger.c", "src/connection/payload.c", "src/connection/proxy.c"}
# A fuzz target with the replay driver is a test like others, on inputs made at random from the seeds in {corpus}.
ARGUMENTS = {
    "loop": ["-random=300000", "{corpus}/loop"],
    "connection_random": ["-random=300000", "{corpus}/connection"],
}
CC = ["cc", "-std=c17", "-O1", "-w", "-D_GNU_SOURCE", "-Iinclude", "-Isrc", "-Itests", "-Ifuzz",
      '-DVECTORS="' + ROOT + '/tests/vectors/sessions.tsv"', '-DPROXY_VECTORS="' + ROOT + '/tests/vectors/proxy.tsv"']
# A mutant that reads where it may not is caught in the act; but not in the longest test, which has it run 3 times as long.
SANITIZE, UNSANITIZED = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"], {"line_exhaustive"}
BUILD_SECONDS, TEST_SECONDS = 60, {"line_exhaustive": 60}

TOKEN = re.compile(r"""
      (?P<comment>/\*.*?\*/|//[^\n]*)
    | (?P<preprocessor>^[ \t]*\#[^\n]*)
    | (?P<string>"(?:\\.|[^"\\])*")
    | (?P<char>'(?:\\.|[^'\\])+')
    | (?P<number>\b(?:0x[0-9A-Fa-f]+|\d+)\b)
    | (?P<word>\b[A-Za-z_]\w*\b)
    | (?P<operator><<=|>>=|\+\+|--|->|<<|>>|<=|>=|==|!=|&&|\|\||\+=|-=|\|=|&=|[-+*/%&|^~!<>=?:;,.(){}\[\]])
""", re.X | re.M | re.S)

SWAPS = {
    "<": ["<=", ">="], ">": [">=", "<="], "<=": ["<", ">"], ">=": [">", "<"], "==": ["!="], "!=": ["=="],
    "&&": ["||"], "||": ["&&"], "+": ["-"], "-": ["+"], "++": ["--"], "+=": ["-=", "="], "-=": ["+=", "="],
    "|": ["&"], "&": ["|"], "^": ["|"], "<<": [">>"], "|=": ["="], "!": [""],
}


def tokens(text):
    for match in TOKEN.finditer(text):
        kind = match.lastgroup
        if kind not in ("comment", "preprocessor", "string"):
            yield kind, match.group(), match.start(), match.end()


def matching(stream, i):
    """The index of the parenthesis that closes the one at i."""
    depth = 0
    for j in range(i, len(stream)):
        depth += {"(": 1, ")": -1}.get(stream[j][1], 0)
        if depth == 0:
            return j
    raise ValueError("unbalanced")


def binary(stream, i):
    """Whether the operator at i stands between two operands."""
    kind, text, *_ = stream[i - 1]
    return kind in ("number", "char") or text in (")", "]") or (kind == "word" and text not in ("return", "case"))


def type_name(stream, i):
    """Whether the & | * < > at i may belong to a type or a declaration instead."""
    return stream[i - 1][1] in ("uint8_t", "const", "char", "struct", "void")


def mutants(text):
    """(start, end, replacement, what) for every mutant of a source."""
    stream = list(tokens(text))
    depth = 0
    for i, (kind, token, start, end) in enumerate(stream):
        if token in "{}" and kind == "operator":
            depth += 1 if token == "{" else -1
        if depth == 0:
            continue  # declarations
        if kind == "operator" and token in SWAPS and not type_name(stream, i):
            if token in ("+", "-", "&", "|", "<", ">") and not binary(stream, i):
                continue
            for other in SWAPS[token]:
                yield start, end, other, f"{token} to {other or 'nothing'}"
        elif kind == "number":
            value = int(token, 0)
            yield start, end, str(value + 1), f"{token} to {value + 1}"
        elif kind == "char" and len(token) == 3:
            yield start, end, f"'{chr(ord(token[1]) + 1)}'", f"{token} to the next"
        elif kind == "char":
            yield start, end, "'!'", f"{token} to '!'"
        elif kind == "word" and token in ("true", "false"):
            other = "false" if token == "true" else "true"
            yield start, end, other, f"{token} to {other}"
        elif kind == "word" and token in ("if", "while") and stream[i + 1][1] == "(":
            close = matching(stream, i + 1)
            inner = text[stream[i + 1][3]:stream[close][2]]
            yield stream[i + 1][2], stream[close][3], f"(!({inner}))", f"{token} negated"
        elif kind == "word" and token in ("return", "break", "continue") and stream[i + 1][1] == ";":
            yield start, stream[i + 1][3], ";", f"{token} dropped"
        elif kind == "operator" and token == "?":
            # cond ? a : b, with cond back to the nearest opening
            yield start, end, "&& 0 ?", "the second branch always"
        # A statement: from after ; { } or ) to the next ;
        if kind in ("word", "operator") and i > 0 and stream[i - 1][1] in (";", "{", "}", ")", "else", "do") \
                and (kind == "word" and token not in ("if", "else", "for", "while", "do", "return", "break", "continue",
                                                      "switch", "case", "default", "const", "static", "struct", "enum",
                                                      "size_t", "bool", "uint8_t", "uint64_t", "unsigned", "int", "map_fn")
                     or token == "*") \
                and statement_follows(stream, i):
            j = i
            while stream[j][1] not in (";", "{", "}"):
                j += 1
            if stream[j][1] == ";":
                yield start, stream[j][3], ";", "statement dropped"


def statement_follows(stream, i):
    """Whether what begins at i assigns or calls, and is not the inside of a for or a declaration."""
    if stream[i - 1][1] == ")":  # after if (...), not after a cast or inside an expression
        depth, j = 0, i - 1
        while True:
            depth += {")": 1, "(": -1}.get(stream[j][1], 0)
            if depth == 0:
                break
            j -= 1
        if stream[j - 1][1] not in ("if", "for", "while"):
            return False
    if stream[i - 1][1] == ";":  # not the second part of a for (;;)
        depth = 0
        for j in range(i - 1, max(i - 40, 0), -1):
            depth += {")": 1, "(": -1}.get(stream[j][1], 0)
            if depth < 0:
                return False
    j = i
    while stream[j][1] not in (";", "{", "}"):
        if stream[j][1] in ("=", "+=", "-=", "|=", "++", "--", "("):
            return True
        j += 1
    return False


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def line_text(text, at):
    begin = text.rfind("\n", 0, at) + 1
    return text[begin:text.find("\n", at)].strip()


def build_objects(folder):
    """Everything but the mutated file, compiled once with and once without sanitizers: {(source, sanitized): object}."""
    objects = {}
    maker = os.path.join(folder, "make_corpus")
    subprocess.run([*CC, "fuzz/make_corpus.c", "tests/support/vectors.c", "tests/support/proxy_vectors.c", "src/program/vectors.c", *ENGINE, "-o", maker], cwd=ROOT, check=True)
    subprocess.run([maker, "tests/vectors/sessions.tsv", "tests/vectors/proxy.tsv", os.path.join(folder, "corpus")], cwd=ROOT, check=True)
    for source in sorted({s for parts in TESTS.values() for s in parts}):
        for sanitized in (False, True):
            name = os.path.join(folder, source.replace("/", "_") + (".san.o" if sanitized else ".o"))
            subprocess.run([*CC, *(SANITIZE if sanitized else []), "-c", source, "-o", name], cwd=ROOT, check=True)
            objects[source, sanitized] = name
    return objects


def notices(command, folder, seconds):
    """Whether a test fails or hangs. It is over with the first failure that it tells: the others make no difference."""
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as test:
        limit = threading.Timer(seconds, test.kill)
        limit.start()
        for line in test.stderr:
            if b"FAILED" in line:
                test.kill()
        status = test.wait()
        limit.cancel()
        return status != 0


def run_mutant(job):
    folder, objects, source, text, mutant = job
    start, end, replacement, what = mutant
    work = tempfile.mkdtemp(dir=folder)
    try:
        changed = os.path.join(work, os.path.basename(source))
        with open(changed, "w") as file:
            file.write(text[:start] + replacement + text[end:])
        mutated = os.path.join(work, "mutated.o")
        include = "-I" + os.path.join(ROOT, os.path.dirname(source))
        for test in FILES[source][1]:
            sanitize = [] if test in UNSANITIZED else SANITIZE
            flags = ["-ffreestanding", "-Os"] if test in FREESTANDING else []
            if subprocess.run([*CC, *sanitize, *flags, include, "-c", changed, "-o", mutated], cwd=ROOT,
                              stderr=subprocess.DEVNULL, timeout=BUILD_SECONDS).returncode != 0:
                return "invalid"
            binary_path = os.path.join(work, test)
            parts = [mutated if s == source else objects[s, bool(sanitize)] for s in TESTS[test]]
            subprocess.run(["cc", *sanitize, *parts, "-lcmocka", "-o", binary_path], cwd=ROOT, check=True)
            arguments = [a.format(corpus=os.path.join(folder, "corpus")) for a in ARGUMENTS.get(test, [])]
            if notices([binary_path, *arguments], work, TEST_SECONDS.get(test, 10)):
                return "killed"
        return "survived"
    finally:
        shutil.rmtree(work)


def read_equivalents():
    """{(file, line text, mutation): reason}"""
    equivalents = {}
    with open(os.path.join(ROOT, "ci", "equivalents.txt")) as file:
        for number, line in enumerate(file, 1):
            if not line.strip() or line.startswith("#"):
                continue
            parts = [part.strip() for part in line.split(" @@ ")]
            if len(parts) != 4 or not parts[3]:
                sys.exit(f"ci/equivalents.txt:{number}: file @@ line @@ mutation @@ reason")
            equivalents[tuple(parts[:3])] = parts[3]
    return equivalents


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--part", default="0/1", help="K/N: of each file's mutants every N-th, from number K")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--all", action="store_true", help="the client's verifier, the loops and what measures, too, and whether equivalents are; takes four times as long")
    parser.add_argument("--only", default="", help="only files whose name holds this")
    parser.add_argument("--list", action="store_true", help="print the mutants and stop")
    options = parser.parse_args()
    if not re.fullmatch(r"\d+/[1-9]\d*", options.part):
        parser.error(f"--part {options.part}: K/N, as 0/4")
    part, parts = (int(number) for number in options.part.split("/"))
    equivalents = read_equivalents()
    failed = False
    folder = tempfile.mkdtemp()
    try:
        objects = {} if options.list else build_objects(folder)
        for source, (gate, _) in FILES.items():
            if options.only not in source or (source in SLOW and not options.all and not options.only):
                continue
            with open(os.path.join(ROOT, source)) as file:
                text = file.read()
            all_mutants = list(mutants(text))
            keys = [(source, line_text(text, m[0]), m[3]) for m in all_mutants]
            if options.list:
                for m, key in zip(all_mutants, keys):
                    print(f"{source}:{line_of(text, m[0])}: {m[3]}: {key[1]}")
                continue
            if run_mutant((folder, objects, source, text, (0, 0, "", "none"))) != "survived":
                sys.exit(f"{source}: its tests fail as it stands, so they would kill anything")
            # Those named as equivalent pass every test, so they take longest: they are left to the night.
            thorough = options.all or options.only

            def judge(number, mutant, key):
                if number % parts != part:
                    return "left out"
                return run_mutant((folder, objects, source, text, mutant)) if thorough or key not in equivalents else "survived"

            with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
                results = list(pool.map(judge, range(len(keys)), all_mutants, keys))
            killed = survived = equal = 0
            used = set()
            for m, key, result in zip(all_mutants, keys, results):
                if result == "killed":
                    killed += 1
                elif result == "survived" and key in equivalents:
                    equal += 1
                    used.add(key)
                elif result == "left out":
                    used.add(key)
                elif result == "survived":
                    survived += 1
                    print(f"SURVIVED {source}:{line_of(text, m[0])}: {m[3]}: {key[1]}")
            for key in equivalents:
                if key[0] == source and key not in used:
                    print(f"named as equivalent, but killed or gone: {' @@ '.join(key)}")
                    failed = True
            score = 100 * killed / max(killed + survived, 1)
            print(f"{source}: {killed} of {killed + survived} mutants killed, {score:.1f} % (gate {gate} %), "
                  f"{equal} equivalent, {results.count('left out')} left out", flush=True)
            failed |= score < gate or killed == 0
    finally:
        shutil.rmtree(folder)
    sys.exit(1 if failed else 0)


main()
