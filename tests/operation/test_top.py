"""leadblock top: what it prints once, and live at a terminal."""

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import socketserver
import struct
import subprocess
import tempfile
import termios
import threading
import time
import unicodedata
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from support.server import CONTROL, Server, binary, clean_environment, run, unique


@pytest.fixture(scope="module")
def busy():
    """A server at which two workspaces are at work."""
    with Server() as server:
        server.quiet = unique("Quiet")
        quiet = server.api(server.key(server.workspace(name=server.quiet)))
        quiet.post("/blocked-leads", {"leads": [{"publicIdentifier": "one"}]})
        tenant = server.tenant("agency")
        server.busy = tenant.workspace
        stop = threading.Event()

        def work():
            while not stop.is_set():
                tenant.api.post("/blocked-leads", {"leads": [{"publicIdentifier": unique()} for _ in range(5)]})
                tenant.api.post("/blocked-leads/check", {"publicIdentifiers": ["nobody-else", unique()]})

        thread = threading.Thread(target=work)
        thread.start()
        yield server
        stop.set()
        thread.join()


def judge(text):
    """The figures above the table, and its rows."""
    head, table = text.split("WORKSPACE", 1)
    numbers = {name: float(re.search(pattern, head)[1]) for name, pattern in {
        "requests": r"requests +(\d+)/s", "writes": r"writes +(\d+)/s", "commits": r"in (\d+) commits/s",
        "ms": r"each ([\d.]+) ms", "connections": r"connections (\d+)", "blocked": r"blocked +(\d+) leads"}.items()}
    rows = [line.split() for line in table.splitlines()[1:] if line.strip()]
    return numbers, rows


def at_work(text):
    """Not so in a second in which the machine had no time for the load of `busy`."""
    numbers, rows = judge(text)
    return all(value > 0 for value in numbers.values()) and float(rows[0][-6]) > 0 and float(rows[0][-4]) > 0


def test_once_it_prints_a_second_of_all_workspaces_with_the_busiest_first(busy):
    for _ in range(5):
        result = run("top", "--data", busy.data)
        assert result.code == 0 and not result.err and "\033" not in result.out, result
        if at_work(result.out):
            break
    assert at_work(result.out), result
    rows = {row[0]: row for row in judge(result.out)[1]}
    assert [float(rows[busy.quiet][column]) for column in (1, 3, 6)] == [0, 0, 1]


def width(text):
    """In columns of a terminal."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 0 if unicodedata.combining(one) else 1 for one in text)


@pytest.fixture(scope="module")
def many(busy):
    """With more workspaces than a terminal has lines, and names of all widths. The busiest ones have these."""
    for name in ["Größe für Äußerungen und Überraschungen", "株式会社サンプル商事マーケティング部", "e\u0301" * 30]:
        workspace = busy.workspace(name=name)
        leads = [{"publicIdentifier": unique()} for _ in range(900)]
        assert busy.api(busy.key(workspace)).post("/blocked-leads", {"leads": leads}).status == 200
    for _ in range(30):
        busy.workspace()
    return busy


@pytest.mark.parametrize("lines,columns,headings", [
    (24, 80, ["CHECKS/S", "BLOCKED", "%", "BLOCKS/S", "QUEUE", "KIB", "ENTRIES"]), (40, 50, ["CHECKS/S", "BLOCKS/S", "ENTRIES"]),
    (30, 38, ["CHECKS/S", "BLOCKS/S"]), (5, 100, None), (1, 1, None)], ids=lambda value: None if isinstance(value, list) else str(value))
def test_a_frame_has_room_in_its_terminal(many, lines, columns, headings):
    """Else the terminal scrolls, and lines go on below themselves."""
    with terminal_of(many, lines, columns) as (parent, _, _):
        frame = read_for(parent, 20, lambda text: text.count(b"\033[J") >= 2).split("\033[H")[1].split("\033[J")[0]
    shown = frame.replace("\033[K", "").replace("\r", "").split("\n")
    assert len(shown) <= lines, shown
    assert all(width(line) < columns for line in shown) or columns == 1, shown
    if headings:
        table = [line for line in shown[shown.index(""):] if line]
        assert len(shown) == lines and shown[0].startswith("leadblock "), shown
        assert table[0].split() == ["WORKSPACE", *headings]
        ends = {width(line) for line in table}
        assert len(ends) == 1, ("one below the other", table)


def read_for(terminal, seconds, until):
    seen = b""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not until(seen):
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                seen += os.read(terminal, 65536)
            except OSError:
                break
    return seen.decode(errors="replace")  # the end may be half a character


def drawn(seen):
    """The frames that are whole."""
    frames = seen.decode(errors="replace").split("\033[H")[1:]
    return [re.sub(r"\033\[\??\w+", "", frame).replace("\r", "") for frame in frames if "\033[J" in frame]


@contextlib.contextmanager
def terminal_of(server, lines, columns, before=(), **options):
    """Top at a terminal of that size: (our end, the process, whether the terminal is as it was before)."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    modes = termios.tcgetattr(child)
    process = subprocess.Popen([*before, binary(), "top", "--data", server.data], stdin=child, stdout=child,
                               stderr=child, env=clean_environment({"TERM": "xterm"}),
                               **(options or {"start_new_session": True}))
    try:
        yield parent, process, lambda: termios.tcgetattr(child) == modes
    finally:
        process.kill()
        process.wait()
        os.close(parent)
        os.close(child)


@pytest.mark.parametrize("key,signal_sent", [(b"q", None), (None, signal.SIGTERM)], ids=["q", "SIGTERM"])
def test_live_it_draws_again_and_leaves_the_terminal_as_it_was(busy, key, signal_sent):
    with terminal_of(busy, 24, 100) as (parent, process, untouched):
        seen = read_for(parent, 20, lambda text: len(drawn(text)) >= 2 and any(map(at_work, drawn(text))))
        assert seen.startswith("\033[?1049h\033[?25l"), seen
        assert len(drawn(seen.encode())) >= 2 and any(map(at_work, drawn(seen.encode()))), seen
        assert not untouched()
        if key:
            os.write(parent, key)
        else:
            process.send_signal(signal_sent)
        ended = read_for(parent, 10, lambda text: text.endswith(b"\033[?1049l"))
        assert ended.endswith("\033[?25h\033[?1049l"), ended
        assert process.wait(10) == 0
        assert untouched()


# Signals, at a stand-in for the server that knows when it is asked


class StandIn(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """At the socket of a data folder of its own. `on_fetch` is called when figures are asked for, with how
    many times that was before; the answer waits until it returns."""

    daemon_threads = True

    def __init__(self, workspaces=1):
        self.folder = tempfile.TemporaryDirectory(prefix="leadblock-test-")
        self.data = Path(self.folder.name)
        self.fetches = 0
        self.on_fetch = lambda number: None
        names = [f"{number} {'x' * 100}" for number in range(workspaces)]
        self.activity = json.dumps([{"name": name, "entries": 1} for name in names]).encode()
        super().__init__(str(self.data / CONTROL), StandInAnswer)

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
        self.thread.join()
        self.folder.cleanup()


class StandInAnswer(BaseHTTPRequestHandler):
    def do_GET(self):
        metrics = self.path == "/metrics"
        if metrics:
            self.server.fetches += 1
            self.server.on_fetch(self.server.fetches - 1)
        body = b"leadblock_entries 1\n" if metrics else self.server.activity
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4" if metrics else "application/json")
        self.send_header("Content-Length", str(len(body)))
        with contextlib.suppress(ConnectionError):  # it may have ended
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_):
        pass

    def address_string(self):
        return "top"


BEGIN, END = "\033[?1049h\033[?25l", "\033[?25h\033[?1049l"


def frames(count):
    return lambda seen: seen.count(b"\033[J") >= count


def leaves(parent, process, untouched, told=lambda: None):
    """Told so, it ends well and gives the terminal back."""
    told()
    ended = read_for(parent, 20, lambda seen: seen.endswith(END.encode()))
    assert ended.endswith(END), ended[-500:]
    assert process.wait(20) == 0 and untouched()
    return ended


def press_q(parent):
    return lambda: os.write(parent, b"q")


def test_a_window_that_changes_while_figures_are_fetched_ends_nothing():
    with StandIn() as server, terminal_of(server, 24, 100) as (parent, process, untouched):
        server.on_fetch = lambda number: [process.send_signal(signal.SIGWINCH) for _ in range(5)] if number else None
        seen = read_for(parent, 20, frames(6))
        assert seen.count("\033[J") >= 6, seen
        leaves(parent, process, untouched, press_q(parent))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_silent_server_keeps_no_one_from_ending_it(number):
    asked, over = threading.Event(), threading.Event()
    with StandIn() as server, terminal_of(server, 24, 100) as (parent, process, untouched):
        server.on_fetch = lambda before: before and (asked.set(), over.wait(60))
        try:
            assert asked.wait(20)
            assert "gave up" not in leaves(parent, process, untouched, lambda: process.send_signal(number))
        finally:
            over.set()


@pytest.mark.parametrize("number", [signal.SIGWINCH, signal.SIGTERM])
def test_a_signal_cuts_no_frame_short(number):
    """What a terminal takes at once is far less than this frame: while the rest is not read, it is being written."""
    with StandIn(workspaces=3000) as server, terminal_of(server, 3000, 250) as (parent, process, untouched):
        begun = read_for(parent, 20, lambda seen: b"WORKSPACE" in seen)
        assert "WORKSPACE" in begun and "\033[J" not in begun
        process.send_signal(number)
        if number == signal.SIGTERM:
            leaves(parent, process, untouched)
            return
        seen = begun + read_for(parent, 30, frames(2))
        whole = seen.split("\033[J")
        assert len(whole) > 2 and "\n2990 x" in whole[0] and "\n2990 x" in whole[1]
        leaves(parent, process, untouched, press_q(parent))


def test_a_terminal_that_takes_nothing_keeps_no_one_from_ending_it():
    """A connection that is stuck, or ^S. Nothing is read from the terminal until it has ended."""
    with StandIn(workspaces=3000) as server, terminal_of(server, 3000, 250) as (parent, process, untouched):
        assert "WORKSPACE" in read_for(parent, 20, lambda seen: b"WORKSPACE" in seen)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0 and untouched()


def test_a_stop_gives_the_terminal_back_and_takes_it_again(busy):
    """What ^Z and fg do. In a group of its own that is not left alone in its session: else it could not stop."""
    with terminal_of(busy, 24, 100, process_group=0) as (parent, process, untouched):
        assert read_for(parent, 20, frames(1)).startswith(BEGIN)
        process.send_signal(signal.SIGTSTP)
        assert read_for(parent, 20, lambda seen: END.encode() in seen).endswith(END)
        stopped = None
        end = time.monotonic() + 20
        while not stopped and time.monotonic() < end:
            stopped = os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT | os.WNOHANG)
            time.sleep(0.01)
        assert stopped and stopped.si_status == signal.SIGTSTP and untouched()
        process.send_signal(signal.SIGCONT)
        seen = read_for(parent, 20, frames(2))
        assert seen.startswith(BEGIN) and seen.count("\033[J") >= 2 and not untouched()
        leaves(parent, process, untouched, press_q(parent))


def test_after_a_stop_from_elsewhere_it_draws_all_again(busy):
    with terminal_of(busy, 24, 100) as (parent, process, untouched):
        assert read_for(parent, 20, frames(1)).startswith(BEGIN)
        process.send_signal(signal.SIGSTOP)
        process.send_signal(signal.SIGCONT)
        assert BEGIN in read_for(parent, 20, lambda seen: BEGIN.encode() in seen)
        leaves(parent, process, untouched, press_q(parent))


def test_what_was_ignored_before_stays_ignored(busy):
    """As nohup has it."""
    with terminal_of(busy, 24, 100, before=["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"]) as (parent, process, untouched):
        assert read_for(parent, 20, frames(1)).startswith(BEGIN)
        process.send_signal(signal.SIGHUP)
        seen = read_for(parent, 20, frames(2))
        assert seen.count("\033[J") >= 2 and END not in seen
        leaves(parent, process, untouched, press_q(parent))


def test_a_server_that_goes_is_named_where_it_can_be_read():
    """Not in the view, which vanishes."""
    with StandIn() as server, terminal_of(server, 24, 100) as (parent, process, untouched):
        read_for(parent, 20, frames(1))
        server.shutdown()
        server.server_close()
        ended = read_for(parent, 20, lambda seen: b"no figures" in seen)
        assert "leadblock: ended" in ended.split(END)[1]
        assert process.wait(20) == 1 and untouched()


def test_without_a_server_it_says_so(tmp_path):
    result = run("top", "--data", tmp_path)
    assert result.code == 1 and "no server" in result.err and list(tmp_path.iterdir()) == [], result
