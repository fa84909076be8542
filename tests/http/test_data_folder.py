"""The data folder of a running server: what is taken away from it, and who may have one."""

import itertools
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from support import expect
from support.marks import sqlite_only
from support.server import CommandFailed, Server, binary

EXIT_LIMIT = 30.0  # seconds, on a machine that is slow and busy; the files are looked at once a second


def ends_with_a_reason(server, words):
    """By itself, with exit code 1 and an error in its log."""
    limit = time.monotonic() + EXIT_LIMIT
    while server.process.poll() is None:
        assert time.monotonic() < limit, "it goes on"
        time.sleep(0.02)
    assert server.wait_end() == 1
    errors = [line for line in server.log_text().splitlines() if " error " in line]
    assert any(words in line for line in errors), errors


@sqlite_only("its files")
@pytest.mark.parametrize("name", ["leadblock.db", "leadblock.db-wal", "leadblock.db-mark", "lock"])
@pytest.mark.parametrize("how", [os.unlink, lambda path: shutil.move(shutil.copy(path, f"{path}.2"),
                                                                    path)],
                         ids=["removed", "replaced"])
def test_a_file_that_is_taken_away_ends_the_server(name, how):
    with Server() as server:
        path = server.data / name
        assert server.api().get("/readyz", base="").status == 200
        how(path)
        ends_with_a_reason(server, f"{name} was removed or replaced under the running server")


@sqlite_only("its files")
def test_a_folder_that_is_moved_ends_the_server():
    with Server() as server:
        os.rename(server.data, server.root / "elsewhere")
        ends_with_a_reason(server, "was removed or replaced under the running server")


@pytest.mark.parametrize("how", [lambda server: os.unlink(server.data / "lock"),
                                 lambda server: os.rename(server.data, server.root / "elsewhere")],
                         ids=["lock", "folder"])
def test_a_node_without_its_lock_or_folder_ends(how):
    """Where the database is elsewhere, too."""
    with Server() as server:
        assert server.api().get("/readyz", base="").status == 200
        how(server)
        ends_with_a_reason(server, "was removed or replaced under the running server")


def half_sent(server, path, key, body):
    """A connection with a request that lacks the last byte of its body."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=EXIT_LIMIT)
    connection.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nx-api-key: {key}\r\n"
                       f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                       f"{body[:-1]}".encode())
    return connection


@sqlite_only("its files")
def test_nothing_more_is_acknowledged_once_a_file_is_known_to_be_gone():
    with Server("--drain-timeout", "4") as server:
        tenant = server.tenant()
        campaign = tenant.campaign()
        body = '{"publicIdentifiers":["late"]}'
        late = half_sent(server, f"/v1/campaigns/{campaign}/blocked-leads", tenant.key, body)
        os.unlink(server.data / "leadblock.db")
        limit = time.monotonic() + EXIT_LIMIT
        while "was removed or replaced" not in server.log_text():
            assert time.monotonic() < limit
            time.sleep(0.02)
        late.sendall(body[-1:].encode())
        assert late.recv(1000).startswith(b"HTTP/1.1 503 ")
        late.close()
        ends_with_a_reason(server, "leadblock.db was removed or replaced")


@sqlite_only("its files")
def test_a_folder_that_lost_all_of_its_database_is_no_new_one():
    with Server() as server:
        server.stop()
        for path in server.data.glob("leadblock.db*"):
            path.unlink()
        with pytest.raises(CommandFailed, match="is absent, and the folder had one; restore"):
            server.start()
        (server.data / "leadblock.db").touch()
        with pytest.raises(CommandFailed, match="is empty, and it had data; restore"):
            server.start()
        (server.data / "lock").unlink()
        server.start()


def test_removing_the_lock_does_not_let_a_second_server_in():
    with Server() as server:
        os.unlink(server.data / "lock")
        second = Server(data=server.data)
        try:
            with pytest.raises(CommandFailed, match="another leadblock holds the data folder"):
                second.start()
        finally:
            second.remove()
        server.kill()


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o720])
def test_a_folder_that_others_may_write_to_is_refused(mode):
    server = Server()
    server.data.mkdir()
    server.data.chmod(mode)
    try:
        with pytest.raises(CommandFailed, match=f"may write into the data folder .*mode {mode:o}"):
            server.start()
        assert not list(server.data.iterdir())
        server.data.chmod(0o700)
        server.start()
    finally:
        server.kill()
        server.remove()


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a folder to another user")
def test_a_folder_of_another_user_is_refused():
    server = Server()
    server.data.mkdir(mode=0o700)
    os.chown(server.data, 12345, 12345)
    try:
        with pytest.raises(CommandFailed, match="belongs to another user .12345.; run as that user"):
            server.start()
    finally:
        server.kill()
        server.remove()


def test_what_is_in_the_way_of_the_control_socket_is_refused():
    """Operators could give no command. Only a folder that cannot be written is started all the same."""
    server = Server()
    server.data.mkdir(mode=0o700)
    (server.data / "control.sock").mkdir()
    try:
        with pytest.raises(CommandFailed, match="cannot make the control socket in the data folder"):
            server.start()
    finally:
        server.kill()
        server.remove()


@sqlite_only("its files")
def test_a_database_that_is_a_link_out_of_the_folder_is_refused():
    with Server() as server:
        server.stop()
        away = server.root / "away.db"
        inside = server.data / "inside.db"
        os.rename(server.data / "leadblock.db", away)
        os.symlink(away, server.data / "leadblock.db")
        with pytest.raises(CommandFailed, match="is a symbolic link out of the data folder"):
            server.start()
        os.rename(away, inside)
        for suffix in ("-wal", "-mark"):
            os.rename(server.data / f"leadblock.db{suffix}", f"{inside}{suffix}")
        os.unlink(server.data / "leadblock.db")
        os.symlink("inside.db", server.data / "leadblock.db")
        server.start()
        assert not (server.data / "leadblock.db-mark").exists()


@sqlite_only("its files")
@pytest.mark.parametrize("name", ["leadblock.db-wal", "leadblock.db-mark", "leadblock.db-shm", "lock"])
def test_a_file_beside_the_database_that_is_a_link_out_of_the_folder_is_refused(name):
    with Server() as server:
        server.stop()
        file, away = server.data / name, server.root / "away"
        (os.rename(file, away) if file.exists() else away.touch())
        before = away.read_bytes()
        os.symlink(away, file)
        with pytest.raises(CommandFailed, match=f"{name} is a symbolic link out of the data folder"):
            server.start()
        assert away.read_bytes() == before
        away.unlink()  # a link that leads nowhere would be made there
        with pytest.raises(CommandFailed, match="is a symbolic link out of the data folder"):
            server.start()
        assert not away.exists()
        os.unlink(file)
        away.write_bytes(before)
        os.rename(away, file)
        server.start()


@sqlite_only("its files")
def test_a_damaged_log_is_refused_until_its_loss_is_accepted():
    with Server() as server:
        tenant = server.tenant()
        campaign = tenant.campaign()
        names = [f"lead-{n}" for n in range(20)]
        for name in names:
            tenant.api.post(f"/campaigns/{campaign}/blocked-leads", {"publicIdentifiers": [name]})
        server.kill()
        log = server.data / "leadblock.db-wal"
        data = log.read_bytes()
        frames = itertools.takewhile(lambda at: data[at + 8:at + 16] == data[16:24], range(32, len(data), 24 + 4096))
        used = max(frames) + 24 + 4096  # what stands behind was written before the log began anew
        log.write_bytes(data[:used - 3000] + bytes([data[used - 3000] ^ 1]) + data[used - 2999:])
        with pytest.raises(CommandFailed, match="at most 1 commit since 2.* is lost; restore a "
                                                "backup, or start with --accept-loss"):
            server.start()
        server.args.append("--accept-loss")
        server.start()
        answer = expect.ok(server.api(tenant.key).post(f"/campaigns/{campaign}/blocked-leads/check",
                                                       {"publicIdentifiers": names}))
        assert answer["blocked"] == names[:-1]
        assert list(server.data.glob("leadblock.db.damaged-*/leadblock.db-wal"))
        assert "leadblock.db lacks 1 row of its blocklist log: at most 1 change" in server.log_text()


@sqlite_only("its pages")
def test_a_backup_of_a_damaged_database_ends_with_what_to_do(tmp_path):
    """At once: asking again would end the next server, too."""
    with Server() as server:
        tenant = server.tenant()
        for number in range(20):
            campaign = tenant.campaign()
            tenant.api.post(f"/campaigns/{campaign}/leads",
                            {"leads": [{"publicIdentifier": f"p{number}-{n}"} for n in range(50)]})
        server.stop()
        os.unlink(server.data / "leadblock.db-wal")  # or a start writes it back, over the damage
        with open(server.data / "leadblock.db", "r+b") as file:
            page = len(file.read()) // 4096 // 2
            file.seek(page * 4096 + 2000)
            byte = file.read(1)[0]
            file.seek(page * 4096 + 2000)
            file.write(bytes([byte ^ 1]))
        try:
            server.start()
        except CommandFailed as refused:
            pytest.skip(f"a start reads that page: {refused}")
        begun = time.monotonic()
        with pytest.raises(CommandFailed, match="the database is damaged: .*restore an earlier backup"):
            server.cli("backup", tmp_path / "copy.db")
        assert time.monotonic() - begun < 10
        assert list(tmp_path.iterdir()) == []
        ends_with_a_reason(server, "wrong checksum of page")


def sockets_of(process):
    links = [os.readlink(file) for file in Path(f"/proc/{process.pid}/fd").iterdir()]
    return {link[len("socket:["):-1] for link in links if link.startswith("socket:[")}


def wait_until_connected(process):
    """To a Unix socket: of a pair within the process, both ends are its own."""
    limit = time.monotonic() + 20
    while True:
        rows = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()]
        connected = {row[6] for row in rows if row[5] == "03"}
        if len(sockets_of(process) & connected) % 2:
            return
        assert time.monotonic() < limit, "the backup asks nobody"
        time.sleep(0.02)


@sqlite_only("its backup")
def test_a_backup_ends_when_its_server_is_gone(tmp_path):
    with Server() as server:
        os.kill(server.process.pid, signal.SIGSTOP)
        backup = subprocess.Popen([binary(), "backup", tmp_path / "copy.db", "--data", server.data],
                                  stderr=subprocess.PIPE, text=True)
        wait_until_connected(backup)
        server.kill()
        assert backup.wait(60) == 1
        assert "no answer" in backup.stderr.read()
        server.start()
