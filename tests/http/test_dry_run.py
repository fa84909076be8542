"""?dryRun=true: everything is checked as for the real request, and nothing is recorded."""

import pytest

from endpoints import ENDPOINTS, KEYS, OPERATORS, OWN, WRITE
from support import expect, people
from support.campaigns import LENIENT, prepare
from support.server import Server, key_id

ANSWER = {"success", "message", "blocked", "dryRun", "already", "duplicates"}
TRIES = {("POST", "/campaigns/{c}/blocked-leads"), ("POST", "/blocked-leads"),
         ("DELETE", "/campaigns/{c}/blocked-leads"),
         ("POST", "/campaigns/{c}/blocked-leads/import"), ("POST", "/blocked-leads/import"),
         ("POST", "/campaigns/{c}/leads/import"),
         ("POST", "/campaigns/{c}/blocklist/import"), ("POST", "/blocklist/import"),  # test_import_types.py
         ("POST", "/installation/blocklist/import"),  # test_installation.py
         ("POST", "/erasures"),  # test_erasure.py
         ("POST", "/campaigns/{c}/blocklist"), ("POST", "/blocklist")}  # these two: test_named.py
OTHERS = [e for e in ENDPOINTS + KEYS + OPERATORS + OWN
          if e.kind == WRITE and (e.method, e.path) not in TRIES]


class Trying:
    """One of the two blocklists; each try is compared with what it left."""

    def __init__(self, tenant, scope):
        self.api = tenant.api
        self.campaign_scope = scope == "campaign"
        campaign = tenant.campaign()
        self.path = f"/campaigns/{campaign}/blocked-leads" if self.campaign_scope \
            else "/blocked-leads"

    def body(self, items):
        if self.campaign_scope:
            return {"publicIdentifiers": items}
        return {"leads": [{"publicIdentifier": item} if isinstance(item, str) else item
                          for item in items]}

    def state(self):
        return [expect.ok(self.api.get(path)) for path in (
            self.path + "?take=100", "/audit", "/statistics?days=1")]

    def send(self, items, **options):
        return self.api.post(self.path, self.body(items), **options)

    def attempt(self, items, method="POST", **options):
        before = self.state()
        response = self.api.call(method, self.path + "?dryRun=true", self.body(items), **options)
        assert self.state() == before, "a try changed something"
        assert response.header("x-change-id") is None
        return response


@pytest.fixture(params=["campaign", "workspace"])
def trying(request, fresh):
    return Trying(fresh, request.param)


@pytest.fixture
def in_campaign(fresh):
    return Trying(fresh, "campaign")


def test_a_try_says_what_would_be_done_and_then_it_is(trying):
    expect.ok(trying.send(["b-2", "e-5"]))
    items = ["a-1", "b-2", "c-3", "A-1", "b-2", "e-5", "https://www.linkedin.com/in/c-3/"]
    body = expect.ok(trying.attempt(items))
    assert body.keys() == ANSWER
    assert (body["success"], body["dryRun"], body["blocked"]) == (True, True, 2)
    assert (body["already"], body["duplicates"]) == ([1, 5], [3, 4, 6])
    assert "would be blocked" in body["message"]
    assert expect.ok(trying.attempt(items)) == body
    assert expect.ok(trying.send(items))["blocked"] == body["blocked"]
    body = expect.ok(trying.attempt(items))
    assert (body["blocked"], body["already"], body["duplicates"]) == (0, [0, 1, 2, 5], [3, 4, 6])


def test_unblocking_is_tried_as_well(in_campaign):
    expect.ok(in_campaign.send(["b-2", "d-4"]))
    items = ["a-1", "b-2", "B-2", "d-4", "a-1"]
    body = expect.ok(in_campaign.attempt(items, method="DELETE"))
    assert body.keys() == ANSWER - {"blocked", "already"} | {"unblocked", "notBlocked"}
    assert (body["unblocked"], body["notBlocked"], body["duplicates"]) == (2, [0], [2, 4])
    real = in_campaign.api.delete(in_campaign.path, in_campaign.body(items))
    assert expect.ok(real)["unblocked"] == 2


def test_a_block_of_the_other_list_is_none_of_this_one(in_campaign):
    api = in_campaign.api
    expect.ok(api.post("/blocked-leads", {"leads": [{"publicIdentifier": "a-1"}]}))
    body = expect.ok(in_campaign.attempt(["a-1"]))
    assert (body["blocked"], body["already"]) == (1, [])


@pytest.mark.parametrize("bad", [[0], [6], [0, 1, 2], [2, 3], [0, 6], [1, 3, 5], [4, 5, 6],
                                 [0, 1, 2, 3, 4, 5, 6]])
def test_places_are_those_of_the_request_with_bad_items_mixed_in(trying, bad):
    expect.ok(trying.send(["old-1"]))
    good = ["new-1", "old-1", "new-1", "old-1", "new-2", "New-2", "new-3"]
    items = ["no id" if place in bad else item for place, item in enumerate(good)]
    body = expect.ok(trying.attempt(items, headers=LENIENT))
    seen, already, duplicates = set(), [], []
    for place, item in enumerate(items):
        if place in bad:
            continue
        if item.lower() in seen:
            duplicates.append(place)
        elif item == "old-1":
            already.append(place)
        seen.add(item.lower())
    assert (body["already"], body["duplicates"]) == (already, duplicates)
    assert body["blocked"] == len(seen - {"old-1"})
    assert [entry["index"] for entry in body["invalid"]] == bad
    assert all(entry["value"] == "no id" and entry["reason"] for entry in body["invalid"])
    response = trying.attempt(items)
    error = expect.error(response, 400, "invalid_identifier")
    assert error["errorCount"] == len(bad)


def test_without_bad_items_lenient_says_so(trying):
    assert expect.ok(trying.attempt(["a-1"], headers=LENIENT))["invalid"] == []
    assert "invalid" not in expect.ok(trying.attempt(["a-1"]))


def test_all_bad_items_of_a_large_request_are_told(trying):
    items = ["no id" if place % 3 else f"lead-{place:05}" for place in range(10_000)]
    body = expect.ok(trying.attempt(items, headers=LENIENT))
    assert body["blocked"] == 3334 and len(body["invalid"]) == 6666
    assert [entry["index"] for entry in body["invalid"]] == [
        place for place in range(10_000) if place % 3]


def test_ten_thousand_are_tried_at_once(trying):
    names = [f"lead-{number:05}" for number in range(10_000)]
    expect.ok(trying.send(names[::2]))
    body = expect.ok(trying.attempt(names))
    assert body["blocked"] == 5000 and body["already"] == list(range(0, 10_000, 2))
    body = expect.ok(trying.attempt(names[:5000] * 2))
    assert body["duplicates"] == list(range(5000, 10_000)) and body["blocked"] == 2500
    expect.error(trying.attempt(names + ["one-more"]), 400, "too_many_identifiers")


@pytest.mark.parametrize("body, code", [
    (b"", "invalid_json"), (b"{", "invalid_json"), (b"[]", "invalid_body"), (b"{}", "invalid_body"),
    (b'{"publicIdentifiers":[]}', "empty_identifiers")])
def test_a_try_is_refused_like_the_real_one(in_campaign, body, code):
    for query in ("", "?dryRun=true", "?dryRun=false"):
        expect.error(in_campaign.api.post(in_campaign.path + query, body), 400, code)


def test_licenses_and_read_only_keys_and_viewers_count(server, tenant, viewer):
    starter = server.tenant("starter")
    expired = server.tenant("pro")
    server.end_license(expired.workspace)
    body = {"publicIdentifiers": ["a-1"]}
    for poor, code in ((starter, "license_required"), (expired, "license_expired")):
        path = f"/campaigns/{poor.campaign()}/blocked-leads?dryRun=true"
        expect.error(poor.api.post(path, body), 403, code)
        assert expect.ok(poor.api.delete(path, body))["unblocked"] == 0
    path = f"/campaigns/{tenant.campaign()}/blocked-leads?dryRun=true"
    read_only = tenant.new_key("--read-only")
    for method in ("POST", "DELETE"):
        response = tenant.api.call(method, path, body, key=read_only)
        expect.error(response, 403, "forbidden")
        expect.error(viewer.api.call(method, path, body), 403, "forbidden")
    expect.error(tenant.api.post("/campaigns/none/blocked-leads?dryRun=true", body), 404,
                 "campaign_not_found")
    session = people.person(server, "member", tenant.workspace)
    expect.error(session.api_for(csrf=False).post(path, body), 403, "csrf_failed")
    assert expect.ok(session.api.post(path, body))["dryRun"] is True


def test_a_full_workspace_is_told_of_in_advance():
    with Server("--max-workspace-entries", "3") as server:
        tenant = server.tenant()
        path = f"/campaigns/{tenant.campaign()}/blocked-leads"
        for items, fits in ((["a-1", "b-2"], True), (["a-1", "c-3", "C-3"], True),
                            (["a-1", "d-4"], False), (["a-1"], True)):
            body = {"publicIdentifiers": items}
            tried = tenant.api.post(path + "?dryRun=true", body)
            done = tenant.api.post(path, body)
            assert tried.status == done.status == (200 if fits else 429), items
            if fits:
                assert tried.json()["blocked"] == done.json()["blocked"]
            else:
                assert tried.body == done.body
        assert expect.ok(tenant.api.delete(path + "?dryRun=true", {"publicIdentifiers": ["a-1"]}))


@pytest.mark.parametrize("endpoint", OTHERS, ids=str)
def test_any_other_change_refuses_to_be_tried_and_does_nothing(server, tenant, operator, endpoint):
    ids = {**prepare(tenant), "key": key_id(tenant.new_key()), "workspace": tenant.workspace,
           "user": people.create(server, "viewer", tenant.workspace)[0],
           "session": "se_0123456789abcdef"}
    api = operator.api_for(tenant.workspace)

    def state():
        return [expect.ok(response) for response in (
            api.get("/audit"), operator.api.get("/audit"),
            api.get(f"/campaigns/{ids['c']}/leads"), api.get(f"/campaigns/{ids['c']}/sequence"))]

    before = state()
    for value in ("true", "maybe", "", "TRUE", "1", "true&dryRun=true"):
        response = api.call(endpoint.method, endpoint.target(ids) + "?dryRun=" + value,
                            endpoint.data(ids))
        expect.error(response, 400, "invalid_parameter")
    assert state() == before and operator.lives()


@pytest.mark.parametrize("value", ["maybe", "", "TRUE", "1", "yes", "tru", "true%00", "%74rue%20",
                                   "true&dryRun=false"])
def test_what_is_neither_true_nor_false_is_refused(trying, value):
    before = trying.state()
    response = trying.api.post(trying.path + "?dryRun=" + value, trying.body(["a-1"]))
    expect.error(response, 400, "invalid_parameter", "bad_request")
    assert trying.state() == before


def test_false_does_it_and_an_encoded_true_does_not(trying):
    response = trying.api.post(trying.path + "?dryRun=%74rue", trying.body(["a-1"]))
    assert expect.ok(response)["dryRun"] is True
    response = trying.api.post(trying.path + "?dryRun=false", trying.body(["a-1"]))
    expect.blocked_result(response, 1)


def test_reading_ignores_it(in_campaign):
    for path in (in_campaign.path, in_campaign.path + "/a-1", "/blocked-leads", "/campaigns"):
        assert in_campaign.api.get(path + "?dryRun=true").status == 200
    response = in_campaign.api.post(in_campaign.path + "/check?dryRun=true",
                                    {"publicIdentifiers": ["a-1"]})
    assert response.status == 200
