"""After a crash, leads, leases, tokens, steps and progress are as they were."""

import time

import pytest

from support import expect
from support.campaigns import (INVITATION, MESSAGE, VISIT, Campaign, block_everywhere, crowd,
                               member_id, names, undo)
from support.server import Server

PEOPLE = crowd(20)


@pytest.fixture
def own():
    with Server() as server:
        yield server


def restart(server, how):
    if how == "kill":
        server.kill()
    else:
        server.stop()
    server.start()


class Scene:
    """A workspace in the middle of its work; survives restarts of its server."""

    def __init__(self, server):
        self.server = server
        self.tenant = server.tenant()
        self.campaign = Campaign(self.tenant, *PEOPLE,
                                 {"publicIdentifier": "john-doe", "memberId": member_id(1),
                                  "firstName": "Zoë", "variables": {"topic": "tea"}},
                                 steps=[INVITATION, {**MESSAGE, "delay": 1}, VISIT],
                                 customVariables={"product": "Kettle"})
        self.draft = Campaign(self.tenant, "a-1", steps=[VISIT], active=False)

    def reconnect(self):
        api = self.server.api(self.tenant.key)
        self.tenant.api = self.campaign.api = self.draft.api = api

    def snapshot(self):
        api = self.tenant.api
        campaign = self.campaign
        return [expect.ok(api.get("/campaigns")),
                campaign.leads(), campaign.sequence(), self.draft.leads(),
                *[campaign.activities(state) for state in (
                    "claimed", "done", "replied", "failed", "scheduled", "skipped_blocked")],
                [campaign.explain(name) for name in names(campaign.leads())]]


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_everything_is_as_it_was_after_a_restart(own, how):
    scene = Scene(own)
    campaign = scene.campaign
    claimed = campaign.claim(most=12, lease=600)
    for activity, result in zip(claimed, ["done", "done", "replied", "failed", "retry"]):
        campaign.complete(activity, result, detail=f"detail of {result}", accepted=True)
    campaign.block(names(claimed)[0], names(claimed)[6], "blocked-later")
    block_everywhere(scene.tenant.api, member_id(1), "lead-00019")
    waiting = names(campaign.leads("status=waiting"))
    campaign.set_status(waiting[-1], "paused")
    campaign.delete_lead(waiting[-2])
    before = scene.snapshot()
    for _ in range(2):
        restart(own, how)
        scene.reconnect()
        assert scene.snapshot() == before
    assert campaign.complete(claimed[0]) == "active", "the report was repeated"
    assert campaign.complete(claimed[0], "replied") == "completed"
    assert campaign.complete(claimed[5]) == "active", "the old token works"
    body = expect.ok(campaign.report(claimed[6]))
    assert body["blocked"] is True
    expect.error(campaign.report({**claimed[7], "leaseToken": claimed[8]["leaseToken"]}), 409,
                 "lease_lost")
    again = names(campaign.claim())
    assert not set(again) & {*names(claimed), "john-doe", "lead-00019", waiting[-1], waiting[-2]}
    assert campaign.add("blocked-later", *PEOPLE[:3])[2] == 1


def test_ids_are_not_given_out_again_after_a_restart(own):
    tenant = own.tenant()
    leads, steps, activities, tokens = set(), set(), set(), set()
    for number in range(3):
        tenant.api = own.api(tenant.key)
        campaign = Campaign(tenant, "a-1", "b-2")
        claimed = campaign.claim()
        for seen, new in ((leads, [lead["id"] for lead in campaign.leads()]),
                          (steps, [step["id"] for step in campaign.sequence()]),
                          (activities, [activity["id"] for activity in claimed]),
                          (tokens, [activity["leaseToken"] for activity in claimed])):
            assert not seen & set(new)
            seen.update(new)
        campaign.delete_lead("b-2")
        if number:
            tenant.api.delete(campaign.path)
        restart(own, "kill")


def test_a_lease_runs_out_across_a_restart(own):
    campaign = Campaign(own.tenant(), "a-1")
    first = campaign.claim_one(lease=1)
    restart(own, "kill")
    campaign.api = own.api(campaign.tenant.key)
    time.sleep(1.1)
    second = campaign.claim_one()
    assert second["attempt"] == 2
    expect.error(campaign.report(first), 409, "lease_lost")
    assert campaign.complete(second) == "completed"


def test_a_campaign_that_a_block_completed_is_still_completed_and_wakes_up_paused(own):
    campaign = Campaign(own.tenant(), "a-1")
    change = block_everywhere(campaign.api, "a-1")
    assert campaign.status == "completed"
    restart(own, "kill")
    campaign.api = own.api(campaign.tenant.key)
    assert (campaign.status, campaign.progress) == ("completed", 100)
    undo(campaign.api, change)
    assert (campaign.status, campaign.progress) == ("paused", 0)
    restart(own, "kill")
    campaign.api = own.api(campaign.tenant.key)
    assert (campaign.status, campaign.progress) == ("paused", 0)
    campaign.activate()
    assert names(campaign.claim()) == ["a-1"]


def test_every_acknowledged_report_survives_a_kill(own):
    """Killed in the middle of the work, again and again: nobody is taken through a step twice."""
    tenant = own.tenant()
    campaign = Campaign(tenant, *crowd(60), steps=[VISIT, VISIT])
    done = []
    for _ in range(6):
        for activity in campaign.claim(most=20, lease=600):
            campaign.complete(activity)
            done.append((activity["leadId"], activity["order"]))
        own.kill()
        own.start()
        campaign.api = own.api(tenant.key)
    assert len(done) == len(set(done)) == 120
    assert (campaign.status, campaign.progress) == ("completed", 100)
