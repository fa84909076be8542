#!/usr/bin/env python3
"""Fails when the documentation names a file or a heading that does not exist: in links, and in paths
between backticks such as `src/api/gate.c`; when it names something of the code that does not, such as
`lb_call_read`; and when its start page lacks a document. Links to other hosts are not followed."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:bench|docs|fuzz|packaging|script|src|tests|web)/[a-z0-9_@./-]+)[` ]")
NAME = re.compile(r"`(lb_\w+|LB_\w+)`")
BLOCK = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


def words_of_code():
    return {word for folder in ("src", "tests") for path in (ROOT / folder).rglob("*.[ch]")
            for word in re.findall(r"\w+", path.read_text())}


CODE = words_of_code()


def anchors(path):
    """The anchors of a file's headings, as GitHub makes them."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
            for heading in HEADING.findall(BLOCK.sub("", path.read_text()))}


def problems(path):
    text = BLOCK.sub("", path.read_text())
    for link in LINK.findall(re.sub(r"`[^`\n]+`", "", text)):
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        if not re.match(r"[a-z]+:", link):
            if not target.exists() or (anchor and anchor not in anchors(target)):
                yield f"{path.relative_to(ROOT)}: the link {link} leads nowhere: no such file or heading"
    if path.name != "CHANGELOG.md":  # which tells of files that are gone
        for name in PATH.findall(text):
            if not (ROOT / name).exists():
                yield f"{path.relative_to(ROOT)}: {name} does not exist"
        for name in set(NAME.findall(text)) - CODE:
            yield f"{path.relative_to(ROOT)}: {name} is nowhere in src and tests"


def unlisted():
    """docs/README.md is the start page: a page that it does not name is found by the search alone."""
    named = {link.partition("#")[0] for link in LINK.findall((ROOT / "docs/README.md").read_text())}
    for path in sorted((ROOT / "docs").glob("*.md")):
        if path.name not in named | {"README.md"}:
            yield f"docs/README.md: {path.name} is not on it: add a link to it"


listed = subprocess.check_output(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
                                 cwd=ROOT, text=True)
found = [problem for name in listed.split() if (ROOT / name).exists() for problem in problems(ROOT / name)]
found += unlisted()
print(*found, sep="\n", end="\n" if found else "")
sys.exit(bool(found))
