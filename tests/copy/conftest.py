"""Installations to copy from, and databases to copy to.

The tests that need PostgreSQL run when LEADBLOCK_TEST_POSTGRES_URI names a cluster, as under
`tests/support/postgres.py run --`.
"""

import os
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from installation import Place, World, fill, make  # noqa: E402
from support import postgres  # noqa: E402

PRESENT = postgres.URI in os.environ
needs_postgresql = pytest.mark.skipif(not PRESENT, reason=f"{postgres.URI} is not set")


@pytest.fixture(scope="session")
def storage():
    """Where the folders are."""
    with tempfile.TemporaryDirectory(prefix="leadblock-test-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def rich(storage):
    """A stopped installation in a folder that has something of everything, and what it answers."""
    return World(Place(storage / "rich"))


@pytest.fixture(scope="session")
def large(storage):
    """One with so many rows that copying takes a moment."""
    place = Place(storage / "large")
    make(place)
    fill(place, leads=60_000, entries=240_000)
    return place


@pytest.fixture
def folder(storage):
    """A folder that is not there yet."""
    with tempfile.TemporaryDirectory(dir=storage) as parent:
        yield Place(Path(parent) / "data")


@pytest.fixture
def database():
    """An empty PostgreSQL database."""
    if not PRESENT:
        pytest.skip(f"{postgres.URI} is not set")
    uri = postgres.shared().create_database()
    yield Place(None, uri)
    postgres.shared().drop_database(uri)


@pytest.fixture(params=["folder", "database"])
def target(request):
    """Either of them."""
    return request.getfixturevalue(request.param)
