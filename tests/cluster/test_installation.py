"""An entry of the installation's list that one node has acknowledged holds at all others."""

import itertools

import pytest

from support import expect, people
from support.campaigns import Campaign, member_id
from support.campaigns import names as names_of
from support.nodes import Nodes

LIST = "/installation/blocklist"
ROUNDS = 30


@pytest.fixture(scope="module")
def pair():
    """Two nodes, with an operator who is signed in at each."""
    with Nodes(2) as nodes:
        session = people.person(nodes[0], "operator")
        headers = [session.cookie, ("X-CSRF-Token", session.csrf)]
        yield nodes, [node.api(headers=headers) for node in nodes]


def entry(name):
    return {"entries": [{"publicIdentifier": name}]}


def test_another_node_obeys_at_once(pair):
    nodes, operators = pair
    tenants = nodes.tenants("agency")
    names = [f"everywhere-{number}" for number in range(ROUNDS)]
    campaign = Campaign(tenants[0], *names)
    for name, (here, there) in zip(names, itertools.cycle([(0, 1), (1, 0)])):
        api = tenants[there].api
        expect.ok(operators[here].post(LIST, entry(name)))
        told = expect.ok(api.get(f"{campaign.blocks}/{name}"))
        assert told["blocked"] and told["scope"] == "installation"
        expect.ok(operators[here].delete(LIST, entry(name)))
        assert expect.ok(api.get(f"{campaign.blocks}/{name}"))["blocked"] is False


def test_a_claim_at_another_node_hands_nothing_out(pair):
    nodes, operators = pair
    tenants = nodes.tenants("agency")
    names = [f"claimed-{number}" for number in range(ROUNDS)]
    for number, name in enumerate(names):
        here, there = number % 2, 1 - number % 2
        campaign = Campaign(tenants[there], {"publicIdentifier": name, "email": f"{name}@acme.com"})
        other = {"domain": f"x{number}.example.org"}
        named = [{"publicIdentifier": name}, {"email": f"{name}@acme.com"}][number // 2 % 2]
        expect.ok(operators[here].post(LIST, {"entries": [named, other]}))
        assert campaign.claim() == []


def test_leads_are_set_aside_and_put_back_by_whichever_node(pair):
    nodes, operators = pair
    tenants = nodes.tenants("agency")
    campaigns = [Campaign(tenant, *[{"publicIdentifier": f"{tenant.server.port}-{number}",
                                     "companyName": "Everywhere Inc"} for number in range(300)])
                 for tenant in tenants]
    company = {"entries": [{"company": "Everywhere"}]}
    for here, blocked in [(0, 300), (1, 0), (1, 300), (0, 0)]:
        expect.ok((operators[here].post if blocked else operators[here].delete)(LIST, company))
        for campaign in campaigns:
            campaign.await_blocked(blocked)


def test_a_node_that_starts_knows_the_list(pair):
    nodes, operators = pair
    tenants = nodes.tenants("agency")
    campaign = Campaign(tenants[0], "known-at-the-start")
    expect.ok(operators[0].post(LIST, entry("known-at-the-start")))
    node = nodes.add()
    assert campaign.seen_from(type(tenants[0])(node, tenants[0].workspace,
                                               tenants[0].key)).claim() == []


def link(api, member, *names):
    expect.ok(api.post("/people/link", {"links": [
        {"memberId": member, "publicIdentifier": name} for name in names]}))


def test_links_made_at_one_node_and_entries_at_another_meet(pair):
    nodes, operators = pair
    tenants = nodes.tenants("agency")
    for number in range(12):
        here, there = number % 2, 1 - number % 2
        old, new = f"name-before-{number}", f"name-since-{number}"
        campaign = Campaign(tenants[here], new)
        if number // 2 % 2:
            link(tenants[here].api, member_id(number + 1), old, new)
            expect.ok(operators[there].post(LIST, entry(old)))
        else:
            expect.ok(operators[there].post(LIST, entry(old)))
            link(tenants[here].api, member_id(number + 1), old, new)
        assert not any(campaign.seen_from(tenant).claim() for tenant in tenants)
        campaign.await_blocked(1)
        expect.ok(operators[here].delete(LIST, entry(old)))
        campaign.seen_from(tenants[there]).await_blocked(0)
        if campaign.status == "paused":
            campaign.activate()
        assert names_of(campaign.seen_from(tenants[there]).claim()) == [new]
