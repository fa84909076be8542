"""Nothing that a start writes is needed to answer checks: on a disk that is really full and on a file
system that is really read-only, for every kind of data folder."""

import os
import re
import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from support import expect, pages, people
from support.marks import sqlite_only
from support.server import CommandFailed, Server, run
from support.small_disk import SmallDisk

pytestmark = sqlite_only("its folder")

DUMP = Path(__file__).resolve().parents[1] / "vectors" / "names-before.sql"
BLOCKED = [f"blocked-person-number-{n:06}-of-them" for n in range(4000)]
READ_ONLY = "cannot begin a log for the database: the file system of .* is read-only; make it writable"
SOON = 20.0  # seconds, on a machine that is slow and busy; a store that refused is asked again once a second


@pytest.fixture
def disk(request):
    with SmallDisk(mib=getattr(request, "param", 24)) as disk:
        yield disk


@pytest.fixture
def server(disk):
    server = Server(data=disk.path / "data")
    try:
        yield server
        if server.process:
            server.stop()
    finally:
        server.kill()
        server.remove()


class Used:
    """A folder that was used, with a list of blocked people and what checks of it must say."""

    def __init__(self, server, operator=False):
        server.start()
        tenant = server.tenant()
        self.server, self.key = server, tenant.key
        self.campaign = tenant.campaign()
        if operator:
            people.person(server, "operator")
        self.block(BLOCKED)
        self.block([f"x-{n}" for n in range(10)], 10)

    def api(self):
        return self.server.api(self.key)

    def path(self, what=""):
        return f"/campaigns/{self.campaign}/blocked-leads{what}"

    def try_block(self, *names):
        return self.api().post(self.path(), {"publicIdentifiers": list(names)})

    def block(self, names, one_by_one=0):
        step = 1 if one_by_one else 1000
        for start in range(0, len(names), step):
            expect.blocked_result(self.try_block(*names[start:start + step]),
                                  len(names[start:start + step]))

    def end(self, how):
        self.server.kill() if how == "kill -9" else self.server.stop()

    def checks(self):
        """All are known: by checks, in memory, and by a list, which a reader takes from the disk."""
        answer = expect.ok(self.api().post(self.path("/check"),
                                           {"publicIdentifiers": BLOCKED[:1000] + ["free"]}))
        assert answer["blocked"] == BLOCKED[:1000]
        assert len(expect.ok(self.api().get(self.path("?take=100")))) == 100

    def ready(self, what=""):
        response = self.server.api().get("/readyz" + what, base="")
        return response.status, response.json().get("message", "")

    def works_again(self):
        limit = time.monotonic() + SOON
        while self.ready()[0] != 200:
            assert time.monotonic() < limit, self.ready()
            time.sleep(0.05)
        self.block(["after-it"])
        self.checks()


HOW = pytest.mark.parametrize("how", ["stop", "kill -9"])


@HOW
@pytest.mark.parametrize("operator", [True, False], ids=["operator", "no operator"])
def test_a_full_disk_keeps_no_server_from_answering_checks(disk, server, how, operator):
    used = Used(server, operator)
    used.end(how)
    disk.fill()
    server.start()
    used.checks()
    assert used.ready("?for=checks")[0] == 200
    if how == "kill -9":
        expect.error(used.try_block("not-now"), 507, "storage_full")
        status, message = used.ready()
        assert status == 503 and "disk is full" in message and "Checks are answered" in message
        assert "what a crash left in the log cannot be written back" in server.log_text()
    used.checks()
    disk.make_room()
    used.works_again()
    server.restart()
    used.checks()


@pytest.mark.parametrize("disk,log_pages", [(24, 2048), (64, 5000)], indirect=["disk"])
def test_what_is_written_until_the_disk_is_full_stays(disk, server, log_pages):
    """Killed on the full disk, started on it again. The index of the longer log has two regions."""
    server.args += ["--checkpoint-pages", str(log_pages)]
    used = Used(server)
    disk.fill()
    count = 0
    while (response := used.try_block(*[f"full-{count}-{n}-{'y' * 60}" for n in range(500)])).status != 507:
        assert response.status == 200
        count += 1
    server.kill()
    server.start()
    used.checks()
    names = [f"full-{n}-0-{'y' * 60}" for n in range(count + 1)]
    answer = expect.ok(used.api().post(used.path("/check"), {"publicIdentifiers": names}))
    assert answer["blocked"] == names[:-1]
    disk.make_room()
    used.works_again()


@HOW
def test_the_index_of_the_log_needs_no_room(disk, server, how):
    used = Used(server)
    used.end(how)
    (server.data / "leadblock.db-shm").unlink()
    disk.fill()
    server.start()
    assert "the index of the log is kept in memory" in server.log_text()
    used.checks()
    disk.make_room()
    used.works_again()
    server.kill()
    server.start()
    used.checks()
    expect.ok(used.api().get(used.path("/after-it")))
    assert "kept in memory" not in server.log_text()


def test_the_link_for_the_first_operator_comes_when_there_is_room(disk, server):
    used = Used(server)
    if "no operator yet" not in server.log_text():
        pytest.skip("built without the dashboard")
    used.end("kill -9")
    disk.fill()
    server.start()
    assert "cannot make the link for the first operator: the disk is full" in server.log_text()
    assert "no operator yet" not in server.log_text()
    disk.make_room()
    limit = time.monotonic() + 2 * SOON
    while "no operator yet" not in server.log_text():
        assert time.monotonic() < limit
        time.sleep(0.05)


def refused(server, words):
    with pytest.raises(CommandFailed, match=words):
        server.start()


def test_a_new_folder_on_a_full_disk_is_refused_with_how_much_it_needs(disk, server):
    disk.fill()
    refused(server, r"the disk of .*leadblock.db is full; free at least \d+ MiB and start again")
    disk.make_room()
    server.start()
    server.tenant()


def test_a_restored_backup_on_a_full_disk_is_refused_with_how_much_it_needs(disk, server):
    used = Used(server)
    server.cli("backup", disk.path / "backup.db")
    server.stop()
    shutil.rmtree(server.data)
    server.data.mkdir(mode=0o700)
    shutil.move(disk.path / "backup.db", server.data / "leadblock.db")
    disk.fill()
    refused(server, r"is full; free at least \d+ MiB and start again")
    disk.make_room()
    server.start()
    used.checks()


def test_a_backup_for_which_there_is_no_room_leaves_nothing(disk, server):
    used = Used(server)
    before = sorted(path.name for path in disk.path.iterdir())
    disk.fill()
    os.truncate(disk.filler, disk.filler.stat().st_size - (64 << 10))  # enough to begin
    result = server.run("backup", disk.path / "backup.db")
    assert result.code != 0 and "full" in result.err, result
    disk.make_room()
    assert sorted(path.name for path in disk.path.iterdir()) == before
    server.cli("backup", disk.path / "backup.db")
    used.checks()


def make_old(folder):
    folder.mkdir(mode=0o700)
    store = sqlite3.connect(folder / "leadblock.db")
    store.executescript(DUMP.read_text("utf-8"))
    store.close()


def test_an_upgrade_on_a_full_disk_is_refused_with_how_much_it_needs(disk, server):
    make_old(server.data)
    before = (server.data / "leadblock.db").read_bytes()
    disk.fill()
    refused(server, r"which is as it was: that needs \d+ MiB of free disk space")
    assert (server.data / "leadblock.db").read_bytes() == before
    disk.make_room()
    server.start()


@pytest.mark.parametrize("disk", [48], indirect=True)
def test_an_upgrade_needs_room_for_digests_before_it_begins(disk, server):
    """Of rows of one name each, the new log is three times as large as the old one."""
    make_old(server.data)
    store = sqlite3.connect(server.data / "leadblock.db")
    store.executemany(
        "INSERT INTO blocklist_log VALUES (?, 1, 1, 0, 0, 1, 1795895850138, NULL, NULL, ?, NULL)",
        [(1000 + n, f"person-{n}") for n in range(100_000)])
    store.commit()
    store.close()
    before = (server.data / "leadblock.db").read_bytes()
    info = os.statvfs(disk.path)
    enough_for_checksums = len(before) * 9 // 8 + (17 << 20)
    disk.filler.write_bytes(bytes(info.f_bavail * info.f_frsize - enough_for_checksums))
    refused(server, r"which is as it was: that needs \d+ MiB of free disk space")
    assert (server.data / "leadblock.db").read_bytes() == before
    disk.make_room()
    server.start()
    assert re.search(r"has its digests: 1000\d\d rows", server.log_text())
    server.stop()
    assert " rows of the blocklist log" in run("verify", server.data).out


def leave_log(folder):
    """As a server that is killed does."""
    store = sqlite3.connect(folder / "leadblock.db")
    store.execute("PRAGMA journal_mode = WAL")
    store.execute("CREATE TABLE filler (text)")
    store.executemany("INSERT INTO filler VALUES (?)", [["x" * 3000]] * 300)
    store.execute("DROP TABLE filler")
    store.commit()
    kept = {folder / name: (folder / name).read_bytes() for name in ("leadblock.db", "leadblock.db-wal")}
    store.close()
    for path, data in kept.items():
        path.write_bytes(data)


def test_an_upgrade_begins_a_new_index_of_the_log_in_memory(disk, server):
    """The database that takes the old one's place has another size and another log."""
    make_old(server.data)
    leave_log(server.data)
    index = server.data / "leadblock.db-shm"
    index.mkdir()  # it cannot be written
    used = Used(server)
    assert "the index of the log is kept in memory" in server.log_text()
    used.checks()
    used.end("kill -9")
    server.start()
    used.checks()
    used.end("stop")
    index.rmdir()
    with pages.changed(server.data) as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    server.start()
    used.checks()


@HOW
@pytest.mark.parametrize("index", ["with", "without"])
def test_a_read_only_file_system_keeps_no_server_from_answering_checks(disk, server, how, index):
    used = Used(server)
    used.end(how)
    if index == "without":
        (server.data / "leadblock.db-shm").unlink()
    before = {path.name: path.read_bytes() for path in server.data.iterdir() if path.is_file()}
    disk.read_only()
    server.start()
    used.checks()
    assert used.ready("?for=checks")[0] == 200
    status, message = used.ready()
    assert status == 503 and "read-only" in message and "Checks are answered" in message
    error = expect.error(used.try_block("not-now"), 503, "storage_unavailable")
    assert "read-only" in error["message"]
    assert "its file system is read-only: nothing is recorded" in server.log_text()
    time.sleep(1.1)  # the files are looked at once a second
    used.checks()
    server.stop()
    after = {path.name: path.read_bytes() for path in server.data.iterdir() if path.is_file()}
    assert after == before
    disk.read_only(False)
    server.start()
    used.works_again()


def test_what_must_be_written_first_is_refused_on_a_read_only_file_system(disk, server):
    server.data.mkdir(mode=0o700)
    disk.read_only()
    refused(server, "cannot write into the data folder .*Read-only file system")
    disk.read_only(False)
    server.data.rmdir()
    make_old(server.data)
    (server.data / "lock").touch()
    disk.read_only()
    refused(server, READ_ONLY)
    disk.read_only(False)
    server.start()
    server.stop()
    with pages.changed(server.data):  # leaves what a restored backup is
        pass
    disk.read_only()
    refused(server, READ_ONLY)
    disk.read_only(False)
    server.start()
