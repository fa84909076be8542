"""What the maintainer scripts of the Debian package do without a system to install it in; script/package --check
installs it in one."""

import os
import subprocess
from pathlib import Path

import pytest

from support import pages
from support.server import on_postgresql, run

DEBIAN = Path(__file__).resolve().parents[2] / "packaging" / "debian"

pytestmark = pytest.mark.skipif(on_postgresql(), reason="it looks at SQLite's file alone")


@pytest.fixture
def preinst(tmp_path):
    """As debhelper makes it of the template, for a data folder of this test."""
    known = run("version", "--json").json()["schema"]["sqlite"]
    text = (DEBIAN / "leadblock.preinst").read_text()
    for token, value in (("#SCHEMA#", str(known)), ("/var/lib/leadblock/", f"{tmp_path}/data/"), ("#DEBHELPER#", "")):
        assert token in text
        text = text.replace(token, value)

    def call(*args):
        result = subprocess.run(["sh", "-c", text, "preinst", *args], capture_output=True, text=True)
        return result.returncode, result.stdout + result.stderr
    return call


def database(folder, version):
    """A folder with a database whose tables have the version that `version` makes of this program's own."""
    assert run("workspace", "create", "Acme", "--plan", "pro", "--data", folder).code == 0
    with pages.changed(folder) as changed:
        (number,) = changed.execute("PRAGMA user_version").fetchone()
        changed.execute(f"PRAGMA user_version = {version(number)}")


@pytest.mark.parametrize("says, made", [('{"schema":{"sqlite":23}}', "-DSCHEMA=23"), ('{"schema":{}}', None)])
def test_a_package_that_knows_no_schema_is_not_made(tmp_path, says, made):
    program = tmp_path / "debian" / "leadblock" / "usr" / "bin" / "leadblock"
    helper = tmp_path / "bin" / "dh_installdeb"
    for file, text in ((program, f"echo '{says}'"), (helper, 'echo "$@" >made')):
        file.parent.mkdir(parents=True)
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)
    result = subprocess.run(["make", "-f", DEBIAN / "rules", "override_dh_installdeb"], cwd=tmp_path,
                            env={**os.environ, "PATH": f"{helper.parent}:{os.environ['PATH']}"}, capture_output=True)
    assert (result.returncode == 0) == (made is not None), result.stderr
    assert not made or (tmp_path / "made").read_text().strip() == made


CALLS = [("install",), ("install", "0.1.0"), ("upgrade", "99.0")]


@pytest.mark.parametrize("version", [lambda own: own - 1, lambda own: own], ids=["earlier", "own"])
def test_a_database_that_the_program_knows_is_taken(preinst, tmp_path, version):
    database(tmp_path / "data", version)
    for args in CALLS:
        assert preinst(*args) == (0, "")


@pytest.mark.parametrize("version", [lambda own: own + 1, *(lambda _, shift=shift: 1 << shift for shift in (8, 16, 24))],
                         ids=["next", "256", "65536", "16777216"])
def test_one_of_a_newer_version_is_refused(preinst, tmp_path, version):
    database(tmp_path / "data", version)
    for args in CALLS:
        code, said = preinst(*args)
        assert code == 1 and "of a newer version; this one cannot open it" in said, said
        assert ("Version 99.0 stays" in said) == (args[0] == "upgrade"), said
    assert preinst("abort-upgrade", "99.0") == (0, "")


@pytest.mark.parametrize("content", [None, b"", b"torn"], ids=str)
def test_without_a_database_or_with_half_of_one_the_start_has_the_say(preinst, tmp_path, content):
    if content is not None:
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "leadblock.db").write_bytes(content)
    for args in CALLS:
        assert preinst(*args) == (0, "")
