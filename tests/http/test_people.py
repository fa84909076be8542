"""One person by several names: LinkedIn names and member ids that were seen together."""

import time
from pathlib import Path

import pytest

from support import expect, pages, postgres
from support.campaigns import MESSAGE, Campaign, member_id, names, undo
from support.server import Server
from support.waiting import eventually

ANNA, OLD, NEW = member_id(1), "anna-old", "anna-new"
SALES = "ACwAA" + ANNA[5:]


def link(api, *pairs):
    answer = api.post("/people/link", {"links": [
        {"memberId": member, "publicIdentifier": name} for member, name in pairs]})
    body = expect.ok(answer)
    return body["linked"], body["known"], body["conflicts"], answer.header("x-change-id")


def block_everywhere(api, *people):
    body = {"leads": [{"publicIdentifier": name} for name in people]}
    assert expect.ok(api.post("/blocked-leads", body))["blocked"] == len(people)


def unblock_everywhere(api, *people):
    ids = [entry["id"] for entry in expect.ok(api.get("/blocked-leads"))
           if entry["publicIdentifier"] in people]
    assert expect.ok(api.delete("/blocked-leads", ids))["unblocked"] == len(people)


def check(api, name):
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


def test_a_lead_that_is_there_by_another_name_is_a_duplicate(fresh):
    campaign = Campaign(fresh, {"publicIdentifier": OLD, "memberId": ANNA})
    link(fresh.api, (ANNA, NEW))
    assert campaign.add(NEW) == (0, 1, 0)


def test_two_leads_that_turn_out_to_be_one_person_are_contacted_once(fresh):
    campaign = Campaign(fresh, OLD, NEW)
    link(fresh.api, (ANNA, OLD), (ANNA, NEW))
    assert names(campaign.claim()) == [OLD]
    assert campaign.lead(NEW)["status"] == "completed"


@pytest.mark.parametrize("replies", [ANNA, OLD])
def test_a_reply_does_not_end_the_lead_of_another_person(fresh, replies):
    """The name was seen with the member id of one person, and is another one's today."""
    campaign = Campaign(fresh, ANNA, OLD, steps=[MESSAGE, MESSAGE])
    link(fresh.api, (ANNA, OLD), (member_id(2), OLD))
    out = {activity["publicIdentifier"]: activity for activity in campaign.claim()}
    assert out.keys() == {ANNA, OLD}
    campaign.complete(out.pop(replies), "replied")
    assert campaign.lead(replies)["status"] == "completed"
    (left,) = out
    campaign.complete(out[left])
    assert names(campaign.claim()) == [left]


def test_the_answer_to_leads_names_the_change_by_which_their_link_is_taken_back(fresh):
    campaign = Campaign(fresh)
    answer = campaign.post_leads({"publicIdentifier": OLD, "memberId": ANNA})
    change = answer.header("x-change-id")
    block_everywhere(fresh.api, OLD)
    assert is_blocked(fresh.api, ANNA) == [True]
    body = undo(fresh.api, change)
    assert body["unlinked"] == 1 and body["message"] == "Undone: 1 link taken back"
    assert is_blocked(fresh.api, ANNA, OLD) == [False, True]
    assert campaign.post_leads("joe").header("x-change-id") is None


def test_a_link_sets_leads_aside_and_its_end_puts_them_back(fresh):
    campaign = Campaign(fresh, NEW, "joe")
    block_everywhere(fresh.api, OLD)
    *_, change = link(fresh.api, (ANNA, OLD), (ANNA, NEW))
    assert campaign.lead(NEW)["blocked"] is True
    assert campaign.details()["analytics"]["leads"]["blocked"] == 1
    assert campaign.explain(NEW)["blocks"][0]["publicIdentifier"] == OLD
    undo(fresh.api, change)
    assert campaign.details()["analytics"]["leads"]["blocked"] == 0
    assert names(campaign.claim()) == [NEW, "joe"]


def test_why_a_lead_is_not_contacted_says_when_it_is_blocked_by_another_name_of_the_person(fresh):
    campaign = Campaign(fresh, {"publicIdentifier": NEW, "memberId": ANNA})
    link(fresh.api, (ANNA, OLD))
    block_everywhere(fresh.api, OLD)
    start = f"{OLD}, another name of the person, is blocked in the workspace since "
    assert campaign.explain(NEW)["because"].startswith(start)
    block_everywhere(fresh.api, ANNA)  # a name of the lead itself
    assert campaign.explain(NEW)["because"].startswith(f"{ANNA} is blocked in the workspace since ")


def test_an_undo_of_an_undo_makes_the_link_again(fresh):
    *_, change = link(fresh.api, (ANNA, OLD))
    block_everywhere(fresh.api, OLD)
    undone = fresh.api.post(f"/changes/{change}/undo").header("x-change-id")
    assert is_blocked(fresh.api, ANNA) == [False]
    assert undo(fresh.api, undone)["linked"] == 1
    assert is_blocked(fresh.api, ANNA) == [True]


def test_answers_say_who_is_covered_and_who_stays_blocked(fresh):
    api = fresh.api
    link(api, (ANNA, OLD), (ANNA, NEW))
    campaign = Campaign(fresh)
    body = expect.ok(api.post("/blocked-leads", {"leads": [{"publicIdentifier": OLD},
                                                           {"publicIdentifier": "joe"}]}))
    assert body["covers"] == [{"publicIdentifier": OLD, "names": [ANNA, NEW]}]
    body = expect.ok(api.post(campaign.blocks, {"publicIdentifiers": [NEW]}))
    assert body["covers"] == [{"publicIdentifier": NEW, "names": [ANNA, OLD]}]
    listed = {entry["publicIdentifier"]: entry.get("covers")
              for entry in expect.ok(api.get("/blocked-leads"))}
    assert listed == {OLD: [ANNA, NEW], "joe": None}
    entry = next(entry for entry in expect.ok(api.get("/blocklist")) if entry["value"] == OLD)
    assert entry["covers"] == [ANNA, NEW]
    found = expect.ok(api.get(f"/blocked-leads/{ANNA}"))
    assert sorted(found["names"]) == sorted([OLD, NEW])
    assert [(block["scope"], block["matched"]["value"]) for block in found["blocks"]] == [
        ("workspace", OLD), ("campaign", NEW)]
    assert expect.ok(api.get(f"{campaign.blocks}/{ANNA}"))["matched"]["value"] == OLD
    body = expect.ok(api.delete(campaign.blocks, {"publicIdentifiers": [NEW]}))
    assert body["stillBlocked"] == [{"publicIdentifier": NEW, "names": [OLD]}]
    unblock_everywhere(api, "joe")
    record = expect.ok(api.get("/blocked-leads"))[0]["id"]
    assert "stillBlocked" not in expect.ok(api.delete("/blocked-leads", [record]))


def test_an_unblock_by_a_name_that_is_on_no_list_says_which_one_is(fresh):
    """The name by which a person is met is seldom the one by which they were blocked."""
    api, campaign = fresh.api, Campaign(fresh)
    link(api, (ANNA, OLD), (ANNA, NEW))
    block_everywhere(api, OLD)
    still = [{"publicIdentifier": NEW, "names": [OLD]}]
    for path, body in (("/blocklist", {"entries": [{"publicIdentifier": NEW}, {"publicIdentifier": "joe"}]}),
                       (campaign.blocks, {"publicIdentifiers": [NEW, "joe"]})):
        said = expect.ok(api.delete(path, body))
        assert said["unblocked"] == 0 and said["stillBlocked"] == still, path
    expect.ok(api.delete("/blocklist", {"entries": [{"publicIdentifier": OLD}]}))
    said = expect.ok(api.delete("/blocklist", {"entries": [{"publicIdentifier": NEW}]}))
    assert "stillBlocked" not in said


def test_a_name_seen_with_ids_of_both_forms_joins_them(fresh):
    link(fresh.api, (ANNA, OLD), (SALES, OLD))
    block_everywhere(fresh.api, SALES)
    assert is_blocked(fresh.api, ANNA, OLD) == [True, True]


def test_a_name_seen_with_two_ids_of_one_form_joins_nobody_and_is_the_latest_ones(fresh):
    api, other = fresh.api, member_id(2)
    link(api, (ANNA, OLD), (ANNA, NEW))
    block_everywhere(api, ANNA)
    assert is_blocked(api, OLD, NEW) == [True, True]
    *_, change = link(api, (other, OLD))
    assert is_blocked(api, OLD, NEW, other) == [False, True, False]
    block_everywhere(api, OLD)
    unblock_everywhere(api, ANNA)
    assert is_blocked(api, ANNA, NEW, other, OLD) == [True, True, True, True]
    unblock_everywhere(api, OLD)
    block_everywhere(api, ANNA)
    undo(api, change)
    assert is_blocked(api, OLD, NEW, other) == [True, True, False]


def test_a_ninth_name_is_not_joined_and_is_listed(fresh):
    api = fresh.api
    many = [f"anna-{number}" for number in range(8)]
    assert link(api, *((ANNA, name) for name in many))[:3] == (7, 0, 1)
    assert link(api, (ANNA, many[7]))[:3] == (0, 0, 1)
    answer = api.get("/people/conflicts")
    (conflict,) = expect.ok(answer)
    assert answer.header("x-total-count") == "1"
    assert (conflict["memberId"], conflict["publicIdentifier"]) == (ANNA, many[7])
    block_everywhere(api, many[0])
    assert is_blocked(api, *many) == [True] * 7 + [False]


def test_a_conflict_that_becomes_a_link_is_none_any_more(own):
    tenant = own.tenant()
    many = [f"anna-{number}" for number in range(8)]
    *_, change = link(tenant.api, (ANNA, many[0]))
    assert link(tenant.api, *((ANNA, name) for name in many[1:]))[:3] == (6, 0, 1)
    undo(tenant.api, change)
    assert len(expect.ok(tenant.api.get("/people/conflicts"))) == 1, "it was not asked for again"
    assert link(tenant.api, (ANNA, many[7]))[:3] == (1, 0, 0)
    assert expect.ok(tenant.api.get("/people/conflicts")) == []
    own.restart()
    api = own.api(tenant.key)
    assert expect.ok(api.get("/people/conflicts")) == []
    assert link(api, (ANNA, many[0]))[:3] == (0, 0, 1)
    assert [conflict["publicIdentifier"] for conflict in expect.ok(api.get("/people/conflicts"))] == [
        many[0]]


def test_a_lead_with_names_of_three_people_is_asked_for_by_all_of_theirs(fresh):
    for person in range(3):
        link(fresh.api, *((member_id(person), f"name-{person}-{number}") for number in range(7)))
    block_everywhere(fresh.api, "name-2-6")
    lead = {"publicIdentifier": "name-0-0", "linkedinUrl": "https://www.linkedin.com/in/name-1-0",
            "memberId": member_id(2)}
    checked = expect.ok(fresh.api.post("/check", {"leads": [lead]}))[0]
    assert checked["blocked"] and checked["matched"]["value"] == "name-2-6"


def test_what_several_people_have_in_common_is_never_linked(fresh):
    for field in ("email", "phone", "domain", "company"):
        answer = fresh.api.post("/people/link", {"links": [
            {"memberId": ANNA, "publicIdentifier": OLD, field: "info@acme.com"}]})
        error = expect.error(answer, 400, "invalid_body")
        assert "several people may have in common" in error["errors"][0]["reason"]
    for pair in ({"publicIdentifier": OLD}, {"memberId": ANNA}, {"memberId": OLD,
                 "publicIdentifier": OLD}, {"memberId": ANNA, "publicIdentifier": SALES}, 7):
        answer = fresh.api.post("/people/link", {"links": [pair]})
        assert answer.status == 400, answer
    Campaign(fresh, {"publicIdentifier": OLD, "email": "info@acme.com", "phone": "+49 30 123456"},
             {"publicIdentifier": NEW, "email": "info@acme.com", "phone": "+49 30 123456"})
    block_everywhere(fresh.api, OLD)
    assert is_blocked(fresh.api, NEW) == [False]


def test_links_are_the_workspaces_own(fresh, server):
    other = server.tenant()
    link(fresh.api, (ANNA, OLD))
    link(other.api, (member_id(5), "someone"))
    block_everywhere(other.api, OLD)
    assert is_blocked(other.api, ANNA) == [False]


def test_links_of_a_file_of_leads_are_learnt(fresh):
    campaign = Campaign(fresh)
    file = f"LinkedIn,memberId\nlinkedin.com/in/{OLD},{ANNA}\nlinkedin.com/in/joe,\n"
    expect.ok(fresh.api.post(f"{campaign.path}/leads/import", file.encode(),
                             content_type="text/csv"))
    block_everywhere(fresh.api, ANNA)
    assert is_blocked(fresh.api, OLD, "joe") == [True, False]


def test_links_outlive_a_kill_and_what_was_taken_back_stays_so():
    with Server() as server:
        tenant = server.tenant()
        link(tenant.api, (ANNA, OLD))
        *_, wrong = link(tenant.api, (ANNA, NEW))
        many = [f"anna-{number}" for number in range(8)]
        link(tenant.api, *((member_id(9), name) for name in many))
        block_everywhere(tenant.api, OLD)
        undo(tenant.api, wrong)
        server.kill()
        server.start()
        api = server.api(tenant.key)
        assert is_blocked(api, ANNA, OLD, NEW) == [True, True, False]
        assert len(expect.ok(api.get("/people/conflicts"))) == 1
        assert link(api, (ANNA, OLD))[:3] == (0, 1, 0)


def test_history_audit_and_the_change_tell_of_links(fresh):
    api = fresh.api
    *_, change = link(api, (ANNA, OLD), (ANNA, NEW))
    told = expect.ok(api.get(f"/changes/{change}"))
    assert (told["what"], told["count"]) == ("link", 2)
    assert names(expect.ok(api.get(f"/changes/{change}/leads"))) == [ANNA, OLD, ANNA, NEW]
    assert [event["what"] for event in expect.ok(api.get(f"/blocked-leads/{OLD}/history"))] == [
        "link"]
    undone = fresh.api.post(f"/changes/{change}/undo").header("x-change-id")
    assert [event["what"] for event in expect.ok(api.get(f"/blocked-leads/{OLD}/history"))] == [
        "undo", "link"]
    assert len(expect.ok(api.get(f"/changes/{undone}/leads"))) == 4
    actions = [(entry["action"], entry["count"]) for entry in expect.ok(api.get("/audit"))
               if entry["action"] in ("people.link", "leads.undo")]
    assert actions == [("leads.undo", 2), ("people.link", 2)]


def test_no_event_is_told_of_a_link(fresh):
    before = expect.ok(fresh.api.get("/events?after=0"))["events"]
    link(fresh.api, (ANNA, OLD))
    assert expect.ok(fresh.api.get("/events?after=0"))["events"] == before


MIGRATIONS = Path(__file__).resolve().parents[2] / "src/store/migrations"


def teach_again(server):
    """What the upgrade from a version before leads taught links does to the database."""
    if server.database:
        step = (MIGRATIONS / "postgres/0018_teach_links.sql").read_text()
        postgres.shared().psql(step, postgres.database_of(server.database))
        return
    with pages.changed(server.data) as database:
        database.executescript((MIGRATIONS / "sqlite/0021_teach_links.sql").read_text())


def test_an_old_lead_does_not_take_a_name_from_whose_it_is_today(own):
    """The name was given to another person since, or another old lead has it with another id."""
    tenant = own.tenant()
    then, today, first, second = (member_id(number) for number in range(1, 5))
    newer = Campaign(tenant)  # the first that is looked at
    for leads in ([{"publicIdentifier": "ada-1", "memberId": then},
                   {"publicIdentifier": "eve-1", "memberId": first},
                   {"publicIdentifier": "end-1", "memberId": member_id(5)}],
                  [{"publicIdentifier": "eve-1", "memberId": second}]):
        old = Campaign(tenant)
        undo(tenant.api, old.post_leads(*leads).header("x-change-id"))
    newer.add({"publicIdentifier": "ada-1", "memberId": today})
    block_everywhere(tenant.api, today, "end-1")
    assert Campaign(tenant, "ada-1").claim() == []
    own.stop()
    teach_again(own)
    own.start()
    tenant.api = api = own.api(tenant.key)
    eventually(lambda: check(api, member_id(5))["blocked"])
    time.sleep(1)  # the second campaign's
    later = Campaign(tenant, "ada-1")
    assert later.claim() == [] and later.lead("ada-1")["blocked"] is True
    block_everywhere(api, "eve-1")
    assert is_blocked(api, first, second) == [True, False]


def test_leads_of_earlier_versions_teach_links_after_the_upgrade(own):
    tenant = own.tenant()
    members = [member_id(number) for number in range(1, 121)]
    for half in (members[:70], members[70:]):
        campaign = Campaign(tenant)
        added = campaign.api.post(f"{campaign.path}/leads", {"leads": [
            {"publicIdentifier": f"old-{members.index(member) + 1}", "memberId": member}
            for member in half]})
        undo(campaign.api, added.header("x-change-id"))
    assert link(tenant.api, (members[5], "other-6"))[0] == 1
    block_everywhere(tenant.api, *(f"old-{number}" for number in range(1, 121)))
    assert is_blocked(tenant.api, *members[:3]) == [False] * 3

    def upgrade():
        own.stop()
        teach_again(own)
        own.start()
        return own.api(tenant.key)

    def taught():
        entries = expect.ok(api.get("/audit?action=people.link&take=100"))
        return [entry["id"] for entry in entries if entry["by"]["type"] == "server"]

    api = upgrade()
    eventually(lambda: expect.ok(api.post("/blocked-leads/check", {
        "publicIdentifiers": members}))["allowed"] == [])
    assert is_blocked(api, "other-6") == [True]
    changes = taught()
    api = upgrade()  # there is nothing to learn
    time.sleep(1.5)
    assert taught() == changes
    for change in changes:
        undo(api, change)
    own.restart()
    api = own.api(tenant.key)
    time.sleep(1.5)
    assert is_blocked(api, *members[:3]) == [False] * 3, "what was taken back stays so"
