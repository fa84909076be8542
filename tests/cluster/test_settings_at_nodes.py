"""Settings of campaigns hold at every node from the acknowledgement on, also when nodes work at once."""

import threading

import pytest

from support import expect
from support.campaigns import Campaign, names as names_of
from support.nodes import Nodes
from support.server import unique

ROUNDS = 20


@pytest.fixture(scope="module")
def tenants():
    """One workspace, seen from two nodes."""
    with Nodes(2) as nodes:
        yield nodes.tenants("agency")


def at_once(*works):
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def skipping(tenant, *leads):
    return Campaign(tenant, *leads, settings={"skipContacted": {"days": 30}})


def test_of_two_nodes_that_claim_at_once_one_contacts(tenants):
    crowd = [unique() for _ in range(200)]
    first, second = skipping(tenants[0], *crowd), skipping(tenants[0], *crowd)
    got = {0: [], 1: []}

    def work(number, campaign):
        while activities := names_of(campaign.claim(most=5)):
            got[number] += activities

    at_once(lambda: work(0, first), lambda: work(1, second.seen_from(tenants[1])))
    assert sorted(got[0] + got[1]) == sorted(crowd)
    assert first.skipped_contacted == len(got[1]) and second.skipped_contacted == len(got[0])


def test_a_setting_and_a_contact_of_one_node_hold_at_the_other(tenants):
    for number in range(ROUNDS):
        here, there = tenants[number % 2], tenants[1 - number % 2]
        name = unique()
        first, second = Campaign(here, name), Campaign(here, name)
        second.set(skipContacted={"days": 1})
        assert len(first.claim()) == 1
        assert second.seen_from(there).claim() == []


def test_a_reply_at_one_node_blocks_and_stops_colleagues_at_the_other(tenants):
    for number in range(ROUNDS):
        here, there = tenants[number % 2], tenants[1 - number % 2]
        company = f"Company {unique()}"
        leads = [{"publicIdentifier": unique(), "companyName": company} for _ in range(2)]
        campaign, other = Campaign(here, *leads), Campaign(here, leads[0])
        campaign.set(blockOnReply=True, stopColleagues=True)
        activity = campaign.claim_one(most=1)
        name = activity["publicIdentifier"]
        campaign.seen_from(there).complete(activity, "replied")
        assert campaign.claim() == []
        assert expect.ok(there.api.get(f"/blocked-leads/{name}"))["blocks"]
        if name == leads[0]["publicIdentifier"]:
            assert other.seen_from(there).claim() == []


def test_a_claim_races_with_a_reply_of_a_colleague(tenants):
    """What a claim that overlaps the reply hands out is out before the acknowledgement."""
    for _ in range(ROUNDS):
        company = f"Company {unique()}"
        campaign = Campaign(tenants[0], *[{"publicIdentifier": unique(), "companyName": company}
                                          for _ in range(30)],
                            settings={"stopColleagues": True})
        activity = campaign.claim_one(most=1)
        elsewhere = campaign.seen_from(tenants[1])

        def claim():
            while elsewhere.claim(most=3):
                pass

        at_once(claim, lambda: campaign.complete(activity, "replied"))
        assert campaign.claim() == [] and elsewhere.claim() == []
