"""leadblock top: what it prints once, and live at a terminal."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
import unicodedata

import pytest

from support.server import Server, binary, clean_environment, run, unique


@pytest.fixture(scope="module")
def busy():
    """A server at which two workspaces are at work."""
    with Server() as server:
        quiet = server.tenant()
        quiet.api.post("/blocked-leads", {"leads": [{"publicIdentifier": "one"}]})
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
    head, table = text.split("WORKSPACE", 1)
    numbers = {name: float(re.search(pattern, head)[1]) for name, pattern in {
        "requests": r"requests +(\d+)/s", "writes": r"writes +(\d+)/s", "commits": r"in (\d+) commits/s",
        "ms": r"each ([\d.]+) ms", "connections": r"connections (\d+)", "blocked": r"blocked +(\d+) leads"}.items()}
    assert all(value > 0 for value in numbers.values()), (numbers, head)
    rows = [line.split() for line in table.splitlines()[1:] if line.strip()]
    return rows


def test_once_it_prints_a_second_of_all_workspaces_with_the_busiest_first(busy):
    result = run("top", "--data", busy.data)
    assert result.code == 0 and not result.err and "\033" not in result.out, result
    first, second = judge(result.out)
    checks, blocks = float(first[1]), float(first[3])
    assert checks > 0 and blocks > 0
    assert [float(cell) for cell in (second[1], second[3], second[6])] == [0, 0, 1]


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
    return seen.decode()


@contextlib.contextmanager
def terminal_of(server, lines, columns):
    """Top at a terminal of that size: (our end, the process, whether the terminal is as it was before)."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    before = termios.tcgetattr(child)
    process = subprocess.Popen([binary(), "top", "--data", server.data], stdin=child, stdout=child, stderr=child,
                               env=clean_environment({"TERM": "xterm"}), start_new_session=True)
    try:
        yield parent, process, lambda: termios.tcgetattr(child) == before
    finally:
        process.kill()
        process.wait()
        os.close(parent)
        os.close(child)


@pytest.mark.parametrize("key,signal_sent", [(b"q", None), (None, signal.SIGTERM)], ids=["q", "SIGTERM"])
def test_live_it_draws_again_and_leaves_the_terminal_as_it_was(busy, key, signal_sent):
    with terminal_of(busy, 24, 100) as (parent, process, untouched):
        seen = read_for(parent, 20, lambda text: text.count(b"WORKSPACE") >= 2)
        assert seen.startswith("\033[?1049h\033[?25l") and seen.count("WORKSPACE") >= 2, seen
        assert not untouched()
        judge(re.sub(r"\033\[\??\w+", "", seen.split("\033[H")[1]).replace("\r", ""))
        if key:
            os.write(parent, key)
        else:
            process.send_signal(signal_sent)
        ended = read_for(parent, 10, lambda text: text.endswith(b"\033[?1049l"))
        assert ended.endswith("\033[?25h\033[?1049l"), ended
        assert process.wait(10) == 0
        assert untouched()


def test_without_a_server_it_says_so(tmp_path):
    result = run("top", "--data", tmp_path)
    assert result.code == 1 and "no server" in result.err and list(tmp_path.iterdir()) == [], result
