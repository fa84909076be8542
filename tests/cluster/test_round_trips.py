"""A request that needs many rows reads them together: the database may be far away."""

import threading

from support import expect, postgres
from support.campaigns import VISIT, Campaign, crowd, member_id
from support.nodes import Nodes
from support.proxy import Proxy

CAMPAIGNS = 30
STEPS = 30
FEW = 8  # statements, however many leads or steps there are


class Counting(Proxy):
    """Counts the statements about leads."""

    def __init__(self, host, port):
        self.counted = 0
        self.counting = threading.Lock()
        super().__init__(host, port)

    def see(self, frontend, message):
        super().see(frontend, message)
        if frontend.binds(message, b"leadblock.lead"):
            with self.counting:
                self.counted += 1


def statements_of_a_look(proxy, tenant):
    proxy.counted = 0
    found = expect.ok(tenant.api.get("/leads?publicIdentifier=ann-doe&take=100"))
    assert len(found) == CAMPAIGNS
    return proxy.counted


def test_the_leads_of_a_person_are_read_together():
    database = postgres.shared().create_database()
    try:
        with Counting.to(database) as proxy, \
                Nodes(1, database=database, reach=lambda _: proxy.uri(database)) as nodes:
            (tenant,) = nodes.tenants("agency")
            for number in range(CAMPAIGNS):
                expect.ok(tenant.api.post("/campaigns", {"name": "C", "id": f"q{number}"}), 201)
                expect.ok(tenant.api.post(f"/campaigns/q{number}/leads", {"leads": [
                    {"publicIdentifier": "ann-doe", "memberId": member_id(7)}]}))
            counts = [statements_of_a_look(proxy, tenant) for _ in range(5)]
            assert 0 < min(counts) <= FEW, counts  # the least: other work may go on beside one
    finally:
        postgres.shared().drop_database(database)


def statements_of_a_claim(proxy, campaign):
    proxy.counted = 0
    activity = campaign.claim_one(most=1)
    counted = proxy.counted
    campaign.complete(activity)
    return counted


def test_in_which_queues_of_a_campaign_leads_wait_is_asked_at_once():
    """A lead waits in one of three queues of a step."""
    database = postgres.shared().create_database()
    try:
        with Counting.to(database) as proxy, \
                Nodes(1, database=database, reach=lambda _: proxy.uri(database)) as nodes:
            (tenant,) = nodes.tenants("agency")
            campaign = Campaign(tenant, *crowd(5), steps=[VISIT] * STEPS)
            counts = [statements_of_a_claim(proxy, campaign) for _ in range(5)]
            assert 0 < min(counts) <= FEW, counts
    finally:
        postgres.shared().drop_database(database)
