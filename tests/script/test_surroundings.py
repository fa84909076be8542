"""What the caller hands down (ignored signals, a mask, umask, locale) does not reach what tests start."""

import os
import signal
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
SHOW = """
import subprocess, sys
sys.path.insert(0, sys.argv[1])
import support
subprocess.run(["sh", "-c", "grep -E '^(SigBlk|SigIgn|Umask)' /proc/self/status; env"])
"""
BACKGROUND = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM, signal.SIGCHLD)


def hand_down():
    for number in BACKGROUND:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGUSR1})
    os.umask(0o077)


def test_a_run_in_the_background_is_as_one_at_the_terminal():
    env = {**os.environ, "PGHOST": "elsewhere", "LC_ALL": "xx_XX", "TZ": "Asia/Tokyo",
           "TMPDIR": "/nowhere", "no_proxy": "example.com"}
    out = subprocess.run([sys.executable, "-c", SHOW, TESTS], env=env, preexec_fn=hand_down,
                         capture_output=True, text=True, check=True).stdout
    told = dict(line.split(":\t") for line in out.splitlines() if ":\t" in line)
    libc = 1 << 31 | 1 << 32  # signals that glibc keeps to itself
    assert int(told["SigBlk"], 16) == 0
    assert int(told["SigIgn"], 16) & ~libc == 0
    assert told["Umask"] == "0022"
    env = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
    assert not {"PGHOST", "LC_ALL", "TZ", "TMPDIR"} & env.keys()
    assert env["LANG"] == "C.UTF-8"
    assert env["no_proxy"].split(",") == ["example.com", "127.0.0.1", "0.0.0.0", "localhost"]
