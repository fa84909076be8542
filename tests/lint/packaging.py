#!/usr/bin/env python3
"""Compares what is said in more than one place about packages: which ones a build needs, the version, the
documents that are installed, the addresses of nodes; and what is in the repository with what it ignores.
The last line is the sum: N passed, N failed."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def packages(*lists):
    """What those lists of script/lib/packages.sh name."""
    names = " ".join(f'"${{packages_{name}[@]}}"' for name in lists)
    command = f". script/lib/common.sh; printf '%s\\n' {names}"
    return set(subprocess.check_output(["bash", "-c", command], cwd=ROOT, text=True).split())


def build_depends():
    field = re.search(r"^Build-Depends:((?:\n .+)+)", read("packaging/debian/control"), re.MULTILINE)
    return {entry.strip() for entry in field[1].split(",")}


def the_package_is_built_with_what_script_build_installs():
    # What only the package needs in another form: debhelper's level and its part for users; the folder of units.
    own = {"debhelper-compat (= 13)", "dh-sequence-installsysusers", "systemd-dev | systemd (<< 253)"}
    assert own <= build_depends()
    listed = packages("program", "node", "debian") - {"debhelper"}
    differ = ", ".join(sorted(build_depends() - own ^ listed))
    assert not differ, f"packaging/debian/control and script/lib/packages.sh differ in {differ}"


def the_version_is_one():
    version = re.search(r"^  version: '(.+)',$", read("meson.build"), re.MULTILINE)[1]
    newest = re.search(r"^## (\S+)", read("CHANGELOG.md"), re.MULTILINE)[1]
    assert newest == version, f"meson.build says {version}, the first heading of CHANGELOG.md {newest}"


def every_document_is_installed():
    here = {path.name for path in (ROOT / "docs").iterdir() if path.suffix in (".md", ".yaml")}
    listed = set(re.findall(r"'\.\./docs/([^']+)'", read("packaging/meson.build")))
    assert here == listed, f"packaging/meson.build must list what docs/ has; they differ in {', '.join(here ^ listed)}"


def every_file_to_copy_is_an_example_or_unit():
    """What administrators take from packaging/ is installed; the rest is for building."""
    building = {"meson.build", "container-root", "tarball.md"}
    here = {path.name for path in (ROOT / "packaging").iterdir() if path.is_file()} - building
    here |= {f"{folder}/{path.name}" for folder in ("prometheus", "grafana")
             for path in (ROOT / "packaging" / folder).iterdir()}
    missing = {name for name in here if f"'{name}'" not in read("packaging/meson.build")}
    assert not missing, f"list in packaging/meson.build: {', '.join(sorted(missing))}"


def contributors_are_told_the_tests_of_every_end_point():
    told = set(re.findall(r"http/(test_\w+)", read("CONTRIBUTING.md").split("\n**An end point**")[0]))
    all_of_them = {path.stem for path in (ROOT / "tests" / "http").glob("test_*.py")
                   if re.search(r"^(?:from|import) .*\bendpoints\b", path.read_text(encoding="utf-8"), re.MULTILINE)}
    missing = all_of_them - told
    assert all_of_them and not missing, f"name in CONTRIBUTING.md, before 'An end point': {', '.join(sorted(missing))}"


def units_run_the_program_of_the_package():
    for unit in (ROOT / "packaging").glob("*.service"):
        assert "/usr/bin/leadblock " in unit.read_text(encoding="utf-8"), unit


def the_nodes_of_compose_are_those_of_the_proxy():
    proxy = set(re.findall(r"^    server \S+ ([\d.]+):8080", read("packaging/haproxy-nodes.cfg"), re.MULTILINE))
    compose = set(re.findall(r"(?:one|two):\n(?:    .+\n)+?    networks: .*ipv4_address: ([\d.]+)",
                             read("packaging/compose.nodes.yaml")))
    assert len(proxy) == 2 and proxy == compose, (proxy, compose)


def nothing_that_is_ignored_is_in_the_repository():
    """Such as a link called build, in whose place script/build would make a folder."""
    command = ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"]
    ignored = subprocess.check_output(command, cwd=ROOT, text=True).split()
    assert not ignored, f"git rm --cached {' '.join(ignored)}"


def no_image_is_built_from_what_is_ignored():
    """An engine sends the folder to the build: what was built there, and data with keys in it, must not go along."""
    def names(file):
        lines = [line for line in read(file).splitlines() if line and line[0] != "#"]
        return {line.strip("/").removeprefix("**/") for line in lines}

    ignored = names(".dockerignore")
    missing = {name for name in names(".gitignore") if name not in ignored and name.rsplit("/", 1)[-1] not in ignored}
    assert not missing, f"add to .dockerignore: {', '.join(sorted(missing))}"


CHECKS = [the_package_is_built_with_what_script_build_installs, the_version_is_one,
          every_document_is_installed, every_file_to_copy_is_an_example_or_unit,
          units_run_the_program_of_the_package, the_nodes_of_compose_are_those_of_the_proxy,
          contributors_are_told_the_tests_of_every_end_point,
          nothing_that_is_ignored_is_in_the_repository, no_image_is_built_from_what_is_ignored]
failed = 0
for check in CHECKS:
    try:
        check()
    except AssertionError as error:
        failed += 1
        print(f"packaging: {check.__name__.replace('_', ' ')}: no: {error}")
print(f"{len(CHECKS) - failed} passed, {failed} failed")
sys.exit(failed > 0)
