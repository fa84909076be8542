"""One server for all tests that do not need their own; a workspace per module, a campaign per test.

The server trusts the loopback as a proxy, so that a test that spends failed keys can do so from an
address of its own (X-Forwarded-For).
"""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import client, people  # noqa: E402
from support.openapi import Description  # noqa: E402
from support.server import Server  # noqa: E402

# Every answer of these tests is as docs/openapi.yaml describes it, or its test fails.
description = Description()
client.observe = description.check


def pytest_terminal_summary(terminalreporter):
    """How many answers were compared; which, is added to the file that LEADBLOCK_TEST_ANSWERS names."""
    report = description.report()
    terminalreporter.write_line(
        f"{sum(description.checked.values())} answers compared with docs/openapi.yaml, of "
        f"{len(report)} kinds; {len(description.wrong)} differ")
    if path := os.environ.get("LEADBLOCK_TEST_ANSWERS"):
        lines = "\n".join([*report, *description.wrong, ""]).encode()
        with open(path, "ab", buffering=0) as out:  # `--quick` runs several at once: one write each
            out.write(lines)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    """An answer that differs fails the run, also where its test caught the error."""
    if description.wrong and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


class SharedServer(Server):
    """Ends with the run alone: after a restart it has another port, which the connections and sessions
    that tests share do not know. A test that ends a server takes `own`."""

    in_use = False

    def terminate(self):
        assert not self.in_use, "all tests share this server: take `own`"
        super().terminate()

    def kill(self):
        assert not self.in_use, "all tests share this server: take `own`"
        super().kill()


@pytest.fixture(scope="session")
def server():
    server = SharedServer("--trusted-proxy", "127.0.0.0/8").start()
    server.in_use = True
    try:
        yield server
        server.in_use = False
        server.stop()
    finally:
        server.in_use = False
        server.kill()
        server.remove()


@pytest.fixture
def own():
    """A server that the test may stop and kill."""
    with Server() as server:
        yield server


@pytest.fixture(scope="module")
def tenant(server):
    """A workspace on the pro plan that the tests of one module share."""
    return server.tenant("pro")


@pytest.fixture(scope="module")
def api(tenant):
    return tenant.api


@pytest.fixture
def campaign(tenant):
    """The id of a new campaign in the module's workspace."""
    return tenant.campaign()


@pytest.fixture
def fresh(server):
    """A workspace on the pro plan that nobody else touches."""
    return server.tenant("pro")


@pytest.fixture(scope="module")
def other(server):
    """Somebody else's workspace."""
    return server.tenant("agency")


@pytest.fixture(scope="session")
def operator(server):
    """Somebody who may do everything, signed in; never sign out or delete."""
    return people.person(server, "operator")


@pytest.fixture(scope="module")
def member(server, tenant):
    """A member of the module's workspace, signed in."""
    return people.person(server, "member", tenant.workspace)


@pytest.fixture(scope="module")
def viewer(server, tenant):
    return people.person(server, "viewer", tenant.workspace)
