"""Builds the dashboard, in a copy of web/, so that the build writes nothing into the sources.

usage: dashboard.py NPM NODE WEB WORK STAMP DEPFILE

WORK/web is the copy, with the packages of its package-lock.json; they are installed again only when
the lock has changed, so a later build needs no network. WORK/files is the result. DEPFILE tells
ninja what the result was made of.
"""
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

NOT_SOURCES = {"node_modules", "dist"}


def sources(web):
    """Every file and folder of web/: a folder's time changes when a file comes or goes."""
    found = []
    for folder, folders, files in os.walk(web):
        top = Path(folder) == web
        folders[:] = sorted(name for name in folders if not (top and name in NOT_SOURCES))
        if not top:  # which changes when packages are installed for working on the dashboard
            found.append(Path(folder))
        found += [Path(folder, name) for name in sorted(files)]
    return found


def run(what, *command, cwd):
    done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
                          env={**os.environ, "npm_config_update_notifier": "false", "CI": "true"})
    if done.returncode:
        # An address of a registry may hold somebody's password.
        print(re.sub(r"\bhttps?://\S+", "(address)", done.stdout), file=sys.stderr)
        sys.exit(f"{what} failed; -Ddashboard=disabled builds without the dashboard")


def copy(web, to):
    to.mkdir(parents=True, exist_ok=True)
    for old in to.iterdir():
        if old.name in NOT_SOURCES:
            continue
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        else:
            old.unlink()
    for new in web.iterdir():
        if new.name in NOT_SOURCES:
            continue
        if new.is_dir():
            shutil.copytree(new, to / new.name)
        else:
            shutil.copy2(new, to / new.name)


def install(npm, web):
    digest = hashlib.sha256()
    for name in ("package.json", "package-lock.json"):
        digest.update((web / name).read_bytes())
    stamp = web / "node_modules" / ".of-lock"
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    run("npm ci", npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts",
        "--prefer-offline", "--loglevel=error", cwd=web)
    stamp.parent.mkdir(exist_ok=True)  # without dependencies npm makes none
    stamp.write_text(digest.hexdigest())


def main(npm, node, web, work, stamp, depfile):
    web, work = Path(web), Path(work)
    made_of = sources(web)
    copy(web, work / "web")
    install(npm, work / "web")
    shutil.rmtree(work / "files", ignore_errors=True)
    run("node web/build.mjs", node, "web/build.mjs", str((work / "files").resolve()), cwd=work)
    names = " ".join(str(path).replace("$", "$$").replace(" ", "\\ ") for path in made_of)
    Path(depfile).write_text(f"{stamp}: {names}\n", encoding="utf-8")
    Path(stamp).touch()


if __name__ == "__main__":
    main(*sys.argv[1:])
