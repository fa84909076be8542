"""leadblock top: what it prints once, and live at a terminal."""

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
    checks, blocks = float(first[1]), float(first[4])
    assert checks > 0 and blocks > 0
    assert [float(cell) for cell in (second[1], second[4], second[7])] == [0, 0, 1]


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


@pytest.mark.parametrize("key,signal_sent", [(b"q", None), (None, signal.SIGTERM)], ids=["q", "SIGTERM"])
def test_live_it_draws_again_and_leaves_the_terminal_as_it_was(busy, key, signal_sent):
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    before = termios.tcgetattr(child)
    process = subprocess.Popen([binary(), "top", "--data", busy.data], stdin=child, stdout=child, stderr=child,
                               env=clean_environment({"TERM": "xterm"}), start_new_session=True)
    seen = read_for(parent, 20, lambda text: text.count(b"WORKSPACE") >= 2)
    assert seen.startswith("\033[?1049h") and seen.count("WORKSPACE") >= 2, seen
    judge(re.sub(r"\033\[\??\w+", "", seen.split("\033[H")[1]).replace("\r", ""))
    if key:
        os.write(parent, key)
    else:
        process.send_signal(signal_sent)
    ended = read_for(parent, 10, lambda text: text.endswith(b"\033[?1049l"))
    assert ended.endswith("\033[?25h\033[?1049l"), ended
    assert process.wait(10) == 0
    assert termios.tcgetattr(child) == before
    os.close(parent)
    os.close(child)


def test_without_a_server_it_says_so(tmp_path):
    result = run("top", "--data", tmp_path)
    assert result.code == 1 and "no server" in result.err and list(tmp_path.iterdir()) == [], result
