"""Campaigns: create, list, read, delete, activate, pause."""

import json

import pytest

from support import expect
from support.campaigns import Campaign

FIELDS = {"id", "name", "status", "progress", "createdAt", "settings", "coreVariables",
          "customVariables", "linkedinAccounts", "analytics", "steps"}


def create(api, **body):
    return api.post("/campaigns", body)


def test_a_new_campaign_has_exactly_the_promised_fields(api):
    body = expect.ok(create(api, name="Q1 outreach"), 201)
    assert body.keys() == FIELDS
    created = body.pop("createdAt")
    identity = body.pop("id")
    assert expect.is_time(created) and identity
    nobody = dict.fromkeys(("waiting", "active", "paused", "completed", "error", "blocked",
                           "skippedContacted"), 0)
    assert body.pop("analytics") == {"acceptanceRate": 0, "responseRate": 0, "totalLeads": 0,
                                     "leads": nobody, "variants": []}
    assert body == {"name": "Q1 outreach", "status": "draft", "progress": 0, "settings": {},
                    "coreVariables": {}, "customVariables": {}, "linkedinAccounts": [], "steps": []}


def test_a_campaign_is_read_back_as_it_was_created(api):
    body = expect.ok(create(api, name='Für „Kunden“ "1" \\ 🎻'), 201)
    assert expect.ok(api.get(f"/campaigns/{body['id']}")) == body


def test_own_ids_are_kept(fresh):
    for own in ("a", "Z9_-", "0", "x" * 64, "123", "-", "_"):
        body = expect.ok(create(fresh.api, name="Own", id=own), 201)
        assert body["id"] == own
        assert expect.ok(fresh.api.get(f"/campaigns/{own}")) == body
        response = fresh.api.post(f"/campaigns/{own}/blocked-leads", {"publicIdentifiers": ["a-1"]})
        expect.blocked_result(response, 1)


def test_a_taken_id_is_409_and_changes_nothing(fresh):
    before = expect.ok(create(fresh.api, name="First", id="taken"), 201)
    expect.error(create(fresh.api, name="Second", id="taken"), 409, "already_exists")
    assert expect.ok(fresh.api.get("/campaigns")) == [before]


def test_ids_differ_by_case(fresh):
    expect.ok(create(fresh.api, name="Lower", id="case"), 201)
    expect.ok(create(fresh.api, name="Upper", id="CASE"), 201)
    fresh.api.post("/campaigns/case/blocked-leads", {"publicIdentifiers": ["a-1"]})
    assert expect.ok(fresh.api.get("/campaigns/CASE/blocked-leads")) == []


def test_two_workspaces_may_use_the_same_id(fresh, server):
    neighbour = server.tenant()
    expect.ok(create(fresh.api, name="Mine", id="shared"), 201)
    expect.ok(create(neighbour.api, name="Theirs", id="shared"), 201)
    path = "/campaigns/shared/blocked-leads"
    fresh.api.post(path, {"publicIdentifiers": ["a-1"]})
    assert expect.ok(neighbour.api.get(path)) == []
    assert neighbour.api.delete("/campaigns/shared").status in (200, 204)
    assert expect.ok(fresh.api.get("/campaigns/shared"))["name"] == "Mine"
    assert len(expect.ok(fresh.api.get(path))) == 1


@pytest.mark.parametrize("own", ["", "x" * 65, "a b", "a/b", "ü", "a.b", "a\n", "a\u0000", 5, [],
                                 {}, True], ids=repr)
def test_an_id_of_another_form_is_400(fresh, own):
    response = create(fresh.api, name="Bad", id=own)
    expect.error(response, 400, "invalid_body", "invalid_parameter")
    assert expect.ok(fresh.api.get("/campaigns")) == []


@pytest.mark.parametrize("body", [{}, {"id": "x"}, {"name": None}, {"name": 5}, {"name": []},
                                  {"name": ""}, {"name": "x" * 100_000}, {"name": "a\u0000b"},
                                  [], "name", None], ids=lambda body: repr(body)[:40])
def test_a_body_without_a_usable_name_is_400(fresh, body):
    expect.error(fresh.api.post("/campaigns", json.dumps(body)), 400, "invalid_body")
    assert expect.ok(fresh.api.get("/campaigns")) == []


def test_the_list_is_newest_first_with_a_total(fresh):
    made = [expect.ok(create(fresh.api, name=f"C {number}"), 201) for number in range(15)]
    response = fresh.api.get("/campaigns")
    assert expect.ok(response) == made[::-1][:10]
    assert response.header("x-total-count") == "15"
    assert expect.ok(fresh.api.get("/campaigns?skip=10")) == made[::-1][10:]
    assert expect.ok(fresh.api.get("/campaigns?skip=3&take=4")) == made[::-1][3:7]
    assert expect.ok(fresh.api.get("/campaigns?take=100")) == made[::-1]
    assert expect.ok(fresh.api.get("/campaigns?skip=15")) == []


@pytest.mark.parametrize("query", ["take=101", "take=-1", "take=x", "skip=-1", "skip=x", "take=",
                                   "status=unknown", "status=DRAFT", "status="])
def test_a_bad_parameter_is_400(api, query):
    expect.error(api.get("/campaigns?" + query), 400, "invalid_parameter")


def test_the_list_can_be_filtered_by_status(fresh):
    made = [expect.ok(create(fresh.api, name=f"C {number}"), 201)["id"] for number in range(3)]
    ids = [entry["id"] for entry in expect.ok(fresh.api.get("/campaigns?status=draft"))]
    assert ids == made[::-1]
    for status in ("active", "paused", "completed", "error"):
        response = fresh.api.get(f"/campaigns?status={status}")
        assert expect.ok(response) == []
        assert response.header("x-total-count") in (None, "0")


def test_a_deleted_campaign_is_gone_with_its_blocklist(fresh):
    create(fresh.api, name="Old", id="mine")
    path = "/campaigns/mine/blocked-leads"
    fresh.api.post(path, {"publicIdentifiers": ["a-1", "b-2"]})
    response = fresh.api.delete("/campaigns/mine")
    assert response.status in (200, 204), response
    if response.status == 200:
        assert response.json()["success"] is True
    expect.error(fresh.api.get("/campaigns/mine"), 404, "campaign_not_found")
    expect.error(fresh.api.get(path), 404, "campaign_not_found")
    expect.error(fresh.api.delete("/campaigns/mine"), 404, "campaign_not_found")
    assert expect.ok(fresh.api.get("/campaigns")) == []
    assert fresh.api.get("/campaigns").header("x-total-count") == "0"


def test_a_campaign_that_reuses_an_id_has_nothing_of_the_old_one_but_its_blocklist(fresh):
    old = Campaign(fresh, id="mine")
    old.add("x-1", "y-1")
    fresh.api.post("/campaigns/mine/blocked-leads", {"publicIdentifiers": ["a-1"]})
    fresh.api.delete("/campaigns/mine")
    body = expect.ok(create(fresh.api, name="New", id="mine"), 201)
    assert (body["name"], body["status"], body["carriedOver"]) == ("New", "draft", 1)
    assert body["steps"] == [] and body["analytics"]["totalLeads"] == 0
    assert {**expect.ok(fresh.api.get("/campaigns/mine")), "carriedOver": 1} == body
    assert expect.ok(fresh.api.get("/campaigns/mine/leads")) == []


def test_deleting_a_campaign_leaves_the_workspace_list_alone(fresh):
    campaign = fresh.campaign()
    fresh.api.post("/blocked-leads", {"leads": [{"publicIdentifier": "a-1"}]})
    fresh.api.delete(f"/campaigns/{campaign}")
    assert len(expect.ok(fresh.api.get("/blocked-leads"))) == 1


def test_an_empty_campaign_is_not_ready(api, campaign):
    response = api.put(f"/campaigns/{campaign}/activate")
    expect.error(response, 409, "campaign_not_ready")
    assert expect.ok(api.get(f"/campaigns/{campaign}"))["status"] == "draft"


def test_activate_and_pause(tenant, api):
    campaign = Campaign(tenant, "a-1", active=False).id
    expect.ok(api.put(f"/campaigns/{campaign}/activate"))
    assert expect.ok(api.get(f"/campaigns/{campaign}"))["status"] == "active"
    assert campaign in [entry["id"] for entry in expect.ok(
        api.get("/campaigns?status=active&take=100"))]
    expect.ok(api.put(f"/campaigns/{campaign}/pause"))
    assert expect.ok(api.get(f"/campaigns/{campaign}"))["status"] == "paused"
    assert campaign in [entry["id"] for entry in expect.ok(
        api.get("/campaigns?status=paused&take=100"))]
    expect.ok(api.put(f"/campaigns/{campaign}/activate"))
    assert expect.ok(api.get(f"/campaigns/{campaign}"))["status"] == "active"


@pytest.mark.parametrize("variables", [{}, {"product": "Bücher \"& more\"", "x" * 64: "y" * 2000}],
                         ids=["plain", "with variables"])
def test_activate_and_pause_answer_the_campaign_as_it_is_now(tenant, variables):
    campaign = Campaign(tenant, "a-1", "b-2", active=False, customVariables=variables)
    campaign.block("b-2")
    for action, status in (("activate", "active"), ("activate", "active"), ("pause", "paused"),
                           ("pause", "paused"), ("activate", "active")):
        body = expect.ok(campaign.api.put(f"{campaign.path}/{action}"))
        assert body.keys() == FIELDS - {"steps"} | {"success", "message"}
        assert body.pop("success") is True
        assert body.pop("message") == f"Campaign '{campaign.id}' is {status}"
        details = campaign.details()
        del details["steps"]
        assert body == details
        assert body["status"] == status


def test_activating_a_campaign_with_nobody_left_answers_that_it_is_completed(tenant):
    campaign = Campaign(tenant, "a-1", active=False)
    campaign.block("a-1")
    body = campaign.activate()
    assert (body["status"], body["progress"]) == ("completed", 100)
    assert body["analytics"] == campaign.details()["analytics"]
    assert campaign.pause()["status"] == "completed"


def test_blocks_hold_in_every_status(tenant, api):
    campaign = Campaign(tenant, "a-1", active=False)
    path = campaign.blocks
    for action in ("activate", "pause", "activate"):
        expect.ok(api.put(f"{campaign.path}/{action}"))
        api.post(path, {"publicIdentifiers": [f"x-{action}"]})
        assert expect.ok(api.get(f"{path}/x-{action}"))["blocked"] is True


@pytest.mark.parametrize("method, suffix", [("GET", ""), ("DELETE", ""), ("PUT", "/activate"),
                                            ("PUT", "/pause")])
def test_a_missing_campaign_is_404_with_the_promised_message(api, method, suffix):
    response = api.call(method, f"/campaigns/abc{suffix}")
    assert response.status == 404
    assert response.json() == {"success": False, "code": "campaign_not_found",
                               "message": "No campaign 'abc' in this workspace."}


@pytest.mark.parametrize("raw", ["%22", "%27", "%5C", "%0A", "a%2Fb", "%E2%80%AE", "%FF",
                                 "x" * 3000, "%3Cscript%3E", "%C3%A9"])
def test_any_campaign_id_in_the_path_gets_a_sound_answer(api, raw):
    response = api.get(f"/campaigns/{raw}/blocked-leads")
    expect.error(response, 404 if response.status == 404 else 400, "campaign_not_found",
                 "bad_request")


def test_a_nul_in_the_path_is_400(api):
    expect.error(api.get("/campaigns/a%00b/blocked-leads"), 400, "bad_request")
