"""Several servers on one PostgreSQL database."""

from . import postgres
from .server import Server, Tenant, on_postgresql


class Nodes:
    """So many nodes, each on a data folder of its own. Behaves as a list of Servers. One alone is
    on whatever a Server is on.

    database: the URI of one that somebody else makes and drops; `reach` may give each node its own
    way there: a function of the node's number that returns a URI."""

    def __init__(self, count, *args, database=None, reach=None):
        self.own_database = None
        if not database and (count > 1 or on_postgresql()):
            self.own_database = postgres.shared().create_database()
        self.database = database or self.own_database
        self.reach = reach or (lambda _: self.database)
        self.args = args
        self.servers = []
        self.count = count

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self.stop()
        finally:
            self.close()

    def __getitem__(self, number):
        return self.servers[number]

    def __len__(self):
        return len(self.servers)

    def alive(self):
        return all(server.alive() for server in self.servers)

    def log_text(self):
        return "".join(server.log_text() for server in self.servers)

    def start(self):
        for _ in range(self.count):
            self.add()
        return self

    def add(self):
        """Starts one more."""
        server = Server(*self.args, database=self.reach(len(self.servers)))
        self.servers.append(server)
        return server.start()

    def stop(self):
        for server in self.servers:
            if server.alive():
                server.stop()

    def kill(self):
        for server in self.servers:
            server.kill()

    def close(self, keep=False):
        self.kill()
        for server in self.servers:
            if keep:
                print(f"kept: {server.root}", flush=True)
            else:
                server.remove()
        if self.own_database:
            postgres.shared().drop_database(self.own_database)
            self.own_database = None

    def tenants(self, plan="pro", *args):
        """One workspace with one key, as seen from each node."""
        tenant = self.servers[0].tenant(plan, *args)
        return [tenant, *(Tenant(server, tenant.workspace, tenant.key)
                          for server in self.servers[1:])]
