"""Builds the documentation as pages, with the packages that dashboard.py has installed.

usage: documents.py NODE ROOT WORK VERSION STAMP DEPFILE

ROOT is the project's folder, WORK that of dashboard.py. WORK/docs is the result. DEPFILE tells ninja
what the result was made of.
"""
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # the build writes nothing into the sources
from dashboard import run

PAGES = ("README.md", "CHANGELOG.md", "docs")


def sources(root):
    """What is read; docs too, whose time changes when a page comes or goes."""
    pages = sorted(Path(root, "docs").glob("*.md"))
    return [*(Path(root, name) for name in PAGES), Path(root, "docs/bench.svg"), *pages]


def main(node, root, work, version, stamp, depfile):
    made_of = sources(root)
    run("node web/docs/build.mjs", node, "web/docs/build.mjs", root,
        str(Path(work, "docs").resolve()), version, cwd=work)
    names = " ".join(str(path).replace("$", "$$").replace(" ", "\\ ") for path in made_of)
    Path(depfile).write_text(f"{stamp}: {names}\n", encoding="utf-8")
    Path(stamp).touch()


if __name__ == "__main__":
    main(*sys.argv[1:])
