"""The description of the API: it is served, it is whole, its examples are true, and an answer that
differs from it is noticed. That every other answer is as described is seen by all tests (conftest.py)."""

import gzip
import json
import re
import time

import pytest

from endpoints import routes
from support import client, expect, people
from support.codes import App
from support.client import File, Response, check_invariants
from support.openapi import Description, NotAsDescribed, operations
from support.server import ROOT

DESCRIPTION = Description()
DOCUMENT = DESCRIPTION.document
OPERATIONS = operations(DOCUMENT)


def get(server, *headers, method="GET", path="/v1/openapi.json"):
    with server.connect() as connection:
        response = connection.request(method, path, headers)
    check_invariants(response)
    return response


# --- It is served ---


@pytest.mark.parametrize("headers", [[], [("x-api-key", "wrong")]])
def test_it_needs_no_key(server, headers):
    response = get(server, *headers)
    served = expect.ok(response)
    assert re.fullmatch(r"\d+\.\d+\.\d+", served["info"].pop("version"))
    described = {**DOCUMENT, "info": {**DOCUMENT["info"]}}
    described["info"].pop("version")
    assert served == described
    assert response.header("cache-control") == "no-cache"
    assert get(server, path="/api/v1/openapi.json").body == response.body


def test_it_works_on_any_host(server):
    assert [each["url"] for each in get(server).json()["servers"]] == ["/"]


def test_it_is_compressed_for_those_who_take_that(server):
    plain, packed = get(server), get(server, ("Accept-Encoding", "gzip"))
    assert packed.header("content-encoding") == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body) / 4
    assert packed.header("etag") != plain.header("etag")


def test_who_has_it_already_gets_it_no_second_time(server):
    tag = get(server).header("etag")
    again = get(server, ("If-None-Match", tag))
    assert (again.status, again.body, again.header("etag")) == (304, b"", tag)


def test_head_tells_its_size(server):
    head = get(server, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert int(head.header("content-length")) == len(get(server).body)


# --- It is whole ---

PRIVATE = re.compile(r"/admin/.*|/|/favicon\.svg|/assets/.*|/docs.*")  # its first lines say why


def public_routes():
    return {place: flags for place, flags in routes().items() if not PRIVATE.fullmatch(place[1])}


def test_every_route_is_described_and_everything_described_is_routed():
    assert OPERATIONS.keys() == public_routes().keys()


def names(operation, path, place):
    """The parameters of an operation in the path, the query or the headers."""
    given = [*DOCUMENT["paths"][path].get("parameters", []), *operation.get("parameters", [])]
    return {each["name"] for each in map(DESCRIPTION.resolve, given) if each["in"] == place}


def codes(response):
    """The error codes that a response may have."""
    schema = DESCRIPTION.resolve(response)["content"]["application/json"]["schema"]
    found = [part["properties"]["code"]["enum"] for part in [schema, *schema.get("allOf", [])]
             if "enum" in part.get("properties", {}).get("code", {})]
    assert len(found) == 1, response
    return set(found[0])


@pytest.mark.parametrize("place", OPERATIONS, ids=" ".join)
def test_what_an_operation_needs_is_what_its_route_says(place):
    operation, flags = OPERATIONS[place], public_routes()[place]
    schemes = {name for choice in operation.get("security", DOCUMENT["security"]) for name in choice}
    answers = operation["responses"]
    assert ("OPEN" in flags) == (not schemes)
    if "OPEN" not in flags:
        assert ("apiKey" in schemes) == (not re.search("SIGNED_IN|OPERATOR|OWN", flags))
    assert ("WRITES" in flags) == ("csrf" in schemes)
    assert ("WRITES_OR_TRIES" in flags) == ("dryRun" in names(operation, place[1], "query"))
    if "LB_ROUTE_CAMPAIGN" in flags:
        assert "campaign_not_found" in codes(answers["404"])
    if "LICENSED" in flags:
        assert {"license_required", "license_expired"} <= codes(answers["403"])
    assert names(operation, place[1], "path") == set(re.findall(r"\{(\w+)\}", place[1]))


def test_its_error_codes_are_those_of_the_program():
    table = (ROOT / "src/base/err.h").read_text(encoding="utf-8")
    program = {(status, code) for status, code in re.findall(r'X\(\w+, (\d+), "(\w+)"\)', table)}
    described = {(status, code) for operation in OPERATIONS.values()
                 for status, response in operation["responses"].items() if int(status) >= 400
                 for code in codes(response)}
    assert described == program - {("200", "ok"), ("405", "method_not_allowed")}


def test_every_error_code_has_its_line_in_the_documentation():
    text = (ROOT / "docs/api.md").read_text(encoding="utf-8")
    text = text[text.index("## 9. Errors: what to repeat"):]
    table = (ROOT / "src/base/err.h").read_text(encoding="utf-8")
    for status, code in re.findall(r'X\(\w+, (\d+), "(\w+)"\)', table):
        assert code == "ok" or re.search(rf"^\| {status} \|.* `{code}`", text, re.M), (status, code)


# --- Its examples are true ---


def contents():
    for (method, path), operation in OPERATIONS.items():
        parts = {"request": operation.get("requestBody", {}), **operation["responses"]}
        for name, part in parts.items():
            for kind, content in DESCRIPTION.resolve(part).get("content", {}).items():
                yield f"{method} {path} {name} {kind}", content


def test_every_example_is_as_its_schema_says():
    count = 0
    for where, content in contents():
        if "example" in content:
            count += 1
            DESCRIPTION.check_value(content["schema"], content["example"], where)
    assert count > 300


def test_every_answer_in_json_has_an_example():
    without = [where for where, content in contents()
               if where.endswith("json") and "example" not in content]
    assert without == ["GET /v1/openapi.json 200 application/json"]


def test_every_parameter_of_a_path_has_an_example():
    """Of which the API screen makes lines."""
    without = [(path, one["name"]) for (method, path), operation in OPERATIONS.items()
               for one in map(DESCRIPTION.resolve, [*DOCUMENT["paths"][path].get("parameters", []),
                                                    *operation.get("parameters", [])])
               if one["in"] == "path" and "example" not in one]
    assert without == []


class Tour:
    """Sends the example of each operation, which must succeed."""

    def __init__(self, server):
        self.server = server
        self.by_id = {operation["operationId"]: (*place, operation)
                      for place, operation in OPERATIONS.items()}
        self.called = set()

    def __call__(self, api, name, ids=None, **fields):
        method, path, operation = self.by_id[name]
        self.called.add(name)
        content = DESCRIPTION.resolve(operation.get("requestBody", {})).get("content", {})
        body = None
        if "application/json" in content:
            body = content["application/json"]["example"]
            body = {**body, **fields} if fields else body
        elif content:
            body = File(content["text/csv"]["example"].encode())
        parameters = map(DESCRIPTION.resolve, operation.get("parameters", []))
        needed = [f"{one['name']}={one['example']}" for one in parameters
                  if one["in"] == "query" and one.get("required")]
        target = path.format_map(ids or {}) + ("?" + "&".join(needed) if needed else "")
        response = api.call(method, target, body, base="")
        assert response.status in (200, 201), (name, response)
        return response

    def rest(self):
        return self.by_id.keys() - self.called


def visit_campaign(tour, api):
    ids = {"campaignId": tour(api, "createCampaign").json()["id"], "publicIdentifier": "john-doe"}
    tour(api, "addLeads", ids)
    ids["leadId"] = tour(api, "listLeads", ids).json()[0]["id"]
    ids["stepId"] = tour(api, "addStep", ids).json()["id"]
    ids["variantId"] = tour(api, "addVariant", ids).json()["variants"][0]["id"]
    for name in ["changeCampaign", "changeStep", "changeVariant", "deleteVariant", "getSequence", "listCampaigns",
                 "getCampaign", "activateCampaign", "getLead"]:
        tour(api, name, ids)
    activity = tour(api, "claimActivities", ids).json()[0]
    tour(api, "completeActivity", {"activityId": activity["id"]}, leaseToken=activity["leaseToken"])
    for name in ["listActivities", "explainLead", "pauseCampaign", "deleteStep", "setLeadStatus",
                 "importLeads"]:
        tour(api, name, ids)
    ids["changeId"] = tour(api, "blockInCampaign", ids).header("x-change-id")
    ids |= {"type": "domain", "value": "acme.com"}
    for name in ["listCampaignBlocks", "checkInCampaign", "checkOneInCampaign", "lookUp", "lookUpName",
                 "getHistory", "getHistoryOfName", "findLeadsBehindName", "unblockInCampaign", "getChange",
                 "listChangedLeads", "undoChange"]:
        tour(api, name, ids)
    for name in ["blockEntriesInCampaign", "listEntriesInCampaign", "unblockEntriesInCampaign"]:
        tour(api, name, ids)
    ids["importId"] = tour(api, "importIntoCampaignBlocklist", ids).json()["importId"]
    tour(api, "importEntriesIntoCampaign", ids)
    for name in ["findLeads", "listImports", "getImport", "undoImport", "erasePerson", "deleteLead", "deleteCampaign"]:
        tour(api, name, ids)


def visit_workspace(tour, api, plain):
    for name in ["getMe", "blockInWorkspace", "checkInWorkspace", "listWorkspaceBlocks", "unblockInWorkspace",
                 "blockEntriesInWorkspace", "listEntriesInWorkspace", "unblockEntriesInWorkspace",
                 "checkLeads", "linkNames", "listConflicts", "importIntoWorkspaceBlocklist", "importEntriesIntoWorkspace", "getEvidence", "getStatistics", "listAudit",
                 "listEvents"]:
        tour(api, name)
    for name in ["isAlive", "isReady", "getMetrics", "getDescription"]:
        tour(plain, name)


def visit_hooks(tour, api):
    """The receiver does not exist, so the delivery fails; the event is sent once more all the same."""
    ids = {"hookId": tour(api, "subscribe").json()["id"]}
    api.post("/blocked-leads", {"leads": [{"publicIdentifier": "told-about"}]})
    deadline = time.monotonic() + 60
    while not (found := tour(api, "listDeliveries", ids).json()) and time.monotonic() < deadline:
        time.sleep(0.02)
    ids["deliveryId"] = found[0]["id"]
    for name in ["listHooks", "testHook", "retryDelivery", "changeHook", "removeHook",
                 "unsubscribe"]:
        tour(api, name, ids)


def visit_sessions(tour, user, operator, ids):
    other = user.again("a better horse battery")
    ids["sessionId"] = next(entry["id"] for entry in tour(user.api, "listSessions").json()
                            if not entry["current"])
    tour(user.api, "endSession", ids)
    assert not other.lives()
    user.again("a better horse battery")
    ids["sessionId"] = tour(operator.api, "listSessionsOfUser", ids).json()[0]["id"]
    tour(operator.api, "endSessionOfUser", ids)
    tour(user.api, "endOtherSessions")


def visit_installation(tour, api):
    """Ends with an empty list, which holds for all tests of this server."""
    ids = {"changeId": tour(api, "blockInInstallation").header("x-change-id")}
    for name in ["listInstallationBlocklist", "getInstallationChange",
                 "listInstallationChangedLeads", "unblockInInstallation",
                 "undoInstallationChange"]:
        tour(api, name, ids)
    ids["importId"] = tour(api, "importIntoInstallationBlocklist").json()["importId"]
    for name in ["listInstallationImports", "getInstallationImport", "undoInstallationImport",
                 "getInstallationEvidence"]:
        tour(api, name, ids)


def visit_factor(tour, server, operator, workspace):
    first = people.person(server, "member", workspace)
    app = App(tour(first.api, "beginSecondFactor").json()["secret"])
    confirmed = tour(first.api, "confirmSecondFactor", code=app.code())
    session = people.Session(server, confirmed)
    tour(session.api, "getSecondFactor")
    old = confirmed.json()["recoveryCodes"]
    new = tour(session.api, "makeRecoveryCodes", code=old[0]).json()["recoveryCodes"]
    tour(session.api, "turnOffSecondFactor", code=new[0])
    app = App(tour(session.api, "beginSecondFactor").json()["secret"])
    tour(session.api, "confirmSecondFactor", code=app.code())
    tour(operator.api, "resetSecondFactor", {"userId": session.id})


def visit_people(tour, server, workspace):
    operator = people.person(server, "operator")
    ids = {"workspaceId": tour(operator.api, "createWorkspace").json()["id"]}
    tour(operator.api, "setPlan", ids)
    for name in ["listWorkspaces", "listUsers", "getSession"]:
        tour(operator.api, name)
    visit_installation(tour, operator.api)
    inside = operator.api_for(workspace)
    tour(inside, "setCountry")
    ids["keyId"] = tour(inside, "createKey").json()["id"]
    tour(inside, "listKeys")
    tour(inside, "revokeKey", ids)
    user = tour(operator.api, "createUser", email=people.email_of(), workspaceId=workspace).json()
    ids["userId"] = user["id"]
    token = people.link_token(tour(operator.api, "makeLink", ids).json()["link"])
    stranger = server.api(headers=people.address())
    tour(stranger, "readLink", token=token)
    tour(stranger, "useLink", token=token)
    response = tour(stranger, "signIn", email=user["email"])
    changed = tour(people.Session(server, response).api, "changePassword")
    visit_sessions(tour, people.Session(server, changed), operator, ids)
    visit_factor(tour, server, operator, workspace)
    tour(operator.api, "endSessionsOfUser", {"userId": people.person(server, "operator").id})
    tour(people.Session(server, changed).api, "signOut")
    tour(operator.api, "makeLink", ids)
    tour(operator.api, "revokeLink", ids)
    tour(operator.api, "deleteUser", ids)


def test_the_example_of_every_operation_works_when_it_is_sent(server, fresh):
    tour = Tour(server)
    visit_campaign(tour, fresh.api)
    visit_workspace(tour, fresh.api, server.api())
    visit_hooks(tour, fresh.api)
    visit_people(tour, server, fresh.workspace)
    assert tour.rest() == set()


STATEMENT = {"$ref": "#/components/schemas/Statement"}


def example_of_statement():
    answer = OPERATIONS["GET", "/v1/evidence"]["responses"]["200"]
    return json.loads(answer["content"]["application/json"]["example"]["statement"])


def test_a_statement_is_as_described_also_within_its_string(fresh):
    """Of the whole log, of a person whom nobody blocked, and of one with all kinds of events."""
    fresh.api.post("/blocked-leads", {"leads": [{"publicIdentifier": "ada", "reason": "Client"}]})
    campaign = fresh.campaign()
    ada = {"publicIdentifiers": ["ada"]}
    fresh.api.post(f"/campaigns/{campaign}/blocked-leads", ada)
    change = fresh.api.delete(f"/campaigns/{campaign}/blocked-leads", ada).header("x-change-id")
    fresh.api.post(f"/changes/{change}/undo")
    expect.ok(fresh.api.post("/blocklist", {"entries": [
        {"company": "linkedin.com/company/acme"}, {"email": "ada@example.org"}]}))
    for query in ("", "?publicIdentifier=bob", "?type=email&value=ada%40example.org", "?type=domain&value=example.org",
                  "?type=company&value=linkedin.com%2Fcompany%2Facme", "?publicIdentifier=ada"):
        statement = json.loads(expect.ok(fresh.api.get("/evidence" + query))["statement"])
        DESCRIPTION.check_value(STATEMENT, statement, "statement")
    assert [each["event"] for each in statement["events"]] == ["block", "block", "unblock", "restore"]
    DESCRIPTION.check_value(STATEMENT, example_of_statement(), "the example's statement")


@pytest.mark.parametrize("fields", [{"version": "1"}, {"more": 1}, {"head": {}}, {"events": [{}]}],
                         ids=str)
def test_a_statement_that_differs_is_noticed(fields):
    with pytest.raises(NotAsDescribed):
        DESCRIPTION.check_value(STATEMENT, {**example_of_statement(), **fields}, "statement")


@pytest.mark.parametrize("missing", ["publicIdentifier", "lists", "blocked", "events"])
def test_a_statement_says_all_of_a_person_or_nothing(missing):
    statement = example_of_statement()
    del statement[missing]
    with pytest.raises(NotAsDescribed):
        DESCRIPTION.check_value(STATEMENT, statement, "statement")


@pytest.mark.parametrize("missing", ["type", "value", "lists", "blocked", "events"])
def test_a_statement_says_all_of_a_name_or_nothing(missing):
    statement = {**example_of_statement(), "version": 2, "type": "email", "value": "ada@example.org"}
    del statement["publicIdentifier"]
    DESCRIPTION.check_value(STATEMENT, statement, "statement")
    del statement[missing]
    with pytest.raises(NotAsDescribed):
        DESCRIPTION.check_value(STATEMENT, statement, "statement")


# --- What differs is noticed ---


def answer(status, body, *headers, request_id=("X-Request-Id", "x")):
    head = [request_id, ("Content-Type", "application/json"), *headers]
    return Response("HTTP/1.1", status, "", [each for each in head if each],
                    json.dumps(body).encode(), b"")


CHECK = "/v1/campaigns/{c}/blocked-leads/someone"
BLOCK = "/v1/campaigns/{c}/blocked-leads"
FREE = {"publicIdentifier": "someone", "blocked": False}
ERROR = {"success": False, "code": "campaign_not_found", "message": "No campaign."}
RETRY = ("Retry-After", "1")


UNDONE = {"success": True, "message": "Undone: 1 lead unblocked", "blocked": 0, "unblocked": 1}
BROKEN_OFF = {"success": False, "code": "overloaded", "message": "The server is busy."}


def example(method, path):
    """An answer that the description shows: a field that is added there is in it."""
    response = DESCRIPTION.resolve(OPERATIONS[method, path]["responses"]["200"])
    return response["content"]["application/json"]["example"]


def import_of_example(**fields):
    return {**example("POST", "/v1/blocked-leads/import"), **fields}


def statistics(**fields):
    body = example("GET", "/v1/statistics")
    return {**body, "days": [{**body["days"][0], **fields}]}


@pytest.mark.parametrize("method, target, response", [
    ("GET", CHECK, answer(200, FREE)),
    ("HEAD", "/api" + CHECK, answer(200, FREE)),
    ("GET", "/v1/statistics?days=1", answer(200, statistics())),
    ("GET", CHECK, answer(404, ERROR)),
    ("POST", "/v1/imports/mine/undo", answer(503, BROKEN_OFF, RETRY)),
    ("POST", "/v1/blocked-leads/import", answer(200, import_of_example())),
    ("POST", "/v1/blocked-leads/import?dryRun=true",
     answer(200, import_of_example(importId=None, dryRun=True, columns=[]))),
    ("GET", "/v1/campaigns/c/blocked-leads/import", answer(200, FREE)),
    ("PATCH", "/v1/statistics", answer(405, {**ERROR, "code": "method_not_allowed"},
                                       ("Allow", "GET, HEAD"))),
], ids=str)
def test_an_answer_that_is_as_described_passes(method, target, response):
    description = Description()
    description.check(method, target, response)
    assert description.wrong == [] and sum(description.checked.values()) == 1


@pytest.mark.parametrize("method, target, response, why", [
    ("GET", CHECK, answer(200, {**FREE, "more": 1}), "exactly by one"),
    ("GET", CHECK, answer(200, {"publicIdentifier": "someone"}), "exactly by one"),
    ("GET", "/v1/statistics", answer(200, statistics(checks="90")), "checks must be integer"),
    ("GET", "/v1/statistics", answer(200, statistics(date="24.11.2026")), "date must match"),
    ("GET", "/v1/statistics", answer(200, statistics(seen=1)), "must not contain"),
    ("GET", "/v1/statistics", answer(200, {}), "must contain"),
    ("GET", CHECK, answer(404, {**ERROR, "code": "lead_not_found"}), "code must be one of"),
    ("GET", CHECK, answer(409, ERROR), "status is not described"),
    ("GET", CHECK, answer(500, {**ERROR, "code": "internal"}), "status is not described"),
    ("GET", CHECK, answer(429, {**ERROR, "code": "rate_limited"}), "the header Retry-After is missing"),
    ("GET", CHECK, answer(429, {**ERROR, "code": "rate_limited"}, ("Retry-After", "0")), "match"),
    ("GET", CHECK, answer(200, FREE, ("X-Powered-By", "x")), "x-powered-by"),
    ("POST", BLOCK, answer(200, {"success": True, "message": "1 lead blocked", "blocked": 1},
                           ("X-Change-Id", "12")), "X-Change-Id must match"),
    ("POST", "/v1/changes/ch_1/undo", answer(200, UNDONE), "must contain"),
    ("POST", "/v1/imports/mine/undo", answer(503, {**BROKEN_OFF, "importId": "mine"}, RETRY),
     "missing dependency"),
    ("POST", "/v1/blocked-leads/import", answer(200, import_of_example(importId=None)), "exactly by one"),
    ("GET", "/v1/audit", answer(200, [{}]), "must contain"),
    ("PATCH", "/v1/statistics", answer(200, {}), "not described"),
    ("GET", "/v1/secrets", answer(200, {}), "path is not described"),
    ("GET", "/v1/secrets", answer(404, {"error": "none"}), "must contain"),
    ("PATCH", "/v1/statistics", answer(405, ERROR, ("Allow", "POST")), "Allow"),
], ids=str)
def test_an_answer_that_differs_is_noticed(method, target, response, why):
    description = Description()
    with pytest.raises(NotAsDescribed, match=why):
        description.check(method, target, response)
    assert len(description.wrong) == 1 and not description.checked


def test_an_answer_is_known_by_the_request_that_was_sent(server):
    """Also when a test writes its requests by hand, several at once."""
    seen = []
    before, client.observe = client.observe, lambda *asked: seen.append(asked[:2])
    try:
        with server.connect() as connection:
            connection.send(client.build("GET", "/livez") + client.build("HEAD", "/readyz"))
            connection.read()
            connection.read("HEAD")
            connection.send_split(client.build("GET", "/nothing"), 7)
            connection.read()
    finally:
        client.observe = before
    assert seen == [("GET", "/livez"), ("HEAD", "/readyz"), ("GET", "/nothing")]


def test_examples_of_deliveries_are_true():
    signed = {"webhook-id": "e1", "webhook-timestamp": "1", "webhook-signature": "v1," + "A" * 43 + "="}
    for kind, item in DOCUMENT["webhooks"].items():
        example = item["post"]["requestBody"]["content"]["application/json"]["example"]
        assert example["type"] == kind
        body = json.dumps(example).encode()
        DESCRIPTION.check_delivery(signed, body)
        for headers, sent in [({**signed, "webhook-id": None}, body), ({**signed, "webhook-signature": "v1,A"}, body),
                              (signed, json.dumps({**example, "more": 1}).encode()),
                              (signed, json.dumps({**example, "data": {}}).encode())]:
            with pytest.raises(NotAsDescribed):
                DESCRIPTION.check_delivery(headers, sent)
