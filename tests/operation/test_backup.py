"""leadblock backup: a copy counts when it was read back; older ones go by count or age, and never the last
good one."""

import fcntl
import os
import pty
import re
import subprocess
from datetime import datetime, timedelta, timezone

import pytest

from support import pages
from support.server import Server, binary, clean_environment, run
from support.terminal import all_of

NAME = re.compile(r"leadblock-\d{8}T\d{6}Z\.db")


@pytest.fixture(scope="module")
def server():
    with Server() as server:
        tenant = server.tenant()
        people = [{"publicIdentifier": f"person-{number}", "reason": "asked"} for number in range(300)]
        assert tenant.api.post("/blocked-leads", {"leads": people}).status == 200
        yield server


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder


def old(folder, days, size=100):
    """A backup of so many days ago, as far as its name says."""
    at = datetime.now(timezone.utc) - timedelta(days=days)
    path = folder / at.strftime("leadblock-%Y%m%dT%H%M%SZ.db")
    path.write_bytes(b"x" * size)
    return path


def on_a_terminal(*args):
    """The exit code, and what a person sees on standard error."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([binary(), *map(str, args)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=theirs, env=clean_environment())
    os.close(theirs)
    shown = all_of(ours)
    return process.wait(30), shown


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_in_a_folder_it_has_the_name_of_its_time_and_is_read_back(server, folder):
    years = [str(datetime.now(timezone.utc).year)]
    result = server.run("backup", folder)
    assert result.code == 0, result
    (name,) = names(folder)
    assert NAME.fullmatch(name)
    copied, checked = result.out.splitlines()
    assert copied == f"Copied to {folder / name}"
    assert re.fullmatch(r"Checked: 1 workspace, \d+ rows of the blocklist log, 300 entries", checked)
    assert (folder / name).stat().st_mode & 0o777 == 0o600
    mark = (server.data / "last-backup").read_text().split()
    years.append(str(datetime.now(timezone.utc).year))
    assert mark[1] == str(folder / name) and mark[0].split("-")[0] in years


def test_with_json_there_is_only_the_answer(server, folder):
    result = server.run("backup", folder, "--keep", "3", "--json")
    assert result.code == 0 and result.json()["bytes"] > 0 and result.err == "", result


def test_the_copy_itself_is_not_touched_by_the_check(server, tmp_path):
    copy = tmp_path / "a.db"
    assert server.run("backup", copy, "--no-check").code == 0
    with open(copy, "rb") as file:
        assert file.read(20)[18:20] == b"\x01\x01", "no log of its own"
    assert names(tmp_path) == ["a.db"]
    assert server.run("backup", tmp_path / "b.db").code == 0
    assert names(tmp_path) == ["a.db", "b.db"]


@pytest.mark.parametrize("options,kept", [
    (["--keep", "1"], []), (["--keep", "3"], [1, 5]), (["--keep-days", "6"], [1, 5]),
    (["--keep-days", "20"], [1, 5, 10]), (["--keep", "2", "--keep-days", "6"], [1, 5]),
    (["--keep", "4", "--keep-days", "1"], [1, 5, 10]), ([], [1, 5, 10, 40])], ids=lambda value: " ".join(map(str, value)) or "none")
def test_older_ones_go_by_count_or_age(server, folder, options, kept):
    by_age = {days: old(folder, days) for days in (1, 5, 10, 40)}
    result = server.run("backup", folder, *options)
    assert result.code == 0, result
    left = set(names(folder)) - {path.name for path in by_age.values()}
    assert len(left) == 1 and NAME.fullmatch(left.pop())
    assert [days for days, path in by_age.items() if path.exists()] == kept
    removed = 4 - len(kept)
    assert ("Removed" in result.out) == bool(removed)


def test_the_new_one_stays_when_others_have_later_names(server, folder):
    """Of a clock that was ahead. It is the one that is known to be whole."""
    later = [old(folder, days) for days in (-1, -2)]
    assert server.run("backup", folder, "--keep", "1").code == 0
    left = names(folder)
    assert later[1].name in left and later[0].name not in left and len(left) == 2


class Started:
    """A backup on its way."""

    def __init__(self, server, *args):
        self.process = subprocess.Popen([binary(), "backup", *map(str, args), *map(str, server.place)], text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment({}))

    def end(self):
        out, err = self.process.communicate(timeout=120)
        return self.process.returncode, out, err


@pytest.mark.parametrize("keep, left", [([], 4), (["--keep", "2"], 2), (["--keep-days", "1"], 4)])
def test_backups_that_begin_in_one_second_all_end_well(server, folder, keep, left):
    before = old(folder, 3)
    ends = [started.end() for started in [Started(server, folder, *keep) for _ in range(4)]]
    assert [code for code, _, _ in ends] == [0] * 4, ends
    copied = {re.search(r"Copied to (.*)", out)[1] for _, out, _ in ends}
    assert len(copied) == 4 and before.exists() == (not keep)
    there = [name for name in names(folder) if name != before.name]
    assert there == sorted(name.rpartition("/")[2] for name in copied)[-left:], "the newest, each whole"
    assert all("Checked: " in out for _, out, _ in ends)


def test_the_second_says_that_it_waits_for_the_first(server, folder):
    first = os.open(folder, os.O_RDONLY)
    fcntl.flock(first, fcntl.LOCK_EX)
    second = Started(server, folder)
    said = second.process.stderr.readline()
    assert said == f"leadblock: another backup into {folder} is not finished; waiting for it\n"
    assert names(folder) == []
    os.close(first)
    code, out, err = second.end()
    assert (code, err) == (0, "") and out.startswith(f"Copied to {folder}/leadblock-"), (out, err)


@pytest.mark.parametrize("runs", [True, False])
def test_a_backup_into_the_data_folder_waits_for_no_server(tmp_path, runs):
    """Which has the folder locked for as long as it runs."""
    with Server(data=tmp_path / "data") as own:
        if not runs:
            own.stop()
        result = run("backup", own.data, *own.place)
        assert (result.code, result.err) == (0, ""), result
        if not runs:
            own.start()


def test_what_is_no_backup_of_that_folder_stays(server, folder):
    others = ["leadblock-2026.db", "leadblock-20260101T000000Z.db.damaged", "notes.txt", "leadblock-20261399T000000Z.db",
              "leadblock-20260101T000000Z.db-wal", "xleadblock-20260101T000000Z.db"]
    for name in others:
        (folder / name).write_text("precious")
    (folder / "leadblock-20250101T000000Z.db").write_text("old")
    assert server.run("backup", folder, "--keep", "1").code == 0
    assert set(names(folder)) >= set(others) and len(names(folder)) == len(others) + 1


BREAKS = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>
/* A disk that gives back something else than was written: the bytes of the copy that is read back. */
ssize_t copy_file_range(int from, off_t *a, int to, off_t *b, size_t len, unsigned flags)
{
    ssize_t (*real)(int, off_t *, int, off_t *, size_t, unsigned) = dlsym(RTLD_NEXT, "copy_file_range");
    ssize_t got = real(from, a, to, b, len, flags);
    if (got > 60000)
        pwrite(to, "damaged damaged damaged", 23, 50000);
    return got;
}
"""


LOSES = BREAKS.replace("pwrite(to, \"damaged damaged damaged\", 23, 50000)", "ftruncate(to, 0)")


@pytest.mark.parametrize("code", [BREAKS, LOSES], ids=["damaged", "empty"])
def test_a_copy_that_is_not_whole_removes_nothing_and_does_not_count(server, folder, tmp_path, code):
    (tmp_path / "breaks.c").write_text(code)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", tmp_path / "breaks.so", tmp_path / "breaks.c"], check=True)
    before = [old(folder, days) for days in (1, 5)]
    mark = server.data / "last-backup"
    mark.unlink(missing_ok=True)
    result = run("backup", folder, *server.place, "--keep", "1", env={"LD_PRELOAD": str(tmp_path / "breaks.so")})
    assert result.code == 1 and "not whole" in result.err and "Earlier backups were not touched" in result.err, result
    assert all(path.exists() for path in before) and not mark.exists()
    (damaged,) = [name for name in names(folder) if name.endswith(".damaged")]
    assert NAME.fullmatch(damaged.removesuffix(".damaged")) and len(names(folder)) == 3


@pytest.mark.parametrize("args", [["--keep", "0"], ["--keep", "x"], ["--keep-days", "0"],
                                  ["--keep", "1", "--no-check"]], ids=" ".join)
def test_wrong_usage(server, folder, args):
    kept = old(folder, 3)
    assert server.run("backup", folder, *args).code == 2
    assert names(folder) == [kept.name]


def test_retention_needs_a_folder(server, tmp_path):
    result = server.run("backup", tmp_path / "one", "--keep", "1")
    assert result.code == 2 and "need a folder" in result.err and "Make it first" in result.err, result
    assert names(tmp_path) == []
    (tmp_path / "one").write_text("x")
    result = server.run("backup", tmp_path / "one", "--keep", "1")
    assert result.code == 2 and "it is a file" in result.err, result
    assert names(tmp_path) == ["one"]


def test_a_folder_that_is_meant_and_is_not_there_is_not_made_as_a_file(server, tmp_path):
    result = server.run("backup", f"{tmp_path}/backups/")
    assert result.code == 2 and "it does not exist. Make it first" in result.err, result
    assert names(tmp_path) == []


def test_a_name_that_may_be_meant_as_a_folder_is_said_to_be_a_file(server, tmp_path):
    for name, told in (("backups", True), ("copy.db", False)):
        code, shown = on_a_terminal("backup", tmp_path / name, *server.place)
        assert code == 0 and ("will be the copy itself, as there is no such folder" in shown) == told, shown
        assert (tmp_path / name).is_file()


@pytest.mark.parametrize("name, advice", [("taken.db", "replaces no file"), ("absent/x.db", "Make the folder first")])
def test_a_copy_that_cannot_be_made_says_what_to_do(server, tmp_path, name, advice):
    (tmp_path / "taken.db").write_text("x")
    result = server.run("backup", tmp_path / name)
    assert result.code == 1 and advice in result.err, result
    assert names(tmp_path) == ["taken.db"] and (tmp_path / "taken.db").read_text() == "x"


def test_a_database_of_an_earlier_version_is_left_as_it_is(tmp_path):
    """A backup before an upgrade must be of the earlier version: the newer program does not make it."""
    data = tmp_path / "data"
    assert run("workspace", "create", "A", "--plan", "pro", "--data", data).code == 0
    number = run("version", "--json").json()["schema"]["sqlite"]
    with pages.changed(data) as database:
        database.execute(f"PRAGMA user_version = {number - 1}")
    result = run("backup", tmp_path / "copy.db", "--data", data)
    assert result.code == 1 and "earlier version" in result.err, result
    assert not (tmp_path / "copy.db").exists()


def test_doctor_says_when_the_last_one_is_old(tmp_path):
    data = tmp_path / "data"
    assert run("workspace", "create", "A", "--plan", "pro", "--data", data).code == 0

    def said():
        result = run("doctor", "--data", data, "--json", env={"LEADBLOCK_LISTEN": "127.0.0.1:0"})
        (finding,) = [one for one in result.json() if one["check"] == "backup"]
        return finding["state"], finding["text"]

    assert said() == ("note", "no backup is known that was read back")
    assert run("backup", tmp_path / "copy.db", "--data", data).code == 0
    state, text = said()
    assert state == "ok" and re.search(r"was made 0 hours ago", text)
    at = datetime.now(timezone.utc) - timedelta(days=3)
    (data / "last-backup").write_text(at.strftime("%Y-%m-%dT%H:%M:%S.000Z /copy.db\n"))
    state, text = said()
    assert state == "warning" and "72 hours ago" in text


def test_a_reader_that_ends_early_does_not_end_the_check(server, folder):
    """As `leadblock backup ... | head -1` does, once the copy is written and said to be."""
    gone = old(folder, 3)
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run([binary(), "backup", folder, "--keep", "1", *server.place], stdin=subprocess.DEVNULL,
                            stdout=writer, stderr=subprocess.PIPE, text=True, env=clean_environment(), timeout=60)
    os.close(writer)
    assert result.returncode == 1 and "standard output" in result.stderr, result
    (name,) = names(folder)
    assert name != gone.name and NAME.fullmatch(name)
    assert name in (server.data / "last-backup").read_text()
