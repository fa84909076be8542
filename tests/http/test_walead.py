"""What clients of WaLead's campaigns send and read: the fields of each answer, their types and their
order. docs/walead.md has the end points one by one."""

import re

import pytest

from support import expect
from support.campaigns import MESSAGE, Campaign, block_everywhere, crowd, member_id
from support.server import unique

TEXT, FLAG, NUMBER, LIST, OBJECT = str, bool, (int, float), list, dict

CAMPAIGN = {"id": TEXT, "name": TEXT, "status": TEXT, "progress": NUMBER, "createdAt": TEXT,
            "settings": OBJECT, "coreVariables": OBJECT, "customVariables": OBJECT,
            "linkedinAccounts": LIST, "analytics": OBJECT}
STEP = {"id": TEXT, "type": TEXT, "order": NUMBER, "delay": NUMBER, "delayHours": NUMBER,
        "stopOnReply": FLAG, "genericBody": (str, type(None))}
VARIANT = {"id": TEXT, "body": TEXT, "order": NUMBER, "isDisabled": FLAG,
           "icpDefinitionRaw": (str, type(None)), "stepId": TEXT, "aiTools": LIST}
DONE = {"success": FLAG, "message": TEXT}


def has_shape(value, shape):
    """The fields in this order, each of its type."""
    assert list(value) == list(shape), value
    for name, kind in shape.items():
        assert isinstance(value[name], kind), (name, value)
    return value


@pytest.fixture
def campaign(tenant):
    campaign = Campaign(tenant, *crowd(2, unique()), steps=[MESSAGE, MESSAGE])
    campaign.first, campaign.second = [step["id"] for step in campaign.sequence()]
    campaign.variant = campaign.add_variant(campaign.first, "Hello {{name|you}}")
    return campaign


# --- Campaigns ---


def test_a_campaign(campaign):
    body = has_shape(campaign.details(), {**CAMPAIGN, "steps": LIST})
    has_shape(body["analytics"], {"acceptanceRate": NUMBER, "responseRate": NUMBER,
                                  "totalLeads": NUMBER, "leads": OBJECT, "variants": LIST})
    for step in body["steps"]:
        has_shape(step, {**STEP, "variants": LIST})
    has_shape(body["steps"][0]["variants"][0], VARIANT)
    assert body in expect.ok(campaign.api.get("/campaigns?skip=0&take=100"))


@pytest.mark.parametrize("action, status", [("pause", "paused"), ("activate", "active")])
def test_activate_and_pause_answer_the_campaign_without_its_steps(campaign, action, status):
    body = expect.ok(campaign.api.put(f"{campaign.path}/{action}"))
    has_shape(body, {**DONE, **CAMPAIGN})
    assert body["status"] == status
    of_get = campaign.details()
    assert {name: body[name] for name in CAMPAIGN} == {name: of_get[name] for name in CAMPAIGN}


def test_the_sequence(campaign):
    body = expect.ok(campaign.api.get(campaign.path + "/sequence"))
    has_shape(body, {"campaignId": TEXT, "campaignName": TEXT, "steps": LIST})
    for step in body["steps"]:
        has_shape(step, {**STEP, "messages": LIST})
    (variant,) = body["steps"][0]["messages"]
    assert has_shape(variant, VARIANT)["stepId"] == campaign.first


# --- Steps and variants ---


def test_a_step_is_changed_while_the_campaign_is_active(campaign):
    response = campaign.api.put(f"{campaign.path}/steps/{campaign.second}",
                                {"delay": 0.5, "genericBody": "Are you there?"})
    has_shape(expect.ok(response), DONE)
    step = campaign.sequence()[1]
    assert (step["delay"], step["delayHours"], step["genericBody"]) == (0.5, 12, "Are you there?")


def test_a_step_is_deleted(campaign):
    body = expect.ok(campaign.api.delete(f"{campaign.path}/steps/{campaign.second}"))
    has_shape(body, {**DONE, "steps": LIST})
    (step,) = body["steps"]
    assert has_shape(step, {**STEP, "variants": LIST})["id"] == campaign.first


def test_variants_are_added_changed_and_deleted(campaign):
    path = f"{campaign.path}/steps/{campaign.first}/variants"
    body = expect.ok(campaign.api.post(path, {"body": "Another"}), 201)
    _, variant = has_shape(body, {**DONE, "variants": LIST})["variants"]
    assert (has_shape(variant, VARIANT)["order"], variant["isDisabled"]) == (2, False)
    change = {"body": "And another", "isDisabled": True, "icpDefinitionRaw": "Founders"}
    body = expect.ok(campaign.api.put(f"{path}/{variant['id']}", change))
    _, changed = has_shape(body, {**DONE, "variants": LIST})["variants"]
    assert changed == {**variant, **change}
    body = expect.ok(campaign.api.delete(f"{path}/{variant['id']}"))
    (left,) = has_shape(body, {**DONE, "variants": LIST})["variants"]
    assert left["id"] == campaign.variant


# --- Leads ---


def test_the_status_of_a_lead(campaign):
    lead = campaign.leads()[0]["id"]
    for status in ("paused", "completed", "error"):
        body = expect.ok(campaign.api.put(f"/leads/{lead}/status", {"status": status}))
        has_shape(body, {**DONE, "leadId": TEXT, "status": TEXT})
        assert (body["leadId"], body["status"]) == (lead, status)


def test_leads_have_the_fields_that_templates_know(tenant):
    fields = {"firstName": "Ada", "lastName": "Lovelace", "companyName": "Engines",
              "email": "ada@example.com", "phone": "+44 20", "headline": "Countess",
              "website": "https://example.com", "companyUrl": "https://linkedin.com/company/x"}
    template = "{{name}}; " + "; ".join(f"{{{{{name}}}}}" for name in fields)
    campaign = Campaign(tenant, {"publicIdentifier": unique(), **fields},
                        steps=[{"type": "message", "genericBody": template}])
    assert campaign.leads()[0].items() >= fields.items()
    activity = campaign.claim_one()
    assert activity.items() >= fields.items()
    assert activity["message"] == "; ".join(["Ada Lovelace", *fields.values()])


@pytest.mark.parametrize("lead, name", [
    ({"firstName": "Ada"}, "Ada"), ({"lastName": " Lovelace "}, "Lovelace"),
    ({"firstName": " ", "variables": {"name": "A. L."}}, "A. L."),
    ({"firstName": "Ada", "variables": {"name": "A. L."}}, "Ada"),
    ({}, "team")], ids=repr)
def test_a_name_is_first_and_last_name_or_a_variable(tenant, lead, name):
    campaign = Campaign(tenant, {"publicIdentifier": unique(), **lead},
                        steps=[{"type": "message", "genericBody": "{{name}}"}],
                        customVariables={"name": "team"})
    assert campaign.claim_one()["message"] == name


@pytest.mark.parametrize("field", ["email", "phone", "headline", "website", "companyUrl"])
def test_a_field_that_is_empty_gives_way_to_variables(tenant, field):
    named = [{"publicIdentifier": unique(), "variables": variables, field: value}
             for variables, value in (({field: "lead's"}, "own"), ({field: "lead's"}, " "),
                                      ({field: "lead's"}, None), ({}, ""))]
    campaign = Campaign(tenant, *named, customVariables={field: "campaign's"},
                        steps=[{"type": "message", "genericBody": f"{{{{{field}}}}}"}])
    got = {activity["publicIdentifier"]: activity["message"] for activity in campaign.claim()}
    assert [got[lead["publicIdentifier"]] for lead in named] == ["own", "lead's", "lead's",
                                                                 "campaign's"]


@pytest.mark.parametrize("field, most", [("email", 200), ("phone", 200), ("headline", 500),
                                         ("website", 500), ("companyUrl", 500)])
def test_fields_have_their_bounds(tenant, field, most):
    campaign = Campaign(tenant)
    campaign.add({"publicIdentifier": unique(), field: "é" * most})
    assert campaign.leads()[0][field] == "é" * most
    for bad in ("é" * (most + 1), 5, ["x"], "a\0b"):
        response = campaign.post_leads({"publicIdentifier": unique(), field: bad})
        expect.error(response, 400, "invalid_body")


def test_one_lead_is_read_by_its_id(tenant, fresh):
    campaign = Campaign(tenant, unique())
    (listed,) = campaign.leads()
    body = expect.ok(campaign.api.get(f"/leads/{listed['id']}"))
    assert body == {**listed, "campaignId": campaign.id}
    assert list(body) == [*listed, "campaignId"]
    for api, lead in ((tenant.api, "ld_0"), (tenant.api, "none"), (fresh.api, listed["id"])):
        expect.error(api.get(f"/leads/{lead}"), 404, "lead_not_found")
    campaign.block(listed["publicIdentifier"])
    assert expect.ok(campaign.api.get(f"/leads/{listed['id']}"))["blockedScope"] == "campaign"
    expect.ok(campaign.api.delete(campaign.path))
    expect.error(campaign.api.get(f"/leads/{listed['id']}"), 404, "lead_not_found")


def test_a_search_finds_parts_of_names_companies_and_addresses(tenant):
    campaign = Campaign(tenant, {"publicIdentifier": "ada-l", "firstName": "Ada",
                                 "lastName": "Lovelace", "companyName": "Größe GmbH"},
                        {"publicIdentifier": "grace-h", "email": "Grace@Navy.example",
                         "memberId": member_id(3)},
                        {"publicIdentifier": "zoë"}, active=False)

    def found(term, more=""):
        return [lead["publicIdentifier"] for lead in campaign.leads(f"search={term}&take=10{more}")]

    assert found("ADA") == found("a%20l") == found("gr%C3%B6SSe") == ["ada-l"]
    assert found("navy") == found("GRACE-") == found(member_id(3)) == ["grace-h"]
    assert found("https://www.linkedin.com/in/Zo%C3%AB/") == ["zoë"]
    assert found("nobody") == found("headline") == []
    assert found("-") == ["grace-h", "ada-l"] and found("-", "&skip=1") == ["ada-l"]
    assert found("", "") == ["zoë", "grace-h", "ada-l"]
    campaign.set_status("ada-l", "paused")
    assert found("-", "&status=paused") == ["ada-l"]
    expect.error(campaign.get_leads("search=%FF"), 400, "invalid_parameter")


def test_a_search_goes_on_from_page_to_page(tenant):
    campaign = Campaign(tenant)
    campaign.add(*crowd(2500, "some"), *crowd(7, "wanted"))
    campaign.add(*crowd(10, "more"))
    response = campaign.get_leads("search=wanted&take=3")
    seen = []
    while True:
        seen += [lead["publicIdentifier"] for lead in expect.ok(response)]
        assert response.header("x-total-count") is None
        link = response.header("link")
        if not link:
            break
        response = campaign.api.get(re.match(r"</v1(/[^>]+)>", link).group(1))
    assert seen == crowd(7, "wanted")[::-1]
    assert len(campaign.leads("search=some-00000&take=5")) == 1  # the oldest of all


# --- Campaigns that are changed ---


def test_a_campaign_gets_another_name_and_other_variables(tenant):
    campaign = Campaign(tenant, unique(), customVariables={"a": "1", "b": "2"})
    body = expect.ok(campaign.api.patch(campaign.path, {"name": "Renamed „für Ada“"}))
    has_shape(body, {**DONE, **CAMPAIGN})
    assert (body["name"], body["customVariables"]) == ("Renamed „für Ada“", {"a": "1", "b": "2"})
    assert body["status"] == campaign.status == "active"
    body = expect.ok(campaign.api.patch(campaign.path, {"customVariables": {"c": 3}}))
    assert (body["name"], body["customVariables"]) == ("Renamed „für Ada“", {"c": "3"})
    details = campaign.details()
    assert {name: body[name] for name in CAMPAIGN} == {name: details[name] for name in CAMPAIGN}
    assert details in expect.ok(tenant.api.get("/campaigns?take=100"))
    sequence = expect.ok(tenant.api.get(campaign.path + "/sequence"))
    assert sequence["campaignName"] == "Renamed „für Ada“"
    assert expect.ok(campaign.api.patch(campaign.path, {"customVariables": None}))[
        "customVariables"] == {}
    assert expect.ok(campaign.api.patch(campaign.path, {}))["name"] == "Renamed „für Ada“"
    campaign.block("someone")
    assert campaign.status == "active"


@pytest.mark.parametrize("body", [
    {"name": ""}, {"name": None}, {"name": 5}, {"name": "x" * 101}, {"customVariables": []},
    {"customVariables": {"a b": "c"}}, {"name": "good", "customVariables": 5}, []], ids=repr)
def test_a_bad_change_changes_nothing(tenant, body):
    campaign = Campaign(tenant, name="Before", customVariables={"a": "1"})
    expect.error(campaign.api.patch(campaign.path, body), 400, "invalid_body")
    details = campaign.details()
    assert (details["name"], details["customVariables"]) == ("Before", {"a": "1"})


def test_a_renamed_campaign_can_be_deleted_and_made_again(tenant):
    campaign = Campaign(tenant)
    expect.ok(campaign.api.patch(campaign.path, {"name": "Renamed"}))
    expect.ok(campaign.api.delete(campaign.path))
    expect.error(campaign.api.patch(campaign.path, {"name": "x"}), 404, "campaign_not_found")
    assert tenant.campaign(id=campaign.id, name="Another") == campaign.id
    assert campaign.details()["name"] == "Another"


# --- Parameters ---


LISTS = ["/campaigns", "/campaigns/{c}/leads", "/campaigns/{c}/activities",
         "/campaigns/{c}/blocked-leads", "/blocked-leads", "/blocked-leads/someone/history",
         "/imports", "/audit"]


@pytest.mark.parametrize("path", LISTS)
def test_unknown_parameters_of_lists_are_refused(tenant, campaign, path):
    path = path.format(c=campaign.id)
    for query in ("pagesize=5", "TAKE=5", "a&take=5", "take=5&%70ag=1", "take5"):
        expect.error(tenant.api.get(f"{path}?{query}"), 400, "invalid_parameter")
    for query in ("_=1234567890", "_a=b&take=5", "take=5&_", "&&take=5&=x&", "dryRun=true"):
        expect.ok(tenant.api.get(f"{path}?{query}"))


@pytest.mark.parametrize("path", LISTS[:5])
def test_page_is_refused_with_what_to_use(tenant, campaign, path):
    response = tenant.api.get(f"{path.format(c=campaign.id)}?page=2&take=5")
    assert "skip" in expect.error(response, 400, "invalid_parameter")["message"]


# --- Checks and keys ---


def test_a_list_is_checked_in_the_workspace(tenant):
    mine, other, free = unique(), unique(), unique()
    block_everywhere(tenant.api, mine)
    campaign = Campaign(tenant)
    campaign.block(other)
    names = {"publicIdentifiers": [free, mine.upper(), other, mine]}
    assert expect.ok(tenant.api.post("/blocked-leads/check", names)) == {
        "blocked": [mine], "allowed": [free, other]}
    assert expect.ok(tenant.api.post(campaign.blocks + "/check", names)) == {
        "blocked": [mine, other], "allowed": [free]}


def test_details_say_where_when_and_why(tenant):
    mine, both, free = unique(), unique(), unique()
    block_everywhere(tenant.api, mine, reason="a client")
    campaign = Campaign(tenant)
    campaign.block(both, mine, reason="of the campaign")
    block_everywhere(tenant.api, both)
    names = {"publicIdentifiers": [mine, free, both, mine]}
    for path, scope in ((campaign.blocks, "campaign"), ("/blocked-leads", "workspace")):
        first, second, third = expect.ok(tenant.api.post(path + "/check?details=true", names))
        assert list(first) == ["publicIdentifier", "blocked", "scope", "reason", "createdAt"]
        assert expect.is_time(first.pop("createdAt")) and expect.is_time(third.pop("createdAt"))
        assert first == {"publicIdentifier": mine, "blocked": True, "scope": "workspace",
                         "reason": "a client"}
        assert second == {"publicIdentifier": free, "blocked": False, "scope": None,
                          "reason": None, "createdAt": None}
        assert third == {"publicIdentifier": both, "blocked": True, "scope": "workspace",
                         "reason": None}
    campaign.block(free, reason="of the campaign")
    (detail,) = expect.ok(tenant.api.post(campaign.blocks + "/check?details=true",
                                          {"publicIdentifiers": [free]}))
    assert (detail["scope"], detail["reason"]) == ("campaign", "of the campaign")


def test_details_of_a_long_list_come_in_its_order(tenant):
    names = crowd(3000, unique())
    campaign = Campaign(tenant)
    campaign.block(*names[::2], reason="every second")
    body = expect.ok(tenant.api.post(campaign.blocks + "/check?details=true",
                                     {"publicIdentifiers": names}))
    assert [each["publicIdentifier"] for each in body] == names
    assert [each["blocked"] for each in body] == [True, False] * 1500
    assert {each["reason"] for each in body} == {"every second", None}


def test_details_want_true_or_false_and_are_not_lenient(tenant):
    body = {"publicIdentifiers": ["someone"]}
    response = tenant.api.post("/blocked-leads/check?details=yes", body)
    expect.error(response, 400, "invalid_parameter")
    response = tenant.api.post("/blocked-leads/check?details=true", body,
                               headers=[("Prefer", "handling=lenient")])
    expect.error(response, 400, "invalid_parameter")
    expect.ok(tenant.api.post("/blocked-leads/check?details=false", body))


def test_a_key_can_ask_what_it_is(server):
    tenant = server.tenant("pro")
    body = expect.ok(tenant.api.get("/me"))
    has_shape(body, {"id": TEXT, "name": TEXT, "readOnly": FLAG, "createdAt": TEXT,
                     "expiresAt": type(None), "workspace": OBJECT, "limits": OBJECT})
    assert body["id"] == tenant.key.split("_")[1] and body["readOnly"] is False
    assert has_shape(body["workspace"], {"id": TEXT, "name": TEXT, "plan": TEXT,
                                         "expiresAt": type(None),
                                         "defaultCountry": type(None)})["id"] == tenant.workspace
    assert body["workspace"]["plan"] == "pro"
    assert body["limits"] == {"requestsPerSecond": None, "identifiersPerRequest": 10000,
                              "blockedLeads": 100000000, "campaigns": 10000,
                              "leadsPerCampaign": 10000000}
    limited = server.api(tenant.new_key("--read-only", "--rate-limit", "7"))
    body = expect.ok(limited.get("/me"))
    assert body["readOnly"] is True and body["limits"]["requestsPerSecond"] == 7
