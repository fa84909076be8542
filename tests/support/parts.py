"""A database of which a part can be away: a proxy refuses each statement that wants rows of these workspaces."""

from contextlib import contextmanager

from . import postgres
from .proxy import Proxy


class Parts:
    def __init__(self, database, proxy):
        self.database = database
        self.proxy = proxy

    def sql(self, statement):
        return postgres.shared().psql(statement, database=postgres.database_of(self.database))

    def numbers(self, tenants):
        """What the tables call the workspaces of these tenants, for `away` of the proxy."""
        ids = ", ".join(f"'{tenant.workspace}'" for tenant in tenants)
        rows = self.sql(f"SELECT workspace_id FROM leadblock.workspace WHERE id IN ({ids})")
        return {int(row) for row in rows.split("\n")}


@contextmanager
def database_in_parts():
    """A fresh one, and the proxy in front of it."""
    database = postgres.shared().create_database()
    with Proxy.to(database) as proxy:
        yield database, proxy
    postgres.shared().drop_database(database)
