"""The throw-away clusters: what they leave behind, and what a pair keeps."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from support import postgres

PROGRAM = Path(postgres.__file__)
SHOW = ('psql -XqAt "$LEADBLOCK_TEST_POSTGRES" -c "SELECT 1"; '
        'psql -XqAt "$LEADBLOCK_TEST_POSTGRES_URI" -c "SHOW data_directory"')


def start(folder, command):
    folder.chmod(0o755)
    return subprocess.Popen([sys.executable, PROGRAM, "run", "--", "sh", "-c", command],
                            env={**os.environ, "TMPDIR": str(folder)}, stdout=subprocess.PIPE,
                            text=True)


@pytest.fixture
def folder():
    """One that other users may enter, unlike tmp_path."""
    with tempfile.TemporaryDirectory(prefix="leadblock-test-") as folder:
        yield Path(folder)


def nothing_is_left(folder):
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    assert str(folder) not in running
    assert list(folder.iterdir()) == []


def test_a_command_runs_with_a_cluster_that_is_gone_afterwards(folder):
    process = start(folder, SHOW + "; exit 7")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 7
    one, data = out.splitlines()
    assert one == "1" and data.startswith(str(folder))
    nothing_is_left(folder)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_nothing_behind(folder, number):
    process = start(folder, "echo here; exec sleep 60")
    assert process.stdout.readline() == "here\n"
    process.send_signal(number)
    assert process.wait(60) == 130
    process.stdout.close()
    nothing_is_left(folder)


def test_a_pair_that_fails_over_keeps_what_was_committed():
    with postgres.Pair() as pair:
        uri = pair.create_database()

        def ask(statement):
            return subprocess.run([postgres.tool("psql"), "-XqAt", "-d", uri, "-c", statement],
                                  check=True, capture_output=True, text=True).stdout.strip()

        ask("CREATE TABLE proof (number integer)")
        for number in range(3):
            ask(f"INSERT INTO proof VALUES ({number})")
            former = pair.primary.port
            pair.fail_over()
            assert ask("SELECT inet_server_port()") == str(pair.primary.port) != str(former)
            assert ask("SELECT count(*) FROM proof") == str(number + 1)
