"""Leads, steps and activities of another workspace answer exactly like missing ones.

Campaigns of another workspace, and keys that may only read, are in test_auth.py."""

import re

import pytest

from endpoints import ENDPOINTS
from support import expect
from support.campaigns import Campaign, prepare

MISSING = "999999999"
CODES = {"lead": "lead_not_found", "step": "step_not_found", "activity": "activity_not_found"}
BY_ID = [(kind, endpoint) for kind in CODES for endpoint in ENDPOINTS
         if f"{{{kind}}}" in endpoint.path]
BELOW_CAMPAIGNS = [endpoint for _, endpoint in BY_ID if endpoint.in_campaign]


class Scene:
    def __init__(self, server):
        self.owner = server.tenant("pro")
        self.stranger = server.tenant("agency")
        self.ids = prepare(self.owner)
        self.campaign = f"/campaigns/{self.ids['c']}"

    def snapshot(self):
        return [expect.ok(self.owner.api.get(self.campaign + path))
                for path in ("", "/leads", "/sequence", "/activities", "/blocked-leads")]


@pytest.fixture(scope="module")
def scene(server):
    return Scene(server)


def missing(identity):
    """An id of the same form that was never given out."""
    return re.sub(r"(?<=_)\d+(?=_|$)", MISSING, identity)


def send(api, endpoint, ids):
    return api.call(endpoint.method, endpoint.target(ids), endpoint.data(ids),
                    headers=[("X-Request-Id", "same")])


def without_id(response, identity):
    drop = {"date", "content-length"}
    headers = [header for header in response.headers if header[0].lower() not in drop]
    return response.status, headers, response.body.replace(identity.encode(), b"ID")


@pytest.mark.parametrize("kind, endpoint", BY_ID, ids=str)
def test_anothers_id_answers_exactly_like_a_missing_one(scene, kind, endpoint):
    before = scene.snapshot()
    theirs = scene.ids[kind]
    ids = {**prepare(scene.stranger), kind: theirs, "token": scene.ids["token"]}
    foreign = send(scene.stranger.api, endpoint, ids)
    unknown = send(scene.stranger.api, endpoint, {**ids, kind: missing(theirs)})
    expect.error(foreign, 404, CODES[kind])
    assert without_id(foreign, theirs) == without_id(unknown, missing(theirs))
    assert scene.snapshot() == before


@pytest.mark.parametrize("endpoint", BELOW_CAMPAIGNS, ids=str)
def test_anothers_id_below_anothers_campaign_answers_like_a_missing_campaign(scene, endpoint):
    before = scene.snapshot()
    expect.error(send(scene.stranger.api, endpoint, scene.ids), 404, "campaign_not_found")
    assert scene.snapshot() == before


def test_the_same_own_id_in_two_workspaces_is_two_campaigns(server):
    one = Campaign(server.tenant("pro"), "a-1", id="shared")
    two = Campaign(server.tenant("pro"), "b-2", id="shared")
    assert [lead["publicIdentifier"] for lead in one.leads()] == ["a-1"]
    (activity,) = two.claim()
    assert activity["publicIdentifier"] == "b-2"
    assert one.activities() == []
    expect.error(one.report(activity), 404, "activity_not_found")
    two.api.delete(two.path)
    assert one.work() and one.status == "completed"


def test_the_same_own_id_below_which_anothers_lead_and_step_are_asked_for(server):
    """The campaign's name is the same; what lies below is not."""
    one = Campaign(server.tenant("pro"), "a-1", id="shared", active=False)
    two = Campaign(server.tenant("pro"), "a-1", id="shared", active=False)
    before = one.sequence()
    path = f"{two.path}/steps/{before[0]['id']}"
    expect.error(two.api.delete(path), 404, "step_not_found")
    expect.error(two.api.put(path, {"delay": 5}), 404, "step_not_found")
    response = two.api.get(f"{two.path}/leads/{one.lead_id('a-1')}/explain")
    expect.error(response, 404, "lead_not_found")
    assert one.sequence() == before
