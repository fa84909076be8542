"""What a test run must not inherit from the shell, the service or the build server that starts it.

A job that was started with & or nohup hands down ignored signals, and everything that is executed
later keeps them. The same goes for a strict umask, a signal mask, PostgreSQL's and curl's variables,
a locale, and a low limit of open files. `settle` undoes all of that, for this process and for those
that it starts. `import support` calls it, so a test that is run by hand is covered too.
"""

import os
import resource
import signal
import tempfile

# Python ignores these by itself, and restores them in what it starts.
PYTHONS_OWN = {signal.SIGPIPE, signal.SIGXFSZ}
OPEN_FILES = 4096  # that the tests of many connections need


def _pass_over(*_):
    """A handler instead of SIG_IGN: this process goes on all the same, but a program that it starts
    has the default, because handlers do not survive an exec."""


def settle_signals():
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for number in signal.valid_signals() - PYTHONS_OWN:
        if signal.getsignal(number) is not signal.SIG_IGN:
            continue
        # With SIGCHLD ignored, nothing that ends can be waited for.
        signal.signal(number, signal.SIG_DFL if number == signal.SIGCHLD else _pass_over)


def settle_environment():
    for name in list(os.environ):
        if name.startswith(("PG", "LC_")) or name in ("LANGUAGE", "TZ", "PYTHONPATH"):
            del os.environ[name]
    os.environ["LANG"] = "C.UTF-8"
    for name in ("no_proxy", "NO_PROXY"):  # the servers are here, whatever the rest of the world needs
        os.environ[name] = ",".join(filter(None, [os.environ.get(name), "127.0.0.1", "0.0.0.0", "localhost"]))


def settle_temporary():
    """A folder that can be written to, and whose sockets have a name that is short enough."""
    folder = os.environ.get("TMPDIR")
    if folder and (len(folder) > 50 or not os.access(folder, os.W_OK | os.X_OK)):
        del os.environ["TMPDIR"]
        tempfile.tempdir = None


def settle_limits():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def settle():
    os.umask(0o022)
    settle_signals()
    settle_environment()
    settle_temporary()
    settle_limits()
