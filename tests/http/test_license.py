"""Which plan may do what: safety is not for sale, only blocks and claims need a valid license."""

import pytest

from endpoints import ANY_LICENSE, LICENSED
from support import expect
from support.campaigns import prepare

BLOCK = {"publicIdentifiers": ["john-doe"]}


class Licensed:
    def __init__(self, server, plan, expires=None):
        self.server = server
        self.tenant = server.tenant(plan)
        self.api = self.tenant.api
        self.campaign = self.tenant.campaign()
        self.path = f"/campaigns/{self.campaign}/blocked-leads"
        if expires:
            self.plan(plan, expires)

    def plan(self, plan, expires=None):
        self.server.admin("PUT", f"/admin/workspaces/{self.tenant.workspace}/plan",
                          {"plan": plan, "expiresAt": expires and f"{expires}T00:00:00Z"})


@pytest.mark.parametrize("plan", ["pro", "agency"])
def test_a_valid_license_may_block_in_a_campaign(server, plan):
    scene = Licensed(server, plan, "2999-01-01")
    expect.blocked_result(scene.api.post(scene.path, BLOCK), 1)


def test_starter_may_not_block_in_a_campaign(server):
    scene = Licensed(server, "starter")
    expect.error(scene.api.post(scene.path, BLOCK), 403, "license_required")
    assert expect.ok(scene.api.get(scene.path)) == []


@pytest.mark.parametrize("plan", ["pro", "agency"])
def test_an_expired_license_may_not_block_in_a_campaign(server, plan):
    scene = Licensed(server, plan, "2020-01-01")
    expect.error(scene.api.post(scene.path, BLOCK), 403, "license_expired")
    assert expect.ok(scene.api.get(scene.path)) == []


@pytest.fixture(params=["starter", "expired pro", "expired agency", "expired starter"])
def weak(request, server):
    plan = request.param.split()[-1]
    scene = Licensed(server, "pro")
    scene.api.post(scene.path, {"publicIdentifiers": ["blocked-before"], "reason": "r"})
    scene.ids = prepare(scene.tenant)
    scene.plan(plan, "2020-01-01" if "expired" in request.param else None)
    return scene


def send(weak, endpoint):
    return weak.api.call(endpoint.method, endpoint.target(weak.ids), endpoint.data(weak.ids))


@pytest.mark.parametrize("endpoint", ANY_LICENSE, ids=str)
def test_everything_but_campaign_blocks_and_claims_works_with_any_license(weak, endpoint):
    response = send(weak, endpoint)
    assert response.status in endpoint.success, response


@pytest.mark.parametrize("endpoint", LICENSED, ids=str)
def test_campaign_blocks_and_claims_need_a_valid_license(weak, endpoint):
    expect.error(send(weak, endpoint), 403, "license_required", "license_expired")


def test_blocks_made_before_still_hold_with_any_license(weak):
    body = expect.ok(weak.api.get(weak.path + "/blocked-before"))
    assert (body["blocked"], body["scope"], body["reason"]) == (True, "campaign", "r")
    expect.error(weak.api.post(weak.path, BLOCK), 403, "license_required", "license_expired")
    expect.unblocked_result(
        weak.api.delete(weak.path, {"publicIdentifiers": ["blocked-before"]}), 1)
    change = weak.api.post("/blocked-leads", {"leads": [{"publicIdentifier": "x-1"}]})
    expect.blocked_result(change, 1)
    assert expect.ok(weak.api.get(weak.path + "/x-1"))["scope"] == "workspace"
    (entry,) = expect.ok(weak.api.get("/blocked-leads"))
    expect.unblocked_result(weak.api.delete("/blocked-leads", [entry["id"]]), 1)


def test_a_new_plan_counts_at_once(server):
    scene = Licensed(server, "starter")
    expect.error(scene.api.post(scene.path, BLOCK), 403, "license_required")
    scene.plan("pro")
    expect.blocked_result(scene.api.post(scene.path, BLOCK), 1)
    scene.plan("agency", "2020-01-01")
    expect.error(scene.api.post(scene.path, BLOCK), 403, "license_expired")
    scene.plan("agency", "2999-12-31")
    expect.blocked_result(scene.api.post(scene.path, BLOCK), 0)


def test_a_workspace_may_be_born_expired(server):
    tenant = server.tenant("pro", "--expires", "2020-01-01")
    campaign = tenant.campaign()
    response = tenant.api.post(f"/campaigns/{campaign}/blocked-leads", BLOCK)
    expect.error(response, 403, "license_expired")
