"""Several nodes on one PostgreSQL database; see support/postgres.py for where that comes from."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import postgres  # noqa: E402
from support.nodes import Nodes  # noqa: E402


@pytest.fixture(scope="session")
def nodes():
    """Three nodes that no test stops."""
    with Nodes(3) as nodes:
        yield nodes


@pytest.fixture
def tenants(nodes):
    """A fresh workspace, as seen from each of them."""
    return nodes.tenants("agency")


@pytest.fixture(scope="session")
def mortal_cluster():
    with postgres.Cluster() as cluster:
        yield cluster


@pytest.fixture
def cluster(mortal_cluster):
    """A cluster that a test may stop."""
    if not mortal_cluster.runs():
        mortal_cluster.kill()
        mortal_cluster.start()
    return mortal_cluster
