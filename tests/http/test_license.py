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

    def end(self, plan):
        self.server.end_license(self.tenant.workspace, plan)


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
    scene = Licensed(server, plan)
    scene.end(plan)
    expect.error(scene.api.post(scene.path, BLOCK), 403, "license_expired")
    assert expect.ok(scene.api.get(scene.path)) == []


@pytest.fixture(params=["starter", "expired pro", "expired agency", "expired starter"])
def weak(request, server):
    plan = request.param.split()[-1]
    scene = Licensed(server, "pro")
    scene.api.post(scene.path, {"publicIdentifiers": ["blocked-before"], "reason": "r"})
    scene.ids = prepare(scene.tenant)
    if "expired" in request.param:
        scene.end(plan)
    else:
        scene.plan(plan)
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
    scene.end("agency")
    expect.error(scene.api.post(scene.path, BLOCK), 403, "license_expired")
    scene.plan("agency", "2999-12-31")
    expect.blocked_result(scene.api.post(scene.path, BLOCK), 0)


def test_an_end_in_the_past_is_refused_for_licenses_and_keys(server, operator):
    scene = Licensed(server, "pro")
    workspace, past = scene.tenant.workspace, "2020-01-01"
    api = operator.api_for(workspace)
    for response in (api.post("/workspaces", {"name": "x", "plan": "pro", "expiresAt": past}),
                     api.put(f"/workspaces/{workspace}/plan", {"plan": "agency", "expiresAt": past}),
                     api.post("/keys", {"name": "x", "expiresAt": past})):
        body = expect.error(response, 400, "invalid_body")
        assert body["message"] == '"expiresAt" lies in the past: give a date to come.'
    for command in (["workspace", "create", "x", "--plan", "pro"],
                    ["workspace", "set-plan", workspace, "pro"],
                    ["key", "create", workspace, "--name", "x"]):
        result = server.run(*command, "--expires", past)
        assert result.code != 0 and "lies in the past" in result.err
    expect.blocked_result(scene.api.post(scene.path, BLOCK), 1)
