"""What one workspace reads for long is read in turns, between which others are answered."""

from concurrent.futures import ThreadPoolExecutor

from support import expect, postgres
from support.nodes import Nodes
from support.proxy import Proxy
from support.waiting import eventually

PAGES = 400
PAUSE = 0.05  # of each piece on its way to the database: all pages take 20 s, a turn of another one a fraction

# Leads of campaigns that were deleted, and are not removed yet.
LEADS = """INSERT INTO leadblock.lead_name (workspace_id, name, campaign, lead)
    SELECT workspace_id, 'ann-doe', 1000000 + n, n FROM leadblock.workspace, generate_series(1, %d) AS n
    WHERE id = '%s'"""


class Counting(Proxy):
    """Counts the pages that are asked for."""

    counted = 0

    def see(self, frontend, message):
        super().see(frontend, message)
        self.counted += frontend.binds(message, b"SELECT campaign, lead FROM leadblock.lead_name")


def test_pages_without_a_lead_that_is_shown_are_passed_over_in_turns():
    database = postgres.shared().create_database()
    try:
        with ThreadPoolExecutor(1) as pool, Counting.to(database) as proxy, \
                Nodes(1, "--readers", "1", database=database, reach=lambda _: proxy.uri(database)) as nodes:
            (tenant,), (other,) = nodes.tenants("agency"), nodes.tenants("agency")
            postgres.shared().psql(LEADS % (PAGES, tenant.workspace), postgres.database_of(database))
            proxy.delay(to_server=PAUSE)
            api = nodes[0].api(tenant.key, timeout=100)
            looking = pool.submit(api.get, "/leads?publicIdentifier=ann-doe&take=1")
            eventually(lambda: proxy.counted >= 5)
            assert expect.ok(other.api.get("/leads?publicIdentifier=bob-roe")) == []
            assert proxy.counted < PAGES  # those that are left come after the other's answer
            proxy.delay()
            assert expect.ok(looking.result()) == []
            assert proxy.counted >= PAGES
    finally:
        postgres.shared().drop_database(database)
