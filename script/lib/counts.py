"""How many tests passed, failed and were skipped, from what a suite left behind.

meson   meson-logs/NAME.json; cmocka's lines are counted one by one
text    the output of pytest or of a program that ends with "N passed, N failed"
node    the output of node's test runner
"""
import json
import re


def count_meson(path):
    passed = failed = skipped = 0
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            test = json.loads(line)
            text = (test.get("stdout") or "") + "\n" + (test.get("stderr") or "")
            ok = len(re.findall(r"^\[ +OK \] \w", text, re.M))
            bad = len(re.findall(r"^\[ +RUN +\] (\w+)", text, re.M)) - ok
            out = len(re.findall(r"^\[ +SKIPPED +\] \w+\s*$", text, re.M))
            if test["result"] in ("OK", "EXPECTEDFAIL"):
                # A test that is no cmocka program counts as one; a skipped one is never "failed".
                passed += ok or (0 if out else 1)
                skipped += out
            elif test["result"] == "SKIP":
                skipped += 1
            else:
                # A crash or a leak report fails the program though its tests may have passed.
                passed += ok
                failed += max(1, bad - out)
                skipped += out
    return passed, failed, skipped


def count_text(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        lines = file.read().splitlines()
    words = {"passed": 0, "failed": 1, "error": 1, "errors": 1, "skipped": 2, "xfailed": 0}
    for line in reversed(lines):
        found = re.findall(r"(\d+) (passed|failed|errors?|skipped|xfailed)\b", line)
        if found:
            counts = [0, 0, 0]
            for number, word in found:
                counts[words[word]] += int(number)
            return tuple(counts)
    return 0, 0, 0


def count_node(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        text = file.read()
    words = {"pass": 0, "fail": 1, "cancelled": 1, "skipped": 2, "todo": 2}
    counts = [0, 0, 0]
    # The sum is at the end; what a test prints comes before it.
    sums = {word: int(number) for word, number in
            re.findall(r"^(?:#|\u2139) (pass|fail|cancelled|skipped|todo) (\d+)$", text, re.M)}
    for word, number in sums.items():
        counts[words[word]] += number
    return tuple(counts)
