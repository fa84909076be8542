"""The installation's own blocklist: whoever is in it is blocked in every workspace."""

import json

import pytest

from support import expect, people
from support.campaigns import Campaign, member_id, undo
from support.client import File
from support.moved_clock import MovedClock
from support.server import Server, Tenant, on_postgresql, run
from support.waiting import eventually

LIST = "/installation/blocklist"
JANE = {"publicIdentifier": "jane-doe", "memberId": "ACoAAJaneDoe00000000000000000000000000000",
        "email": "jane@mail.acme.com", "phone": "+491701234567", "website": "acme.example.org",
        "companyUrl": "linkedin.com/company/acme-inc", "companyName": "Acme GmbH"}
OTHER = {"publicIdentifier": "joe-bloggs", "email": "joe@elsewhere.com"}
ENTRIES = [{"publicIdentifier": "jane-doe"}, {"memberId": JANE["memberId"]},
           {"email": "JANE@mail.acme.com"}, {"phone": "+49 170 1234567"}, {"domain": "acme.com"},
           {"domain": "example.org"}, {"company": "linkedin.com/company/acme-inc"},
           {"company": "ACME AG"}]
ANNA = member_id(1)
SECRET = {"reason": "nobody may know this", "kind": "legal"}


def block(api, *entries, **fields):
    entries = [{**entry, **fields} for entry in entries]
    response = api.post(LIST, {"entries": entries})
    return expect.ok(response) | {"change": response.header("x-change-id")}


def unblock(api, *entries):
    return expect.ok(api.delete(LIST, {"entries": list(entries)}))["unblocked"]


def values(api):
    return [(entry["type"], entry["value"]) for entry in expect.ok(api.get(LIST))]


def claimed(campaign, most=100):
    return [activity["publicIdentifier"] for activity in campaign.claim(most)]


def is_blocked(tenant, name="jane-doe"):
    checked = expect.ok(tenant.api.post("/blocked-leads/check?details=true",
                                        {"publicIdentifiers": [name]}))
    return checked[0]["scope"] == "installation"


@pytest.fixture
def installation(own):
    return people.person(own, "operator").api


@pytest.mark.parametrize("entry", ENTRIES)
def test_each_type_of_entry_excludes_leads_of_every_workspace_at_the_next_claim(
        own, installation, entry):
    campaigns = [Campaign(own.tenant(), JANE, OTHER) for _ in range(3)]
    block(installation, entry, **SECRET)
    assert [claimed(campaign) for campaign in campaigns] == [["joe-bloggs"]] * 3
    for campaign in campaigns:
        campaign.await_blocked(1)
    later = Campaign(own.tenant(), JANE, OTHER)
    assert claimed(later) == ["joe-bloggs"] and later.blocked_leads == 1
    assert unblock(installation, entry) == 1
    for campaign in (*campaigns, later):
        campaign.await_blocked(0)
        campaign.activate() if campaign.status == "paused" else None
        assert claimed(campaign) == ["jane-doe"]


def test_a_workspace_is_told_that_somebody_is_in_it_and_not_why(own, installation):
    tenant = own.tenant()
    campaign = Campaign(tenant, JANE, OTHER)
    block(installation, {"publicIdentifier": "jane-doe"}, {"domain": "acme.com"}, **SECRET)
    answers = [
        tenant.api.get(f"{campaign.blocks}/jane-doe"),
        tenant.api.get("/blocked-leads/jane-doe"),
        tenant.api.post(f"{campaign.blocks}/check?details=true",
                        {"publicIdentifiers": ["jane-doe"]}),
        tenant.api.post("/blocked-leads/check?details=true", {"publicIdentifiers": ["jane-doe"]}),
        tenant.api.post("/check", {"leads": [JANE], "campaignId": campaign.id}),
        tenant.api.post("/check", {"leads": [{"email": "x@acme.com"}]}),
        tenant.api.get(f"{campaign.path}/leads/{campaign.lead_id('jane-doe')}/explain"),
        tenant.api.get("/blocked-leads/jane-doe/history"),
        tenant.api.get("/blocklist"), tenant.api.get("/blocked-leads"),
        tenant.api.get(f"{campaign.path}/leads"), tenant.api.get("/audit"),
        tenant.api.get("/events"), tenant.api.get("/imports"), tenant.api.get("/statistics"),
        tenant.api.call("POST", "/blocked-leads/import?action=check",
                        File(b"linkedin.com/in/jane-doe\n"))]
    for response in answers:
        assert response.status == 200, response
        text = response.body.decode()
        assert SECRET["reason"] not in text and "legal" not in text, response
    one, found, detailed, everywhere, lead, domain, explained = (
        expect.ok(response) for response in answers[:7])
    assert one["scope"] == "installation" and one["reason"] is None
    expect.is_time(one["createdAt"])
    assert found["blocksTotal"] == 1
    (shown,) = found["blocks"]
    assert shown["scope"] == "installation" and shown["id"] is None
    assert shown["by"] == {"type": "operator", "id": None, "name": None}
    assert shown["kind"] is None and shown["expiresAt"] is None
    for told in (detailed[0], everywhere[0], lead[0], domain[0]):
        assert told["blocked"] and told["scope"] == "installation" and told["reason"] is None
        assert told["createdAt"] == one["createdAt"]
    assert domain[0]["matched"] == {"type": "domain", "value": "acme.com"}
    assert explained["blocks"][0]["scope"] == "installation"
    assert {shown["reason"] for shown in explained["blocks"]} == {None}
    assert explained["because"].startswith("jane-doe is blocked in the installation since ")
    assert campaign.lead("jane-doe")["blockedScope"] == "installation"
    assert b",true,installation," in answers[-1].body
    for path in ("/blocklist", "/blocked-leads", "/audit"):
        assert "jane-doe" not in json.dumps(expect.ok(tenant.api.get(path)))


def test_it_wins_over_the_lists_of_a_workspace_and_leaves_them_as_they_are(own, installation):
    tenant = own.tenant()
    campaign = Campaign(tenant, JANE)
    campaign.block("jane-doe", reason="ours")
    block(installation, {"publicIdentifier": "jane-doe"})
    path = f"{campaign.blocks}/jane-doe"
    assert expect.ok(tenant.api.get(path))["scope"] == "installation"
    campaign.unblock("jane-doe")
    assert expect.ok(tenant.api.get(path))["scope"] == "installation"
    campaign.block("jane-doe", reason="ours again")
    unblock(installation, {"publicIdentifier": "jane-doe"})
    told = expect.ok(tenant.api.get(path))
    assert told["scope"] == "campaign" and told["reason"] == "ours again"


def test_it_is_shown_first_when_other_lists_hold_other_names_of_the_lead(own, installation):
    tenant = own.tenant()
    campaign = Campaign(tenant, JANE)
    campaign.block("jane-doe", reason="ours")
    expect.ok(tenant.api.post("/blocklist", {"entries": [{"phone": JANE["phone"]}]}))
    block(installation, {"company": "Acme"})
    explained = campaign.explain("jane-doe")
    assert [shown["scope"] for shown in explained["blocks"]] == [
        "installation", "workspace", "campaign"]
    assert explained["because"].startswith("The company acme is blocked in the installation since ")
    assert campaign.lead("jane-doe")["blockedScope"] == "installation"
    (checked,) = expect.ok(tenant.api.post("/check", {"leads": [JANE], "campaignId": campaign.id}))
    assert checked["scope"] == "installation"
    assert checked["matched"] == {"type": "company", "value": "acme"}


def test_a_person_is_looked_up_by_all_names(own, installation):
    tenant = own.tenant()
    expect.ok(tenant.api.post("/people/link", {"links": [
        {"memberId": member_id(1), "publicIdentifier": name} for name in ("jane-doe", "jane-old")]}))
    block(installation, {"publicIdentifier": "jane-old"})
    found = expect.ok(tenant.api.get("/blocked-leads/jane-doe"))
    assert found["blocked"] is True and found["blocksTotal"] == 1
    assert set(found["names"]) == {member_id(1), "jane-old"}
    assert found["blocks"][0]["scope"] == "installation"
    assert found["blocks"][0]["matched"] == {"type": "publicIdentifier", "value": "jane-old"}
    block(installation, {"publicIdentifier": "jane-doe"})
    both = expect.ok(tenant.api.get("/blocked-leads/jane-doe"))["blocks"]
    assert [block.get("matched", {}).get("value") for block in both] == [None, "jane-old"]


def test_operators_list_undo_and_unblock_by_id(own, installation):
    tenant = own.tenant()
    first = block(installation, *ENTRIES, **SECRET)
    assert first["blocked"] == 8
    entries = expect.ok(installation.get(LIST + "?include=by"))
    assert {entry["scope"] for entry in entries} == {"installation"}
    assert {(entry["reason"], entry["kind"]) for entry in entries} == {
        (SECRET["reason"], SECRET["kind"])}
    assert entries[0]["by"]["type"] == "user"
    assert [(entry["type"], entry["value"]) for entry in expect.ok(
        installation.get(LIST + "?type=phone"))] == [("phone", "+491701234567")]
    change = expect.ok(installation.get(f"/installation/changes/{first['change']}"))
    assert change["scope"] == "installation" and change["count"] == 8
    assert len(expect.ok(installation.get(
        f"/installation/changes/{first['change']}/leads"))) == 8
    gone = expect.ok(installation.delete(LIST, [entries[-1]["id"]]))
    assert gone["unblocked"] == 1 and not is_blocked(tenant)
    undone = expect.ok(installation.post(f"/installation/changes/{first['change']}/undo"))
    assert undone["unblocked"] == 7 and values(installation) == []


def test_changes_of_it_are_in_the_audit_of_the_installation_only(own, installation):
    tenant = own.tenant()
    block(installation, {"publicIdentifier": "jane-doe"}, **SECRET)
    unblock(installation, {"publicIdentifier": "jane-doe"})
    (unblocked, blocked) = [action for action in expect.ok(installation.get("/audit"))
                            if action["action"].startswith("leads.")]
    assert blocked["scope"] == unblocked["scope"] == "installation"
    assert blocked["by"]["type"] == "user" and blocked["count"] == 1
    found = expect.ok(installation.get("/audit?publicIdentifier=jane-doe"))
    assert [action["id"] for action in found] == [unblocked["id"], blocked["id"]]
    assert "leads." not in json.dumps(expect.ok(tenant.api.get("/audit")))


def test_nothing_of_it_is_an_event_of_a_workspace_but_what_becomes_of_its_campaigns(
        own, installation):
    tenant = own.tenant()
    campaign = Campaign(tenant, JANE)
    block(installation, {"domain": "acme.com"})
    campaign.await_blocked(1)
    unblock(installation, {"domain": "acme.com"})
    campaign.await_blocked(0)
    types = {event["type"] for event in expect.ok(tenant.api.get("/events?after=0"))["events"]}
    assert "lead_blocked" not in types and "lead_unblocked" not in types


@pytest.mark.parametrize("method, path, body", [
    ("POST", LIST, {"entries": [{"publicIdentifier": "jane-doe"}]}), ("GET", LIST, None),
    ("DELETE", LIST, {"entries": [{"publicIdentifier": "jane-doe"}]}),
    ("POST", LIST + "/import", File(b"linkedin.com/in/jane-doe\n")),
    ("GET", "/installation/changes/ch_1", None),
    ("GET", "/installation/changes/ch_1/leads", None),
    ("POST", "/installation/changes/ch_1/undo", None),
    ("GET", "/installation/imports", None), ("GET", "/installation/imports/im_1", None),
    ("POST", "/installation/imports/im_1/undo", None), ("GET", "/installation/evidence", None)])
def test_neither_keys_nor_members_and_viewers_read_or_change_it(server, operator, tenant, method,
                                                               path, body):
    block(operator.api, {"publicIdentifier": "known-to-operators"}, **SECRET)
    apis = [tenant.api] + [people.person(server, role, tenant.workspace).api
                           for role in ("member", "viewer")]
    for api in apis:
        expect.error(api.call(method, path, body), 403, "forbidden")
    expect.error(server.api().call(method, path, body), 401, "missing_api_key")
    expect.error(operator.api_for(csrf=False).call(method, path, body), 403, "csrf_failed") \
        if method != "GET" else None
    assert ("linkedin", "jane-doe") not in values(operator.api)
    unblock(operator.api, {"publicIdentifier": "known-to-operators"})


def test_a_workspace_cannot_name_it_as_its_own(own, installation):
    block(installation, {"publicIdentifier": "jane-doe"}, **SECRET)
    session = people.person(own, "operator")
    for name in ("installation", "0", ""):
        response = session.api_for(name).get("/blocklist") if name else session.api.get("/blocklist")
        assert response.status in (400, 404), response
    assert "installation" not in json.dumps(expect.ok(session.api.get("/workspaces")))


def test_files_are_imported_checked_and_taken_back(own, installation):
    tenant = own.tenant()
    file = File(b"name,linkedin\n" + b"".join(
        b"Somebody,linkedin.com/in/somebody-%d\n" % number for number in range(500)))
    tried = expect.ok(installation.post(LIST + "/import?dryRun=true", file))
    assert tried["blocked"] == 500 and values(installation) == []
    done = expect.ok(installation.post(LIST + "/import?reason=secret&importId=list-1", file))
    assert done["blocked"] == 500
    assert is_blocked(tenant, "somebody-7")
    checked = installation.call("POST", LIST + "/import?action=check",
                                File(b"linkedin.com/in/somebody-7\n"))
    assert b"true,installation,secret" in checked.body, checked
    (past,) = expect.ok(installation.get("/installation/imports"))
    assert past["importId"] == "list-1" and past["scope"] == "installation"
    assert expect.ok(installation.get("/installation/imports/list-1"))["state"] == "done"
    assert expect.ok(tenant.api.get("/imports")) == []
    undone = expect.ok(installation.post("/installation/imports/list-1/undo"))
    assert undone["unblocked"] == 500 and not is_blocked(tenant, "somebody-7")


def test_a_file_with_names_of_every_type_holds_and_is_taken_back_as_one(own, installation):
    campaign = Campaign(own.tenant(), JANE, {"publicIdentifier": "ann-b", "phone": "+49301234567"},
                        {"publicIdentifier": "max-m", "companyName": "Umbrella AG"}, OTHER)
    file = File(b"Customer,Website,Phone,Notes\nUmbrella,acme.com,030 1234567,secret\n" + b"".join(
        b"Company %d,company-%d.com,,\n" % (number, number) for number in range(200)))
    import_ = f"{LIST}/import?importId=clients&defaultCountry=DE&kind=legal"
    done = expect.ok(installation.post(import_, file))
    assert done["blocked"] == 403 and done["message"] == "403 entries blocked"
    assert done["found"] == {"phone": 1, "domain": 201, "company": 201}
    assert claimed(campaign) == ["joe-bloggs"]
    (entry,) = expect.ok(installation.get(LIST + "?type=phone"))
    assert (entry["reason"], entry["kind"]) == ("secret", "legal")
    assert expect.ok(installation.post(import_, file))["already"] == 403
    assert expect.ok(installation.post("/installation/imports/clients/undo"))["unblocked"] == 403
    assert values(installation) == []
    campaign.await_blocked(0)
    campaign.activate() if campaign.status == "paused" else None
    assert sorted(claimed(campaign)) == ["ann-b", "jane-doe", "max-m"]


def test_a_file_of_linkedin_names_alone_is_read_as_one(own, installation):
    file = File(b"Profile,Referrer,Note\nlinkedin.com/in/ann-b,linkedin.com/in/boss,asked\n"
                b",linkedin.com/in/boss,\n")
    body = expect.ok(installation.post(LIST + "/import?column=1&reasonColumn=Note", file))
    assert (body["blocked"], body["blank"], body["column"]["name"]) == (1, 1, "Profile")
    assert "taken" not in body and body["message"].startswith("1 lead blocked")
    assert values(installation) == [("publicIdentifier", "ann-b")]
    for both in ("column=1&columns=1", "column=1&type=company", "reasonColumn=Note&force=true"):
        refused = expect.error(installation.post(LIST + "/import?" + both, file), 400,
                               "invalid_parameter")
        assert "Send one kind" in refused["message"]
    assert values(installation) == [("publicIdentifier", "ann-b")]


def test_an_entry_ends_at_its_time():
    with MovedClock() as clock, Server(env=clock.env) as server:
        installation = people.person(server, "operator").api
        campaign = Campaign(server.tenant(), JANE)
        block(installation, {"domain": "acme.com"}, expiresAt=clock.in_seconds(60))
        assert claimed(campaign) == []
        campaign.await_blocked(1)
        clock.let_pass(61)
        campaign.await_blocked(0)
        assert values(installation) == []
        campaign.activate()
        assert claimed(campaign) == ["jane-doe"]


def test_an_acknowledged_entry_survives_kill_9(own, installation):
    tenant = own.tenant()
    campaign = Campaign(tenant, JANE, OTHER)
    block(installation, {"publicIdentifier": "jane-doe"}, {"domain": "elsewhere.com"}, **SECRET)
    own.kill()
    own.start()
    tenant = Tenant(own, tenant.workspace, tenant.key)
    campaign = campaign.seen_from(tenant)
    assert claimed(campaign) == []
    assert is_blocked(tenant)
    campaign.await_blocked(2)


def test_many_leads_are_set_aside_in_the_background_and_come_back(own, installation):
    tenants = [own.tenant("agency") for _ in range(3)]
    campaigns = []
    for tenant in tenants:
        campaign = Campaign(tenant)
        campaign.add(*[{"publicIdentifier": f"at-acme-{number}", "companyName": "Acme GmbH",
                        "email": f"a{number}@acme.com"} for number in range(700)], OTHER)
        campaign.activate()
        campaigns.append(campaign)
    block(installation, {"company": "Acme"}, {"domain": "acme.com"},
          {"publicIdentifier": "at-acme-3"})
    # One that looks for long hands out nothing yet.
    assert [eventually(lambda one=campaign: claimed(one)) for campaign in campaigns] == [["joe-bloggs"]] * 3
    for campaign in campaigns:
        campaign.await_blocked(700)
    unblock(installation, {"company": "Acme"}, {"domain": "acme.com"})
    for campaign in campaigns:
        campaign.await_blocked(1)


def test_an_opt_out_is_recorded_in_the_workspace_beside_it(own, installation):
    tenant = own.tenant()
    campaign = Campaign(tenant, JANE)
    activity = campaign.claim_one()
    block(installation, {"publicIdentifier": "jane-doe"}, {"memberId": JANE["memberId"]})
    reported = expect.ok(campaign.report(activity, "opted_out"))
    assert reported["blocked"] is True
    unblock(installation, {"publicIdentifier": "jane-doe"}, {"memberId": JANE["memberId"]})
    told = expect.ok(tenant.api.get(f"{campaign.blocks}/jane-doe"))
    assert told["blocked"] and told["scope"] == "workspace"


def test_a_repeated_opt_out_holds_when_the_installation_frees_the_person(own, installation):
    tenant = own.tenant()
    campaign = Campaign(tenant, OTHER)
    activity = campaign.claim_one()
    expect.ok(campaign.report(activity, "opted_out"))
    record = expect.ok(tenant.api.get("/blocked-leads"))[0]["id"]
    expect.ok(tenant.api.delete("/blocked-leads", [record]))
    block(installation, {"publicIdentifier": "joe-bloggs"})
    assert expect.ok(campaign.report(activity, "opted_out"))["blocked"] is True
    unblock(installation, {"publicIdentifier": "joe-bloggs"})
    told = expect.ok(tenant.api.get(f"{campaign.blocks}/joe-bloggs"))
    assert told["blocked"] and told["scope"] == "workspace"


def test_an_opt_out_is_repeated_and_not_recorded_again(own, installation):
    tenant = own.tenant()
    campaign = Campaign(tenant, OTHER)
    activity = campaign.claim_one()
    expect.ok(campaign.report(activity, "opted_out"))
    block(installation, {"publicIdentifier": "joe-bloggs"})
    head = json.loads(expect.ok(tenant.api.get("/evidence"))["statement"])["head"]
    for _ in range(3):
        again = campaign.seen_from(Tenant(own, tenant.workspace, tenant.new_key()))
        assert expect.ok(again.report(activity, "opted_out"))["blocked"] is True
    assert json.loads(expect.ok(tenant.api.get("/evidence"))["statement"])["head"] == head


def link(tenant, *names):
    """The id of the change."""
    answer = tenant.api.post("/people/link", {"links": [
        {"memberId": ANNA, "publicIdentifier": name} for name in names]})
    assert expect.ok(answer)["linked"] == len(names)
    return answer.header("x-change-id")


def found_by(tenant, campaign, name):
    """By which name all ways to ask find the person in the installation's list; None: in none."""
    api, value = tenant.api, lambda match: match and match["value"]
    one = expect.ok(api.get(f"{campaign.blocks}/{name}"))
    if not one["blocked"]:
        assert expect.ok(api.get(f"/blocked-leads/{name}"))["blocks"] == []
        assert expect.ok(api.post("/check", {"leads": [{"publicIdentifier": name}]}))[0][
            "blocked"] is False
        assert campaign.explain(name)["blocks"] == []
        return None
    (many,) = expect.ok(api.post("/blocked-leads/check?details=true",
                                 {"publicIdentifiers": [name]}))
    (lead,) = expect.ok(api.post("/check", {"leads": [{"publicIdentifier": name}]}))
    (shown,) = expect.ok(api.get(f"/blocked-leads/{name}"))["blocks"]
    (explained,) = campaign.explain(name)["blocks"]
    for told in (one, many, lead, shown, explained):
        assert told["scope"] == "installation" and told["reason"] is None
        assert told.get("createdAt", explained["since"]) == explained["since"]
    names = {value(told.get("matched")) or name for told in (one, many, lead, shown)}
    assert names == {explained["publicIdentifier"]}
    return names.pop()


def test_who_is_in_it_by_one_name_is_blocked_by_the_others_where_they_are_linked(
        own, installation):
    linked, apart = own.tenant(), own.tenant()
    campaigns = [Campaign(tenant, "anna-new") for tenant in (linked, apart)]
    link(linked, "anna-old", "anna-new")
    change = block(installation, {"publicIdentifier": "anna-old"}, **SECRET)["change"]
    assert found_by(linked, campaigns[0], "anna-new") == "anna-old"
    assert claimed(campaigns[0]) == []
    campaigns[0].await_blocked(1)
    assert claimed(campaigns[1]) == ["anna-new"]  # links are the workspace's
    assert found_by(apart, campaigns[1], "anna-new") is None
    expect.ok(installation.post(f"/installation/changes/{change}/undo"))
    campaigns[0].await_blocked(0)
    campaigns[0].activate() if campaigns[0].status == "paused" else None
    assert found_by(linked, campaigns[0], "anna-new") is None
    assert claimed(campaigns[0]) == ["anna-new"]


def test_a_link_to_who_is_in_it_sets_leads_aside_and_its_end_puts_them_back(own, installation):
    tenant = own.tenant()
    campaign = Campaign(tenant, "anna-new", "joe-bloggs")
    block(installation, {"publicIdentifier": "anna-old"}, **SECRET)
    change = link(tenant, "anna-old", "anna-new")
    assert campaign.blocked_leads == 1
    assert found_by(tenant, campaign, "anna-new") == "anna-old"
    assert SECRET["reason"] not in json.dumps(campaign.explain("anna-new"))
    undo(tenant.api, change)
    assert campaign.blocked_leads == 0
    assert found_by(tenant, campaign, "anna-new") is None
    assert sorted(claimed(campaign)) == ["anna-new", "joe-bloggs"]


def test_it_is_no_workspace_that_could_have_keys_users_or_a_plan(own, installation):
    for command in (("key", "create", "installation", "--name", "A key"),
                    ("key", "list", "installation"),
                    ("campaign", "create", "installation", "A campaign"),
                    ("campaign", "list", "installation"),
                    ("user", "create", "a@example.com", "--role", "member", "--in", "installation"),
                    ("workspace", "set-plan", "installation", "pro")):
        refused = own.run(*command)
        assert refused.code != 0 and "does not exist" in refused.err, (command, refused)
    expect.error(installation.put("/workspaces/installation/plan", {"plan": "pro"}), 404,
                 "workspace_not_found")
    expect.error(installation.post("/users", {"email": "ann@example.com", "role": "member",
                                              "workspaceId": "installation"}), 404,
                 "workspace_not_found")


def test_commands_change_and_show_it(own, tmp_path):
    tenant = own.tenant()
    printed = own.cli_beside("installation", "block", "jane-doe", "joe-bloggs", "--domain",
                             "acme.com", "--reason", "asked to stop", "--kind", "opt_out")
    assert printed.startswith("3 entries blocked (ch_")
    assert is_blocked(tenant) and is_blocked(tenant, "joe-bloggs")
    rows = [line.split("\t") for line in own.cli_beside("installation", "list").splitlines()]
    assert [row[:2] for row in rows] == [["domain", "acme.com"], ["publicIdentifier", "joe-bloggs"],
                                         ["publicIdentifier", "jane-doe"]]
    assert {tuple(row[3:]) for row in rows} == {("opt_out", "asked to stop")}
    env = {"LEADBLOCK_URL": f"http://127.0.0.1:{own.port}", "LEADBLOCK_KEY": tenant.key}
    assert run("block", "--workspace", "jane-doe", env=env).code == 0
    assert run("unblock", "--workspace", "jane-doe", "joe-bloggs", env=env).out.startswith(
        "1 lead unblocked, 1 not blocked there (ch_")  # of the workspace's own list
    assert run("check", "--workspace", "jane-doe", "joe-bloggs", "somebody", env=env).out == (
        "jane-doe\tblocked\njoe-bloggs\tblocked\nsomebody\tallowed\n")
    assert run("check", "--workspace", "jane-doe", "--quiet", env=env).code == 1
    assert own.cli_beside("installation", "unblock", "jane-doe").startswith("1 entry unblocked")
    change = printed[printed.index("ch_"):].rstrip(")")
    assert "2 leads unblocked" in own.cli_beside("installation", "undo", change)
    file = tmp_path / "people.csv"
    file.write_text("linkedin\nlinkedin.com/in/somebody\n")
    assert own.cli_beside("installation", "block", "--file", file).startswith("1 lead blocked")
    assert is_blocked(tenant, "somebody")
    assert own.run_beside("installation", "block").code == 2
    assert own.run_beside("installation", "block", "--file", file, "jane-doe").code == 2
    clients = tmp_path / "clients.csv"
    clients.write_text("Kunde;Telefon\nAcme GmbH;030 123456\n")
    typed = ("--file", clients, "--all-types", "--country", "DE", "--kind", "client")
    tried = own.cli_beside("installation", "block", *typed, "--dry-run")
    assert "column 2 (Telefon): phone numbers\n2 entries would be blocked" in tried
    lead = {"leads": [{"phone": "+4930123456"}]}
    assert expect.ok(tenant.api.post("/check", lead))[0]["blocked"] is False
    done = own.cli_beside("installation", "block", *typed)
    assert "2 entries blocked (im_" in done
    assert expect.ok(tenant.api.post("/check", lead))[0]["scope"] == "installation"
    imported = done[done.index("im_"):].strip().rstrip(")")
    assert "2 leads unblocked" in own.cli_beside("installation", "undo", imported)
    assert expect.ok(tenant.api.post("/check", lead))[0]["blocked"] is False
    for command in ("block", "unblock"):
        refused = own.run_beside("installation", command, *typed[:-2], "--column", "Kunde")
        assert refused.code == 2 and "--columns" in refused.err, refused
    own.cli_beside("installation", "block", *typed)
    assert own.cli_beside("installation", "unblock", *typed[:-2]).splitlines()[-1].startswith(
        "2 entries unblocked")
    assert own.run_beside("installation", "unblock", "somebody", "--dry-run").code == 2
    assert is_blocked(tenant, "somebody")
    own.stop()
    stopped = own.run_beside("installation", "list")
    assert stopped.code == 1 and "no server" in stopped.err


def test_a_command_says_which_rows_of_a_file_are_left_out(own, tmp_path):
    file = tmp_path / "people.csv"

    def block(text, *options, code=0):
        file.write_text(text)
        result = own.run_beside("installation", "block", "--file", file, *options)
        assert result.code == code, result
        return result

    bad = "Website,Phone\nacme.com,\ngmail.com,\n"
    refused = block(bad, "--all-types", code=1)
    assert "line 3: 'gmail.com'" in refused.err and "--skip-invalid" in refused.err
    assert refused.out == ""
    taken = block(bad, "--all-types", "--skip-invalid")
    assert "line 3: 'gmail.com'" in taken.err and "1 entry blocked, 1 row bad (im_" in taken.out
    blank = block("LinkedIn,Note\nlinkedin.com/in/ann-b,x\n,y\n")
    assert "1 lead blocked" in blank.out and "line 3: " in blank.err
    assert "no names or addresses" in block("LinkedIn,Note\n,x\n,y\n", "--column", "1", code=1).err
    printed = block(bad, "--all-types", "--skip-invalid", "--json")
    assert json.loads(printed.out)["already"] == 1 and "line 3: 'gmail.com'" in printed.err


def test_statements_of_its_log_are_verified(own, installation, tmp_path):
    block(installation, {"publicIdentifier": "jane-doe"}, **SECRET)
    statement = tmp_path / "statement.json"
    answer = installation.get("/installation/evidence?publicIdentifier=jane-doe")
    statement.write_bytes(answer.body)
    stated = json.loads(expect.ok(answer)["statement"])
    assert stated["workspaceId"] == "installation" and stated["blocked"] is True
    assert stated["events"][0]["scope"] == "installation"
    head = json.loads(own.cli("evidence", "installation"))
    assert json.loads(head["statement"])["head"]["row"] >= 1
    own.stop()
    database = own.database if on_postgresql() else own.data
    assert run("verify", str(database), "--evidence", str(statement)).code == 0
