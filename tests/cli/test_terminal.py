"""What reaches a terminal: nothing that steers it, whatever a server says. And lists that end."""

import fcntl
import os
import pty
import struct
import subprocess
import termios

import pytest

from fake import Fake
from tests.support.server import binary, run
from tests.support.terminal import all_of

HOSTILE = ("\x1b]0;pwned\x07", "\x1b[2J", "\u009b31m", "\r\x1b[K", "\u202egnp.exe", "\u2066x\u2069",
           "\u200f", "\u200b", "\u2028", "\ufeff", "\U000e0041", "\x08", "\x7f")
FINE = "Jos\u00e9 \u4e2d\u6587 \U0001f469\u200d\U0001f680 \u0627"


def on_a_terminal(*args, env, stderr_too=True, columns=0):
    """The bytes that a terminal gets from a command, and its exit code."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen([binary(), *args], stdin=subprocess.DEVNULL, stdout=theirs,
                               stderr=theirs if stderr_too else subprocess.DEVNULL,
                               env={**os.environ, **env})
    os.close(theirs)
    shown = all_of(ours)
    return shown.replace("\r\n", "\n"), process.wait(20)


def is_harmless(shown):
    return not any(char in shown for text in HOSTILE for char in text
                   if not (char.isascii() and char.isprintable()))


def rows(*reasons):
    return [{"publicIdentifier": f"p{i}", "createdAt": "2026-11-28T10:00:00.000Z",
             "reason": reason} for i, reason in enumerate(reasons)]


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_list_on_a_terminal_shows_what_would_steer_it_as_numbers(more):
    with Fake(lambda request: (200, rows(*HOSTILE, FINE), {})) as fake:
        shown, code = on_a_terminal("list", "q1", *more, env=fake.env)
        assert code == 0 and is_harmless(shown), shown
        assert "\\u202egnp.exe" in shown and "\\udb40\\udc41" in shown
        assert FINE in shown or more


def test_a_cell_does_not_end_its_line():
    with Fake(lambda request: (200, rows("one\np9  2026  another"), {})) as fake:
        shown, _ = on_a_terminal("list", "q1", env=fake.env)
        assert len(shown.splitlines()) == 2 and "one p9" in shown, shown


IMPORT = {"importId": "im_4egcwve73sqn91xt", "startedAt": "2026-11-28T10:00:00.000Z", "state": "done",
          "action": "block", "blocked": 3, "campaignId": None, "scope": "workspace", "by": {"name": "ada@example.com"}}
HEADINGS = ["ID", "STARTED", "STATE", "ACTION", "LEADS", "LIST", "BY"]
CELLS = ["im_4egcwve73sqn91xt", "2026-11-28T10:00:00.000Z", "done", "block", "3", "workspace", "ada@example.com"]


@pytest.mark.parametrize("columns", [0, 80, 94])
def test_rows_that_do_not_fit_the_terminal_have_a_line_for_each_cell(columns):
    """A terminal that does not say has 80 columns. Of what is empty there is no line."""
    with Fake(lambda request: (200, [IMPORT, {**IMPORT, "by": {}}], {})) as fake:
        shown, _ = on_a_terminal("imports", env=fake.env, columns=columns)
    one, two = (row.splitlines() for row in shown.split("\n\n"))
    assert [line.split() for line in one] == [list(pair) for pair in zip(HEADINGS, CELLS)]
    assert two == one[:-1]
    assert len({line.index(cell) for line, cell in zip(one, CELLS)}) == 1


def test_rows_that_fit_are_lines_below_their_headings():
    with Fake(lambda request: (200, [IMPORT], {})) as fake:
        shown, _ = on_a_terminal("imports", env=fake.env, columns=95)
    assert [line.split() for line in shown.splitlines()] == [HEADINGS, CELLS]


def test_a_long_reason_alone_makes_no_other_table_of_a_list():
    with Fake(lambda request: (200, rows("why " * 60), {})) as fake:
        shown, _ = on_a_terminal("list", "q1", env=fake.env, columns=80)
    assert shown.startswith("IDENTIFIER  BLOCKED") and len(shown.splitlines()) == 2, shown


@pytest.mark.parametrize("args", [["list", "q1"], ["list", "q1", "--search", "x"], ["list", "q1", "--all-types"],
                                  ["imports"]])
def test_a_person_is_told_that_a_list_is_empty(args):
    with Fake(lambda request: (200, [], {})) as fake:
        shown, code = on_a_terminal(*args, env=fake.env)
        assert code == 0 and len(shown.splitlines()) == 1, shown
        piped = run(*args, env=fake.env)
        assert (piped.code, piped.out, piped.err) == (0, "", "")


def test_an_error_on_a_terminal_is_harmless():
    body = {"success": False, "code": "x\x1b[1m", "message": "".join(HOSTILE) + FINE}
    with Fake(lambda request: (400, body, {})) as fake:
        shown, code = on_a_terminal("block", "q1", "someone", env=fake.env)
        assert code != 0 and is_harmless(shown) and FINE in shown, shown


def test_a_pipe_gets_the_data_as_it_is():
    with Fake(lambda request: (200, rows("\u202egnp.exe", FINE), {})) as fake:
        result = run("list", "q1", env=fake.env)
        assert "\u202egnp.exe" in result.out and FINE in result.out


def test_a_character_that_is_written_in_two_parts_is_whole():
    name = "\u4e2d" * 5000  # longer than any buffer
    with Fake(lambda request: (200, rows(name, "\U0001f680" * 5000), {})) as fake:
        shown, _ = on_a_terminal("list", "q1", env=fake.env)
        assert name in shown and "\U0001f680" * 5000 in shown and "\ufffd" not in shown


@pytest.mark.parametrize("length", [1, 2, 3, 7, 40])
@pytest.mark.parametrize("json", [[], ["--json"]])
def test_a_list_whose_pages_go_round_ends(length, json):
    def answer(request):
        after = int(request["path"].rsplit("=", 1)[1]) if "cursor=" in request["path"] else 0
        following = after + 1 if after < 5 + length else 6
        return 200, rows("x"), {"Link": f'</v1/x?cursor={following}>; rel="next"'}

    with Fake(answer) as fake:
        result = run("list", "q1", *json, env=fake.env)
        assert result.code != 0 and "has no end" in result.err
        assert len(fake.requests) <= 5 + 4 * length + 16


def test_a_command_that_makes_a_database_says_that_no_server_runs_on_it(tmp_path):
    """A server that runs elsewhere, such as a package's, would refuse the link that was printed."""
    data = str(tmp_path / "data")
    said = f"This made a database in {data}, where no server runs yet."
    for email, is_new in (("ada@example.com", True), ("bob@example.com", False)):
        shown, code = on_a_terminal("user", "create", email, "--role", "operator", "--data", data, env={})
        assert code == 0 and "/#/link/" in shown, shown
        assert (said in shown) == is_new, shown
        assert "No other machine can open it. Set LEADBLOCK_PUBLIC_URL" in shown, shown
    quiet = run("workspace", "create", "Acme", "--plan", "pro", "--data", str(tmp_path / "other"))
    assert quiet.code == 0 and quiet.err == "", quiet.err


@pytest.mark.parametrize("stdout, reason", [("/dev/full", "No space left on device"), (None, "Bad file descriptor")])
@pytest.mark.parametrize("args", [["list", "q1"], ["imports"], ["export", "q1"], ["version"]], ids=" ".join)
def test_output_that_cannot_be_written_is_said(args, stdout, reason):
    def answers(request):
        return (200, "publicIdentifier\r\n", {"Content-Type": "text/csv"}) if args[0] == "export" else (200, rows("x"), {})
    with Fake(answers) as fake:
        to = f">{stdout}" if stdout else ">&-"
        result = subprocess.run(["sh", "-c", f'exec "$@" {to}', "sh", binary(), *args], stdin=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True, env={**os.environ, **fake.env}, timeout=30)
    assert result.returncode == 1 and result.stderr == f"leadblock: standard output: {reason}\n", result
