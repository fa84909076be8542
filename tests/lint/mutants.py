#!/usr/bin/env python3
"""Fails when a seeded mistake does not fit the code of today: tests/lint/mutants.py -- FLAG...

A patch that applies, but a few lines away, can be in another function than it was made for: so what it
makes of each file in C must compile, too, with the compiler's flags that are given."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILES = re.compile(r"^\+\+\+ b/(\S+)", re.MULTILINE)


def fault(patch, flags):
    """What is wrong with a patch, or nothing."""
    with tempfile.TemporaryDirectory(prefix="leadblock-lint-") as folder:
        files = FILES.findall(patch.read_text())
        for name in files:
            if (ROOT / name).exists():
                (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, Path(folder) / name)
        applied = subprocess.run(["patch", "-p1", "--fuzz=0", "--force", "--silent", "-d", folder, "-i", patch],
                                 capture_output=True, text=True, check=False)
        if applied.returncode:
            return "does not apply any more"
        for name in files:
            if not name.endswith(".c") or not name.startswith("src/"):
                continue
            command = ["gcc", f"-I{folder}/src", *flags, "-w", "-fsyntax-only", f"{folder}/{name}"]
            compiled = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            if compiled.returncode:
                return f"does not compile any more\n{compiled.stderr.replace(folder + '/', '')}".rstrip()
    return ""


def main(flags):
    patches = sorted((ROOT / "tests" / "mutants").glob("*.patch"))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        faults = list(pool.map(lambda patch: fault(patch, flags), patches))
    wrong = [(patch, text) for patch, text in zip(patches, faults) if text]
    for patch, text in wrong:
        print(f"{patch.relative_to(ROOT)}: {text}")
    if wrong:
        print("lint: make the same mistake in the code of today: CONTRIBUTING.md, 'A seeded mistake'")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:]))
