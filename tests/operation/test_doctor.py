"""leadblock doctor on broken set-ups: the right thing about each, with advice, and nothing about the rest."""

import contextlib
import fcntl
import http.server
import json
import os
import pty
import re
import resource
import socket
import sqlite3
import struct
import subprocess
import termios
import threading
import time
import unicodedata
from datetime import datetime, timedelta, timezone

import pytest

from support.certificates import certificate, serving
from support.server import Server, binary, clean_environment, run
from support.small_disk import SmallDisk

WRONG = {"warning", "error"}


class Doctor:
    """What it said, as {check: [(state, text, advice)]}. How quick the disk is while other tests write to it
    counts for those alone that ask for it."""

    def __init__(self, *args, env=None, disk_speed=False, **options):
        # Not the port of a server that may run on this machine.
        env = {"LEADBLOCK_LISTEN": "127.0.0.1:0", **(env or {})}
        self.result = run("doctor", "--json", *args, env=env, **options)
        self.findings = json.loads(self.result.out)
        assert self.result.err == "", self.result
        bad = [finding for finding in self.findings if finding["state"] in WRONG]
        assert self.result.code == (1 if bad else 0), self.result
        assert all(finding["advice"] for finding in bad), bad
        self.passed_over = [] if disk_speed else [("disk speed", "warning")]

    def wrong(self):
        return [finding for finding in self.findings if finding["state"] in WRONG and
                (finding["check"], finding["state"]) not in self.passed_over]

    def one(self, check, state, *patterns):
        """It found this, and nothing else that is wrong."""
        assert [finding["check"] for finding in self.wrong()] == [check], self.wrong()
        (finding,) = self.wrong()
        assert finding["state"] == state, finding
        for pattern in patterns:
            assert re.search(pattern, finding["text"] + " | " + finding["advice"]), (pattern, finding)

    def said(self, check):
        return [(finding["state"], finding["text"]) for finding in self.findings if finding["check"] == check]


def on_a_terminal(*args, columns, env):
    """What a terminal of so many columns gets."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen([binary(), *map(str, args)], stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
                               env={**clean_environment(), **env})
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # how a terminal says that its last writer has ended
        while block := os.read(ours, 65536):
            shown += block
    os.close(ours)
    assert process.wait(60) in (0, 1), shown  # 1 where something is wrong, such as a slow disk
    return shown.decode().replace("\r\n", "\n")


@pytest.fixture
def data(tmp_path):
    """The folder of a server that was stopped."""
    folder = tmp_path / "data"
    result = run("workspace", "create", "Acme", "--plan", "pro", "--data", folder)
    assert result.code == 0, result
    return folder


@pytest.fixture(scope="module")
def running():
    with Server() as server:
        server.tenant()
        yield server


def test_where_all_is_well_it_is_0(data, running):
    for doctor in (Doctor("--data", data), Doctor("--data", running.data)):
        assert doctor.wrong() == []
        assert {"settings", "data folder", "disk", "disk speed", "open files", "clock", "server",
                "stored names"} <= {finding["check"] for finding in doctor.findings}
    assert Doctor("--data", data).said("database") == [("ok", "it can be opened, and is of this version")]
    ((state, text),) = Doctor("--data", running.data).said("server")
    assert state == "ok" and f"process {running.process.pid} " in text


def test_its_help_names_the_setting_that_the_address_comes_from():
    """Which is not that of the commands that call the API."""
    shown = run("help", "doctor").out
    assert "LEADBLOCK_PUBLIC_URL" in shown and "LEADBLOCK_URL" not in shown
    assert "LEADBLOCK_URL" in run("help", "check").out


def test_it_changes_nothing(data):
    def contents():
        # The mark counts openings.
        return {path.name: path.read_bytes() if path.suffix in (".db", ".db-wal") else path.stat().st_mode
                for path in data.iterdir()}

    before = contents()
    Doctor("--data", data)
    assert contents() == before


def test_for_people_it_is_a_line_each_and_the_advice(data):
    data.chmod(0o770)
    out = run("doctor", "--data", data, env={"LEADBLOCK_LISTEN": "127.0.0.1:0"}).out
    rows = [line.split("\t") for line in out.splitlines()]
    assert all(len(row) == 4 for row in rows)
    assert ["error", "data folder"] in [row[:2] for row in rows]


# The data folder


def test_a_folder_that_others_may_write_to(data):
    data.chmod(0o730)
    doctor = Doctor("--data", data)
    assert [finding["check"] for finding in doctor.wrong()] == ["data folder", "database"], doctor.wrong()
    assert "chmod 700" in doctor.wrong()[0]["advice"]


def test_a_folder_that_others_may_look_into(data):
    data.chmod(0o755)
    Doctor("--data", data).one("data folder", "warning", r"look into .* \(mode 755\)", "chmod 700")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user(data):
    os.chown(data, 12345, 12345)
    doctor = Doctor("--data", data)
    assert doctor.wrong()[0]["check"] == "data folder" and "belongs to user 12345" in doctor.wrong()[0]["text"]


def test_a_database_that_is_a_link(data, tmp_path):
    (data / "leadblock.db").rename(tmp_path / "elsewhere.db")
    (data / "leadblock.db").symlink_to(tmp_path / "elsewhere.db")
    doctor = Doctor("--data", data)
    assert [finding["check"] for finding in doctor.wrong()] == ["data folder", "database"]
    assert "symbolic link" in doctor.wrong()[0]["text"] and "Move the database" in doctor.wrong()[0]["advice"]
    assert "symbolic link" in doctor.wrong()[1]["text"]


def test_no_folder_and_an_empty_folder(tmp_path):
    doctor = Doctor("--data", tmp_path / "absent")
    assert doctor.wrong()[0]["check"] == "data folder" and "No such file" in doctor.wrong()[0]["text"]
    assert list(tmp_path.iterdir()) == []
    tmp_path.chmod(0o700)
    Doctor("--data", tmp_path).one("database", "warning", "there is none", "new, empty database")
    assert list(tmp_path.iterdir()) == []


# Its disk


def test_a_disk_that_is_nearly_full_and_one_that_is_read_only():
    with SmallDisk(mib=24) as disk:
        data = disk.path / "data"
        assert run("workspace", "create", "Acme", "--plan", "pro", "--data", data).code == 0
        Doctor("--data", data).one("disk", "error", r"\d+ MiB of 2\d MiB are free", "nothing is recorded")
        disk.fill()
        full = {finding["check"]: finding["advice"] for finding in Doctor("--data", data).wrong()}
        assert "see the other findings" in full["disk speed"] and "Free disk space" in full["disk"], full
        disk.read_only()
        doctor = Doctor("--data", data)
        assert "read-only" in " ".join(finding["text"] for finding in doctor.wrong() if finding["check"] == "disk")


SLOW = """
#include <unistd.h>
int fdatasync(int fd) { usleep(30000); return 0; }
"""


def test_a_disk_that_syncs_slowly(data, tmp_path):
    (tmp_path / "slow.c").write_text(SLOW)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", tmp_path / "slow.so", tmp_path / "slow.c"], check=True)
    Doctor("--data", data, env={"LD_PRELOAD": str(tmp_path / "slow.so")}, disk_speed=True).one(
        "disk speed", "warning", r"takes ([3-9]\d|\d{3,})\.\d ms", "Each change waits")


# Limits and the clock


def test_a_server_that_may_open_few_files(running):
    before = resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, (500, before[1]))
    try:
        Doctor("--data", running.data, env={"LEADBLOCK_THREADS": "20"}).one(
            "open files", "warning", "the server may open 500 files; 10517 ", "LimitNOFILE")
    finally:
        resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, before)


def test_a_clock_that_is_behind_what_was_written(data):
    future = time.time() + 3600
    os.utime(data / "leadblock.db", (future, future))
    Doctor("--data", data).one("clock", "warning", r"3[56]\d\d s after now", "set the clock")


# What the start would say


def test_a_value_that_is_wrong(data):
    Doctor("--data", data, env={"LEADBLOCK_QUEUE_SIZE": "many"}).one(
        "settings", "error", "LEADBLOCK_QUEUE_SIZE: 'many' is not a whole number", "does not start")


def test_a_variable_that_is_misspelt(data):
    Doctor("--data", data, env={"LEADBLOCK_QUEUE_SISE": "secret"}).one(
        "settings", "warning", "did you mean LEADBLOCK_QUEUE_SIZE")


def test_the_settings_of_the_service(data, tmp_path):
    """Of the file that systemd reads; what the environment has already wins."""
    file = tmp_path / "leadblock.env"
    file.write_text("# a comment\n\nLEADBLOCK_THREADS=\"no\"\n; another\nLEADBLOCK_LISTEN=127.0.0.1:1\n")
    Doctor("--data", data, "--env-file", file).one("settings", "error", "LEADBLOCK_THREADS: 'no'")
    result = run("doctor", "--env-file", tmp_path / "absent")
    assert result.code == 1 and "absent" in result.err


def test_an_address_that_is_taken(data):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        Doctor("--data", data, env={"LEADBLOCK_LISTEN": f"127.0.0.1:{port}"}).one(
            "address", "error", "already in use", "LEADBLOCK_LISTEN")


def test_a_folder_that_another_process_holds(data):
    with open(data / "lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        Doctor("--data", data).one("database", "warning", "another process holds", "try again")


def set_version(data, number):
    """In the database's header, with the checksum that the page needs: as another version would have left it."""
    from support import pages
    with pages.changed(data) as database:
        database.execute(f"PRAGMA user_version = {number}")


def test_a_database_of_a_newer_version_and_of_an_earlier_one(data):
    number = run("version", "--json").json()["schema"]["sqlite"]
    set_version(data, number + 1)
    Doctor("--data", data).one("database", "error", "newer leadblock")
    set_version(data, number - 1)
    doctor = Doctor("--data", data)
    assert doctor.wrong() == []
    ((state, text),) = doctor.said("database")
    assert state == "note" and "earlier version" in text


def test_a_database_that_is_damaged(data):
    with open(data / "leadblock.db", "r+b") as file:
        file.truncate(20000)
    Doctor("--data", data).one("database", "error", "damage", "storage.md")


def test_a_database_that_was_lost(data):
    """A start refuses it, too: an empty one would say that no one is blocked."""
    for path in data.glob("leadblock.db*"):
        path.unlink()
    for _ in range(2):
        Doctor("--data", data).one("database", "error", "damage", "restore a backup")
        result = run("verify", data)
        assert result.code == 1 and "restore a backup" in result.err, result
        (data / "leadblock.db").touch()


def test_a_database_of_another_program(tmp_path):
    tmp_path.chmod(0o700)
    with sqlite3.connect(tmp_path / "leadblock.db") as store:
        store.execute("CREATE TABLE other (x)")
    store.close()
    Doctor("--data", tmp_path).one("database", "error", "not leadblock's")


# The address that clients use


@contextlib.contextmanager
def proxy(server, tls=None, forwards=True, status=None, keeps_id=True):
    """A proxy before a server, as small as it can be. `status`: what it answers by itself."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            code, headers, body = status, [], b""
            if not status:
                connection = server.connect()
                given = [("X-Forwarded-For", "203.0.113.9")] if forwards else []
                response = connection.request("GET", self.path, given)
                connection.close()
                code, body = response.status, response.body
                headers = [("X-Request-Id", response.header("x-request-id"))] if keeps_id else []
            self.send_response(code)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        listening.socket = serving(*tls).wrap_socket(listening.socket, server_side=True)
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{listening.server_port}"
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


@pytest.fixture(scope="module")
def behind():
    """A server that trusts its proxy."""
    with Server("--trusted-proxy", "127.0.0.1") as server:
        yield server


def ask(server, url, cert=None, trusted=True):
    env = {"SSL_CERT_FILE": str(cert)} if cert else {}
    if trusted:
        env["LEADBLOCK_TRUSTED_PROXY"] = "127.0.0.1"
    return Doctor("--data", server.data, "--url", url, env=env)


def test_a_proxy_as_it_should_be(behind, tmp_path):
    tls = certificate(tmp_path, 80)
    with proxy(behind, tls) as url:
        doctor = ask(behind, url, tls[0])
    assert doctor.wrong() == []
    assert doctor.said("public address") == [("ok", f"leadblock answers at {url}")]
    ((state, text),) = doctor.said("https")
    assert state == "ok" and re.search(r"ends on \d{4}-\d\d-\d\d \(in (79|80) days\)", text)
    assert doctor.said("forwarding") == [("ok", "the server tells clients of the proxy apart")]


def test_a_certificate_that_ends_soon(behind, tmp_path):
    tls = certificate(tmp_path, 5)
    with proxy(behind, tls) as url:
        ask(behind, url, tls[0]).one("https", "warning", r"\(in [45] days\)", "Renew")


def test_a_certificate_that_has_ended(behind, tmp_path):
    day = (datetime.now(timezone.utc) - timedelta(days=2)).strftime("%Y-%m-%d")
    tls = certificate(tmp_path, -2)
    if (datetime.now(timezone.utc) - timedelta(days=2)).strftime("%Y-%m-%d") != day:  # midnight came between
        return test_a_certificate_that_has_ended(behind, tmp_path)
    with proxy(behind, tls) as url:
        ask(behind, url, tls[0]).one("public address", "error", f"ended on {day}", "Renew")


def test_a_certificate_that_nobody_vouches_for(behind, tmp_path):
    tls = certificate(tmp_path, 80)
    with proxy(behind, tls) as url:
        ask(behind, url).one("public address", "error", "is not accepted", "fullchain")


def test_plain_http(behind):
    with proxy(behind) as url:
        elsewhere = url.replace("127.0.0.1", "0.0.0.0")  # which is this machine, and not said to be
        ask(behind, elsewhere).one("https", "warning", "is not https", "reverse-proxy.md")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1"])
def test_an_address_of_this_machine_alone_needs_no_https(behind, host):
    """As in a container whose address was not set yet: nothing is wrong, and there is no proxy to be told apart."""
    url = f"http://{host}:{behind.port}"
    doctor = ask(behind, url)
    assert doctor.wrong() == []
    assert doctor.said("https") == [("note", f"only this machine reaches {url}, which needs no https")]
    assert doctor.said("forwarding") == []


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_a_terminal_of_any_width_breaks_between_words(data, columns):
    shown = on_a_terminal("doctor", "--data", data, columns=columns, env={"LEADBLOCK_LISTEN": "127.0.0.1:0"})
    for line in shown.splitlines():  # a path that is longer than a line stays whole
        assert len(line) <= columns or line.rindex(" ") < 25, shown
    piped = run("doctor", "--data", data, env={"LEADBLOCK_LISTEN": "127.0.0.1:0"}).out
    advice = "or the timer leadblock-backup.timer; see why it did not run: systemctl status leadblock-backup"
    assert advice in piped and advice in " ".join(shown.split()), shown


def width(text):
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def test_a_terminal_has_two_columns_for_wide_characters_and_a_path_its_blanks(tmp_path):
    folder = tmp_path / "株式会社 サンプル商事 マーケティング部 東京都  千代田区 丸の内 営業部 第二課 営業部 第三課"
    assert run("workspace", "create", "Acme", "--plan", "pro", "--data", folder).code == 0
    for columns in (60, 61, 62, 63):
        shown = on_a_terminal("doctor", "--data", folder, columns=columns, env={"LEADBLOCK_LISTEN": "127.0.0.1:0"})
        for line in shown.splitlines():
            assert width(line) <= columns or line.rindex(" ") < 25, (columns, line, shown)
    shown = on_a_terminal("doctor", "--data", folder, columns=400, env={"LEADBLOCK_LISTEN": "127.0.0.1:0"})
    assert folder.name in shown, shown


def test_a_proxy_that_does_not_say_who_asks(behind, tmp_path):
    tls = certificate(tmp_path, 80)
    with proxy(behind, tls, forwards=False) as url:
        ask(behind, url, tls[0]).one("forwarding", "warning", "/metrics is readable", "TRUSTED_PROXY")


def test_a_server_that_trusts_no_proxy(behind, tmp_path):
    tls = certificate(tmp_path, 80)
    with proxy(behind, tls) as url:
        ask(behind, url, tls[0], trusted=False).one("forwarding", "warning", "trusted-proxy is not set")


def test_a_proxy_without_a_server_and_one_that_leads_elsewhere(behind, tmp_path):
    tls = certificate(tmp_path, 80)
    with proxy(behind, tls, status=502) as url:
        ask(behind, url, tls[0]).one("public address", "error", "does not reach the server .*502", "Start the server")
    with proxy(behind, tls, status=404) as url:
        ask(behind, url, tls[0]).one("public address", "error", "status 404")
    with proxy(behind, tls, keeps_id=False) as url:
        ask(behind, url, tls[0]).one("public address", "warning", "without leadblock's header")
    with socket.socket() as taken:  # so that no other server gets the port
        taken.bind(("127.0.0.1", 0))
        ask(behind, f"https://127.0.0.1:{taken.getsockname()[1]}", tls[0]).one("public address", "error", "does not answer")


def test_links_that_lead_to_the_machine_itself_alone_are_noted(tmp_path):
    def said(**env):
        return Doctor("--data", tmp_path / "data", env=env).said("public address")
    assert run("workspace", "create", "A", "--plan", "pro", "--data", tmp_path / "data").code == 0
    ((state, text),) = said(LEADBLOCK_LISTEN="0.0.0.0:0")
    assert state == "note" and "no other one can open them" in text
    assert said(LEADBLOCK_LISTEN="0.0.0.0:0", LEADBLOCK_DASHBOARD="false") == said(LEADBLOCK_LISTEN="127.0.0.1:0") == []
