"""Marks for tests that are not for every backend."""

import pytest

from .server import on_postgresql


def sqlite_only(reason):
    """Skips a test under PostgreSQL."""
    return pytest.mark.skipif(on_postgresql(), reason=f"of SQLite alone: {reason}")
