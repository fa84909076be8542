"""One person by several names: LinkedIn names and member ids that were seen together."""

import pytest

from support import expect
from support.campaigns import (Campaign, block_everywhere, member_id, names, undo,
                               unblock_everywhere)
from support.server import Server, Tenant, sqlite_only

ANNA, OLD, NEW = member_id(1), "anna-old", "anna-new"
SALES = "ACwAA" + ANNA[5:]


def link(api, *pairs):
    answer = api.post("/people/link", {"links": [
        {"memberId": member, "publicIdentifier": name} for member, name in pairs]})
    body = expect.ok(answer)
    return body["linked"], body["known"], body["conflicts"], answer.header("x-change-id")


def check(api, name, campaign=None):
    """What the check of a campaign says, or of the workspace."""
    path = f"/campaigns/{campaign.id}" if campaign else ""
    if campaign:
        return expect.ok(api.get(f"{path}/blocked-leads/{name}"))
    found = expect.ok(api.post("/blocked-leads/check?details=true",
                               {"publicIdentifiers": [name]}))
    return found[0]


def is_blocked(api, *asked):
    """Of each name: asked for in each way, which all say the same."""
    lists = expect.ok(api.post("/blocked-leads/check", {"publicIdentifiers": list(asked)}))
    said = [name in lists["blocked"] for name in asked]
    assert [check(api, name)["blocked"] for name in asked] == said
    leads = [{"memberId" if name.startswith("AC") else "publicIdentifier": name} for name in asked]
    assert [lead["blocked"] for lead in expect.ok(api.post("/check", {"leads": leads}))] == said
    assert [expect.ok(api.get(f"/blocked-leads/{name}"))["blocked"] for name in asked] == said
    return said


def test_a_block_of_one_name_holds_for_the_others(fresh):
    api = fresh.api
    assert link(api, (ANNA, OLD), (ANNA, NEW))[:3] == (2, 0, 0)
    block_everywhere(api, OLD)
    assert is_blocked(api, OLD, NEW, ANNA, "anna") == [True, True, True, False]
    assert check(api, NEW)["matched"] == {"type": "publicIdentifier", "value": OLD}
    assert "matched" not in check(api, OLD)
    unblock_everywhere(api, OLD)
    assert is_blocked(api, OLD, NEW, ANNA) == [False, False, False]


def test_links_are_learnt_from_leads(fresh):
    campaign = Campaign(fresh, {"publicIdentifier": OLD, "memberId": ANNA})
    block_everywhere(fresh.api, OLD)
    later = Campaign(fresh, {"publicIdentifier": NEW, "memberId": ANNA}, "joe")
    assert names(later.claim()) == ["joe"]
    assert campaign.claim() == []
    other = Campaign(fresh, NEW, ANNA, "jim")
    assert names(other.claim()) == ["jim"]
