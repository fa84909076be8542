"""Settings of a campaign: replies that block, people whom others contact, colleagues of who replied."""

import threading
import time

import pytest

from support import expect
from support.campaigns import (INVITATION, MESSAGE, VISIT, Campaign, block_everywhere, member_id,
                               names, unblock_everywhere)
from support.moved_clock import MovedClock
from support.server import Server, unique
from support.waiting import becomes

DAY = 86400
SOON = 20.0
ACME = "https://www.linkedin.com/company/acme"


def skipping(tenant, *leads, days=90, **fields):
    return Campaign(tenant, *leads, settings={"skipContacted": {"days": days}}, **fields)


def stopping(tenant, *leads, **fields):
    return Campaign(tenant, *leads, settings={"stopColleagues": True}, **fields)


def worker(name=None, **fields):
    return {"publicIdentifier": name or unique(), **fields}


def claimed(campaign, **options):
    return names(campaign.claim(**options))


def skip_all(campaign, count):
    """One claim looks at a bounded number of leads."""
    for _ in range(count):
        assert campaign.claim() == []
        if campaign.skipped_contacted == count:
            return
    raise AssertionError(f"{campaign.skipped_contacted} of {count} are skipped")


def blocks(api, name):
    body = expect.ok(api.get(f"/blocked-leads/{name}"))
    return [(block["scope"], block["reason"]) for block in body["blocks"]]


# --- The settings themselves ---

def test_settings_are_off_until_they_are_set(tenant):
    campaign = Campaign(tenant)
    assert campaign.details()["settings"] == {}
    assert campaign.set(blockOnReply=True) == {"blockOnReply": True}
    assert campaign.set(skipContacted={"days": 90}) == {"blockOnReply": True,
                                                        "skipContacted": {"days": 90}}
    all_on = {"blockOnReply": True, "skipContacted": {"days": 90}, "stopColleagues": True}
    assert campaign.set(stopColleagues=True) == all_on
    assert campaign.details()["settings"] == all_on
    expect.ok(tenant.api.patch(campaign.path, {"name": "Another"}))
    assert campaign.details()["settings"] == all_on
    assert campaign.set(blockOnReply=False, skipContacted=None, stopColleagues=None) == {}


def test_a_campaign_is_made_with_them(tenant):
    on = {"blockOnReply": True, "skipContacted": {"days": 3650}, "stopColleagues": True}
    body = expect.ok(tenant.api.post("/campaigns", {"name": "c", "settings": on}), 201)
    assert body["settings"] == on
    assert expect.ok(tenant.api.get(f"/campaigns/{body['id']}"))["settings"] == on
    assert [each["settings"] for each in expect.ok(tenant.api.get("/campaigns?take=100"))
            if each["id"] == body["id"]] == [on]


@pytest.mark.parametrize("fields", [
    {"settings": []}, {"settings": {"blockOnReply": 1}}, {"settings": {"stopColleagues": "yes"}},
    {"settings": {"skipContacted": 90}}, {"settings": {"skipContacted": {}}},
    {"settings": {"skipContacted": {"days": 0}}}, {"settings": {"skipContacted": {"days": 3651}}},
    {"settings": {"skipContacted": {"days": 1.5}}}, {"settings": {"skipContacted": {"days": "9"}}},
    {"skipContacted": {"days": 90}}, {"blockOnReply": True}, {"stopColleagues": True},
], ids=repr)
def test_what_is_no_setting_is_refused(tenant, campaign, fields):
    expect.error(tenant.api.post("/campaigns", {"name": "c", **fields}), 400, "invalid_body")
    expect.error(tenant.api.patch(f"/campaigns/{campaign}", fields), 400, "invalid_body")
    assert expect.ok(tenant.api.get(f"/campaigns/{campaign}"))["settings"] == {}


def test_a_campaign_of_the_same_id_begins_without_them(tenant):
    first, colleague = worker(companyName="Globex"), worker(companyName="Globex")
    old = Campaign(tenant, first, settings={"stopColleagues": True, "skipContacted": {"days": 9},
                                            "blockOnReply": True})
    old.block(unique())
    old.complete(old.claim_one(), "replied")
    expect.ok(tenant.api.delete(old.path))
    again = Campaign(tenant, colleague, id=old.id)
    assert again.id == old.id and again.details()["settings"] == {}
    again.set(stopColleagues=True)
    assert claimed(again) == [colleague["publicIdentifier"]]


# --- blockOnReply ---

@pytest.mark.parametrize("step", [VISIT, INVITATION, MESSAGE], ids=lambda step: step["type"])
def test_any_reply_blocks_the_person_everywhere(tenant, step):
    name, member = unique(), member_id(abs(hash(unique())) % 10**12)
    lead = {"publicIdentifier": name, "memberId": member, "email": f"{name}@example.com",
            "phone": "+49 30 1234567"}
    campaign = Campaign(tenant, lead, steps=[{**step, "stopOnReply": False}, MESSAGE],
                        settings={"blockOnReply": True})
    other = Campaign(tenant, member)
    response = campaign.report(campaign.claim_one(), "replied")
    assert expect.ok(response)["blocked"] is True
    assert response.header("x-change-id").startswith("ch_")
    assert blocks(tenant.api, name)[0] == ("workspace", "Replied")
    entries = expect.ok(tenant.api.get("/blocklist?limit=1000"))
    values = {entry["value"] for entry in entries if entry["reason"] == "Replied"}
    assert {name, member, f"{name}@example.com", "+49301234567"} <= values
    block, *_ = expect.ok(tenant.api.get(f"/blocked-leads/{name}"))["blocks"]
    assert block["by"]["type"] == "key" and block["by"]["id"] == tenant.key.split("_")[1]
    assert campaign.claim() == [] and other.claim() == []
    (activity,) = campaign.activities()
    assert activity["state"] == "replied"
    expect.ok(tenant.api.delete("/blocklist", {"entries": [{"phone": "+49301234567"}]}))


def test_the_reason_is_the_detail(tenant):
    name = unique()
    campaign = Campaign(tenant, name, settings={"blockOnReply": True})
    campaign.complete(campaign.claim_one(), "replied", detail="Call me in May.")
    assert blocks(tenant.api, name) == [("workspace", "Call me in May.")]


def test_a_reply_after_done_blocks_and_a_repeated_one_does_not_again(tenant):
    name = unique()
    campaign = Campaign(tenant, name, steps=[MESSAGE, MESSAGE], settings={"blockOnReply": True})
    activity = campaign.claim_one()
    campaign.complete(activity, "done")
    assert blocks(tenant.api, name) == []
    campaign.complete(activity, "replied")
    assert len(blocks(tenant.api, name)) == 1
    unblock_everywhere(tenant.api, name)
    response = campaign.report(activity, "replied")
    assert expect.ok(response)["blocked"] is False and response.header("x-change-id") is None
    assert blocks(tenant.api, name) == []


@pytest.mark.parametrize("result", ["done", "failed", "retry"])
def test_no_other_report_blocks(tenant, result):
    name = unique()
    campaign = Campaign(tenant, name, settings={"blockOnReply": True})
    campaign.complete(campaign.claim_one(), result)
    assert blocks(tenant.api, name) == []


def test_a_reply_elsewhere_blocks_nobody(tenant):
    name = unique()
    Campaign(tenant, settings={"blockOnReply": True})
    campaign = Campaign(tenant, name)
    campaign.complete(campaign.claim_one(), "replied")
    assert blocks(tenant.api, name) == []


# --- skipContacted ---

@pytest.mark.parametrize("step", [INVITATION, MESSAGE], ids=lambda step: step["type"])
@pytest.mark.parametrize("result", [None, "done", "replied", "retry"])
def test_whom_another_campaign_has_contacted_is_skipped(tenant, step, result):
    name, left = unique(), unique()
    first, second = Campaign(tenant, name, steps=[step]), skipping(tenant, name, left)
    activity = first.claim_one()
    if result:
        first.complete(activity, result)
    assert claimed(second) == [left]
    assert second.skipped_contacted == 1 and second.blocked_leads == 0 and second.progress == 50
    assert second.lead(name)["skippedContacted"] is True and second.lead(name)["blocked"] is False
    assert names(second.activities("skipped_contacted")) == [name]
    assert second.activities("skipped_blocked") == []
    explained = second.explain(name)
    assert explained["contact"] is False and first.id in explained["because"]
    assert explained["skippedContacted"]["campaignId"] == first.id


@pytest.mark.parametrize("how", ["failed", "visit", "own", "other workspace", "deleted"])
def test_what_is_no_contact_by_another_campaign_does_not_count(server, tenant, how):
    name = unique()
    second = skipping(tenant, name, steps=[MESSAGE, MESSAGE])
    other = server.tenant("pro") if how == "other workspace" else tenant
    first = second if how == "own" else Campaign(
        other, name, steps=[VISIT if how == "visit" else MESSAGE])
    first.complete(first.claim_one(), "failed" if how == "failed" else "done")
    if how == "deleted":
        expect.ok(tenant.api.delete(first.path))
    assert claimed(second) == [name]


def test_a_failed_contact_that_is_tried_again_counts(tenant):
    name = unique()
    first, second = Campaign(tenant, name), skipping(tenant, name)
    first.complete(first.claim_one(), "failed")
    first.set_status(name, "active")
    first.activate()
    first.claim_one()
    assert second.claim() == [] and second.status == "completed"


def test_who_was_handed_out_counts_though_the_text_has_a_hole_later(tenant):
    """No sender has reported it failed: the server could not hand it out again."""
    name = unique()
    first, second = Campaign(tenant, name), skipping(tenant, name)
    first.claim_one(lease=1)
    first.change_step(first.sequence()[0]["id"], genericBody="Hi {{nickname}}")
    until = time.monotonic() + SOON
    while first.lead(name)["status"] != "error" and time.monotonic() < until:
        assert first.claim() == []
        time.sleep(0.2)
    (failed,) = first.activities("failed")
    assert failed["completedAt"] is None and "nickname" in failed["detail"]
    assert second.claim() == [] and second.skipped_contacted == 1


def test_every_linkedin_name_of_the_person_counts(tenant):
    by_name, by_member, linked, other = unique(), unique(), unique(), unique()
    members = [member_id(abs(hash(unique())) % 10**12) for _ in range(2)]
    first = Campaign(tenant, {"publicIdentifier": by_name, "memberId": members[0]}, linked)
    first.claim()
    second = skipping(tenant, members[0], {"publicIdentifier": other, "memberId": members[1]})
    assert claimed(second) == [other]
    expect.ok(tenant.api.post("/people/link", {"links": [
        {"publicIdentifier": linked, "memberId": members[1]}]}))
    third = skipping(tenant, other, by_member)
    assert claimed(third) == [by_member]


def test_the_contact_of_a_lead_that_gave_way_counts(tenant):
    """Two leads became one; only for the other one was something handed out that counts."""
    name, member = unique(), member_id(abs(hash(unique())) % 10**12)
    first = Campaign(tenant, name, member)
    by_name = {entry["publicIdentifier"]: entry for entry in first.claim()}
    first.complete(by_name[name], "failed")
    first.complete(by_name[member])
    first.add({"publicIdentifier": name, "memberId": member})
    second = skipping(tenant, name)
    assert second.claim() == [] and second.skipped_contacted == 1
    assert skipping(tenant, member).claim() == []


def test_begun_leads_are_skipped_too(tenant):
    name = unique()
    first = skipping(tenant, name, steps=[MESSAGE, MESSAGE])
    first.complete(first.claim_one())
    Campaign(tenant, name).claim_one()
    assert first.claim() == [] and first.status == "completed"


def test_a_skipped_lead_that_is_blocked_counts_as_blocked_and_back(tenant):
    name, left = unique(), unique()
    Campaign(tenant, name).claim_one()
    campaign = skipping(tenant, name, left)
    assert claimed(campaign) == [left]
    block_everywhere(tenant.api, name)
    assert (campaign.blocked_leads, campaign.skipped_contacted) == (1, 0)
    assert names(campaign.activities("skipped_blocked")) == [name]
    unblock_everywhere(tenant.api, name)
    assert (campaign.blocked_leads, campaign.skipped_contacted) == (0, 0)
    assert campaign.claim() == []
    assert (campaign.blocked_leads, campaign.skipped_contacted) == (0, 1)


def test_leads_come_back_when_the_setting_goes(tenant):
    crowd = [unique() for _ in range(450)]  # several small writes
    first, campaign = Campaign(tenant, *crowd), skipping(tenant, *crowd)
    assert len(first.claim(most=1000)) == 450
    skip_all(campaign, 450)
    assert campaign.status == "completed" and campaign.progress == 100
    campaign.set(skipContacted=None)
    becomes(lambda: campaign.skipped_contacted, 0)
    assert campaign.status == "paused" and campaign.progress == 0
    campaign.activate()
    assert sorted(claimed(campaign, most=1000)) == sorted(crowd)


def test_when_the_days_are_over_the_campaign_is_paused():
    with MovedClock() as clock, Server(env=clock.env) as server:
        tenant = server.tenant("agency")
        first, again = Campaign(tenant, "ada", "bob"), Campaign(tenant, "bob")
        campaign = skipping(tenant, "ada", "bob", days=2)
        first.claim()
        assert campaign.claim() == [] and campaign.status == "completed"
        clock.set(DAY)
        again.claim_one()  # bob's days begin anew
        clock.set(2 * DAY - 60)
        time.sleep(3)
        assert campaign.status == "completed" and campaign.skipped_contacted == 2
        clock.set(2 * DAY + 60)
        becomes(lambda: campaign.skipped_contacted, 1)
        assert campaign.status == "paused"
        campaign.activate()
        campaign.complete(campaign.claim_one())  # ada
        assert campaign.lead("ada")["status"] == "completed"
        clock.set(3 * DAY + 60)
        becomes(lambda: campaign.skipped_contacted, 0)
        campaign.activate()
        assert claimed(campaign) == ["bob"]


def test_leads_come_back_when_the_contact_counts_no_longer():
    """Reported failed, its lead deleted, its campaign deleted: after some of more than one page."""
    with Server() as server:
        tenant = server.tenant("agency")
        crowd = [f"lead-{number}" for number in range(220)]
        first = Campaign(tenant, *crowd, "ada", "bob")
        deleted = Campaign(tenant, "eve")
        campaign = skipping(tenant, *crowd, "ada", "bob", "eve")
        by_name = {entry["publicIdentifier"]: entry for entry in first.claim(most=1000)}
        deleted.claim_one()
        skip_all(campaign, 223)
        first.complete(by_name["ada"], "failed")
        first.delete_lead("bob")
        expect.ok(tenant.api.delete(deleted.path))
        campaign.add("joe")
        campaign.activate()
        explained = campaign.explain("ada")
        assert explained["contact"] is True and "comes back shortly" in explained["because"]
        server.restart()  # looks at all at once, and every minute from then on
        tenant.api = campaign.api = server.api(tenant.key)
        becomes(lambda: campaign.skipped_contacted, 220)
        assert sorted(claimed(campaign, most=1000)) == ["ada", "bob", "eve", "joe"]


def test_one_claim_looks_up_a_bounded_number_of_names(tenant):
    """Of each batch: a claim that has something ends with that, and the next one goes on."""
    members = [member_id(abs(hash(unique())) % 10**12) for _ in range(900)]
    crowd = [unique() for _ in members]
    expect.ok(tenant.api.post("/people/link", {"links": [
        {"publicIdentifier": f"{name}{end}", "memberId": member}
        for name, member in zip(crowd, members) for end in ("", "-2", "-3", "-4", "-5", "-6")]}))
    first = Campaign(tenant, *crowd[:-1])
    assert len(first.claim(most=1000)) == 899
    campaign = skipping(tenant, crowd[-1], *crowd[:-1])
    assert claimed(campaign) == crowd[-1:] and campaign.skipped_contacted < 899
    skip_all(campaign, 899)


def in_many_campaigns(tenant, crowd, count):
    for _ in range(count):
        Campaign(tenant, *crowd, active=False)


def test_one_claim_looks_at_a_bounded_number_of_campaigns(tenant):
    """Those that its people are in, too: 52 look-ups for each, of 4,000."""
    crowd = [unique() for _ in range(90)]
    in_many_campaigns(tenant, crowd, 50)
    first, left = Campaign(tenant, *crowd), unique()
    assert len(first.claim(most=1000)) == 90
    campaign = skipping(tenant, left, *crowd)
    assert claimed(campaign) == [left] and 50 < campaign.skipped_contacted < 80
    assert campaign.claim() == [] and campaign.skipped_contacted == 90


def test_people_in_many_campaigns_come_back_in_several_writes():
    with Server() as server:
        tenant = server.tenant("agency")
        crowd = [f"lead-{number}" for number in range(105)]
        in_many_campaigns(tenant, crowd, 20)
        first = Campaign(tenant, *crowd)
        campaign = skipping(tenant, *crowd)
        assert len(first.claim(most=1000)) == 105
        skip_all(campaign, 105)
        expect.ok(tenant.api.delete(first.path))
        server.restart()  # looks at all at once, and every minute from then on
        tenant.api = campaign.api = server.api(tenant.key)
        becomes(lambda: campaign.skipped_contacted, 0)


def test_of_two_that_claim_at_once_the_first_contacts(tenant):
    crowd = [unique() for _ in range(60)]
    both = [skipping(tenant, *crowd) for _ in range(2)]
    both[1].api = tenant.server.api(tenant.key)  # a connection of its own
    got = [[], []]

    def work(number):
        while activities := names(both[number].claim(most=7)):
            got[number] += activities

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got[0] + got[1]) == sorted(crowd)
    assert [campaign.skipped_contacted for campaign in both] == [len(got[1]), len(got[0])]


# --- stopColleagues ---

@pytest.mark.parametrize("result", ["replied", "opted_out"])
def test_a_reply_ends_the_sequence_for_colleagues(tenant, result):
    first = worker(companyUrl=ACME, companyName="Acme")
    page = worker(companyUrl="linkedin.com/company/ACME/about/", companyName="Something else")
    by_name = worker(companyName="ACME GmbH")
    stays = [worker(companyName="Globex"), worker(), worker(companyName="Acme", companyUrl=ACME + "-labs"),
             worker(email="x@acme.com", website="acme.com")]
    campaign = stopping(tenant, {**first, "email": "y@acme.com", "website": "acme.com"})
    activity = campaign.claim_one()
    campaign.add(page, by_name, *stays)
    campaign.complete(activity, result)
    assert campaign.lead(page["publicIdentifier"])["status"] == "completed"
    assert campaign.lead(by_name["publicIdentifier"])["status"] == "completed"
    explained = campaign.explain(page["publicIdentifier"])
    assert explained["contact"] is False
    campaign.activate()
    assert sorted(claimed(campaign)) == sorted(each["publicIdentifier"] for each in stays)


def test_who_replied_without_a_page_stops_all_of_the_name(tenant):
    page, plain = worker(companyName="Acme", companyUrl=ACME), worker(companyName="Acme Inc.")
    campaign = stopping(tenant, worker(companyName="acme"), steps=[MESSAGE, MESSAGE])
    activity = campaign.claim_one()
    campaign.add(page, plain)
    campaign.complete(activity)
    campaign.complete(activity, "replied")
    assert campaign.claim() == []
    assert {lead["status"] for lead in campaign.leads()} == {"completed"}


def test_colleagues_added_later_are_not_handed_out(tenant):
    campaign = stopping(tenant, worker(companyName="Acme"))
    campaign.complete(campaign.claim_one(), "replied")
    late = worker(companyName="Acme")
    campaign.add(late)
    campaign.activate()
    explained = campaign.explain(late["publicIdentifier"])
    assert "same company has replied" in explained["because"] and not explained["contact"]
    assert campaign.claim() == [] and campaign.status == "completed"


@pytest.mark.parametrize("company", [
    {"companyName": "N/A"}, {"companyName": "unknown"}, {"companyName": "Self-Employed"},
    {"companyName": "Stealth Startup"}, {"companyUrl": "https://www.linkedin.com/company/undefined"}])
def test_what_unrelated_people_have_for_a_company_makes_no_colleagues(tenant, company):
    campaign = stopping(tenant, worker(**company), worker(**company))
    first, second = campaign.claim()
    campaign.complete(first, "replied")
    assert campaign.lead(second["publicIdentifier"])["status"] == "active"
    late = worker(**company)
    campaign.add(late)
    campaign.activate()
    assert claimed(campaign) == [late["publicIdentifier"]]
    assert campaign.explain(second["publicIdentifier"])["contact"] is True


def test_who_replied_goes_on_when_the_step_says_so(tenant):
    campaign = stopping(tenant, worker("goes-on-" + unique(), companyName="Acme"),
                        steps=[{**MESSAGE, "stopOnReply": False}, MESSAGE])
    assert campaign.complete(campaign.claim_one(), "replied") == "active"
    assert len(campaign.claim()) == 1


def test_only_in_that_campaign_and_only_when_it_is_on(tenant):
    other = Campaign(tenant, worker(companyName="Acme"))
    off = Campaign(tenant, worker(companyName="Acme"), worker(companyName="Acme"))
    campaign = stopping(tenant, worker(companyName="Acme"))
    campaign.complete(campaign.claim_one(), "replied")
    off.complete(off.claim_one(most=1), "replied")
    assert len(other.claim()) == 1 and len(off.claim()) == 1


def test_switched_off_colleagues_go_on(tenant):
    campaign = stopping(tenant, worker(companyName="Acme"))
    campaign.complete(campaign.claim_one(), "replied")
    campaign.add(worker(companyName="Acme"))
    campaign.set(stopColleagues=False)
    campaign.activate()
    assert len(campaign.claim()) == 1


def test_a_colleague_who_is_out_with_a_sender_ends_with_its_report(tenant):
    leads = [worker(companyName="Acme") for _ in range(2)]
    campaign = stopping(tenant, *leads, steps=[MESSAGE, MESSAGE])
    first, second = campaign.claim()
    campaign.complete(first, "replied")
    assert campaign.complete(second) == "completed"
    assert campaign.claim() == []


def test_of_many_colleagues_nobody_is_handed_out_and_all_end(tenant):
    crowd = [worker(companyName="Acme Holding") for _ in range(1500)]
    campaign = stopping(tenant, *crowd[:1000], steps=[MESSAGE])
    campaign.add(*crowd[1000:])
    activity = campaign.claim_one(most=1)
    campaign.complete(activity, "replied")
    assert campaign.claim(most=1000) == []
    becomes(lambda: campaign.progress, 100)
    assert campaign.status == "completed"
