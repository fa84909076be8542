"""Ids of leads, steps, variants and activities: they count in their workspace, and end in random characters,
so that one of another workspace, or from before a restore, names nothing. Those of earlier versions go on."""

import re

import pytest

from support import expect, pages as stored, postgres
from support.campaigns import MESSAGE, VISIT, Campaign, crowd, moment
from support.server import Server, Tenant
from test_ids import Backup
from test_names_before import api_of, upgraded

ROW = re.compile(r"(?:ld|st|var)_([1-9][0-9]*)_([ghjkmnp-tv-z][0-9a-hjkmnp-tv-z]{5})")
ACTIVITY = re.compile(r"ac_([1-9][0-9]*_[0-9a-z]{6})_([1-9][0-9]*_[0-9a-z]{6})")


def count(identity):
    return int(ROW.fullmatch(identity)[1])


def epoch(identity):
    return ROW.fullmatch(identity)[2]


def pages(api, link):
    """Each page from there on, by the Link headers."""
    while link:
        response = api.get(link)
        yield expect.ok(response)
        link = expect.next_link(response)
        link = link and link[link.index("/v1") + 3:]


# What they tell


def test_they_count_in_their_workspace(server):
    busy, quiet = server.tenant("agency"), server.tenant("agency")
    one = Campaign(quiet, "a-1", "b-2")
    other = Campaign(busy, *crowd(120), steps=[VISIT, MESSAGE] * 5)
    for n in range(3):
        other.add_variant(other.sequence()[1]["id"], f"text {n}")
    two = Campaign(quiet, "a-1")
    step = two.sequence()[0]["id"]
    assert [count(one.sequence()[0]["id"]), count(one.lead_id("a-1")), count(one.lead_id("b-2")), count(step),
            count(two.lead_id("a-1")), count(two.add_variant(step, "x")), count(two.add_step()["id"])] == list(range(1, 8))


def test_an_activity_names_its_lead_and_its_step(fresh):
    campaign = Campaign(fresh, "a-1")
    activity = campaign.claim_one()
    lead, step = ACTIVITY.fullmatch(activity["id"]).groups()
    assert (activity["leadId"], activity["stepId"]) == ("ld_" + lead, "st_" + step)
    assert campaign.activities("claimed")[0]["id"] == activity["id"]
    assert campaign.complete(activity) == "completed"


def set_given_out(server, workspace, numbers):
    """How many numbers the workspace has given out: the server is stopped meanwhile."""
    server.stop()
    if server.database:
        with postgres.shared().session(server.database) as owner:
            owner.run(f"UPDATE leadblock.workspace SET numbers = {numbers} WHERE id = '{workspace}';")
    else:
        with stored.changed(server.data) as database:
            database.execute("UPDATE workspace SET numbers = ? WHERE id = ?", (numbers, workspace))
    server.start()


def test_a_workspace_that_has_given_out_all_numbers_is_told_so(own):
    """2^32 - 1 of them: nothing of it gets a number twice, and blocks, which have others, go on."""
    tenant, other = own.tenant("agency"), own.tenant("agency")
    path, elsewhere = Campaign(tenant, "a-1").path, Campaign(other, "a-1").path
    set_given_out(own, tenant.workspace, 2**32 - 2)
    api = Tenant(own, tenant.workspace, tenant.key).api

    def add(name):
        return api.post(f"{path}/leads", {"leads": [{"publicIdentifier": name}]})

    assert expect.ok(add("b-2"))["added"] == 1
    assert count(expect.ok(api.get(f"{path}/leads"))[0]["id"]) == 2**32 - 1
    for _ in range(2):
        for refused in (add("c-3"), api.post(f"{path}/steps", VISIT)):
            assert "as many ids" in expect.error(refused, 409, "limit_reached")["message"]
        own.restart()
        api = Tenant(own, tenant.workspace, tenant.key).api
    assert [lead["publicIdentifier"] for lead in expect.ok(api.get(f"{path}/leads"))] == ["b-2", "a-1"]
    expect.blocked_result(api.post("/blocked-leads", {"leads": [{"publicIdentifier": "c-3"}]}), 1)
    assert len(expect.ok(api.post(f"{path}/activities/claim", {}))) == 2
    leads = {"leads": [{"publicIdentifier": "b-2"}]}
    assert expect.ok(Tenant(own, other.workspace, other.key).api.post(f"{elsewhere}/leads", leads))["added"] == 1


def test_two_workspaces_have_no_id_in_common(server):
    ids = []
    for tenant in (server.tenant("agency"), server.tenant("agency")):
        campaign = Campaign(tenant, *crowd(20))
        ids.append({lead["id"] for lead in campaign.leads()})
    assert {count(identity) for identity in ids[0]} == {count(identity) for identity in ids[1]}
    assert not ids[0] & ids[1]


def test_cursors_tell_nothing_of_other_workspaces(server):
    busy, quiet = server.tenant("agency"), server.tenant("agency")
    campaigns = []
    for n in range(3):
        campaigns.append(Campaign(quiet, "ann-doe", "bob-doe", id=f"q{n}", active=False))
        Campaign(busy, *crowd(20), active=False)
    link = expect.next_link(campaigns[1].get_leads("take=1"))
    assert f"cursor=c{campaigns[1].lead_id('bob-doe')[3:]}" in link
    link = expect.next_link(quiet.api.get("/leads?publicIdentifier=ann-doe&take=1"))
    assert link.endswith(f"cursor=cq0.{campaigns[0].lead_id('ann-doe')[3:]}")
    assert [lead["campaignId"] for page in pages(quiet.api, "/leads?publicIdentifier=ann-doe&take=1") for lead in page] == [
        "q0", "q1", "q2"]


def test_the_person_who_is_deleted_on_the_way_is_no_end_of_the_pages(fresh):
    for n in range(3):
        Campaign(fresh, "ann-doe", id=f"q{n}", active=False)
    seen = []
    for page in pages(fresh.api, "/leads?publicIdentifier=ann-doe&take=1"):
        for lead in page:
            seen.append(lead["campaignId"])
            expect.ok(fresh.api.delete(f"/leads/{lead['id']}"))
    assert seen == ["q0", "q1", "q2"]


def test_the_audits_own_ids_have_their_time_and_no_count(fresh):
    """The very time of the entry: both are of one look at the clock; one that went back a little stands still."""
    fresh.campaign()
    own = [action for action in expect.ok(fresh.api.get("/audit")) if action["id"].startswith("au_")]
    assert own
    for action in own:
        time = int(action["id"][3:]) >> 20 & (1 << 42) - 1
        assert 0 <= time - round(moment(action["at"]) * 1000) <= 1000, action


# Whom they name


@pytest.mark.parametrize("spoil", [
    lambda n, epoch: f"{n}",  # as earlier versions had them
    lambda n, epoch: f"{n}_",
    lambda n, epoch: f"{n}_{epoch[:-1]}",
    lambda n, epoch: f"{n}_{epoch}0",
    lambda n, epoch: f"{n}_{epoch}_",
    lambda n, epoch: f"{n}_{epoch}_{epoch}",
    lambda n, epoch: f"{n}_{epoch[:-1]}{'0' if epoch[-1] != '0' else '1'}",
    lambda n, epoch: f"{n}_0{epoch[1:]}",
    lambda n, epoch: f"{n}_{epoch[0]}iloU{epoch[5:]}",
    lambda n, epoch: f"{n}_{epoch.upper()}",
    lambda n, epoch: f"0{n}_{epoch}",
    lambda n, epoch: f"_{epoch}",
    lambda n, epoch: f"{n + (1 << 32)}_{epoch}",
    lambda n, epoch: f"{n + (1 << 64)}_{epoch}",
    lambda n, epoch: f"{(1 << 62) | n << 30}",
    lambda n, epoch: f"{n + 1}_{epoch}"])
def test_others_name_nothing(fresh, spoil):
    campaign = Campaign(fresh, "a-1")
    activity = campaign.claim_one()
    lead, step = [(count(activity[key]), epoch(activity[key])) for key in ("leadId", "stepId")]
    variant = campaign.add_variant(activity["stepId"], "x")
    path = f"{campaign.path}/steps/{activity['stepId']}/variants"
    report = {"leaseToken": activity["leaseToken"], "result": "done"}
    expect.error(fresh.api.get(f"/leads/ld_{spoil(*lead)}"), 404, "lead_not_found")
    expect.error(fresh.api.put(f"{campaign.path}/steps/st_{spoil(*step)}", {"delay": 1}), 404, "step_not_found")
    expect.error(fresh.api.delete(f"{path}/var_{spoil(count(variant), epoch(variant))}"), 404, "variant_not_found")
    for one, two in ((spoil(*lead), activity["stepId"][3:]), (activity["leadId"][3:], spoil(*step))):
        expect.error(fresh.api.post(f"/activities/ac_{one}_{two}/complete", report), 404, "activity_not_found")
    assert campaign.complete(activity) == "completed"


@pytest.fixture(scope="module")
def restored():
    """A campaign of a server that was restored; ids from after the backup, and of those who have taken
    their counts."""
    with Server() as server:
        tenant = server.tenant("agency")
        campaign = Campaign(tenant, "early")
        kept = campaign.lead_id("early")
        server.stop()
        backup = Backup(server)

        def add(name):
            server.start()
            tenant.api.port = server.port
            step = campaign.add_step()["id"]
            variant = campaign.add_variant(step, name)
            campaign.add(name)
            (activity,) = [each for each in campaign.claim() if each["publicIdentifier"] == name]
            return {"lead": campaign.lead_id(name), "step": step, "variant": variant, "activity": activity}

        lost = add("lost")
        server.stop()
        backup.restore()
        new = add("new")
        yield campaign, kept, lost, new


def test_what_a_restore_has_lost_names_nothing(restored):
    campaign, kept, lost, new = restored
    for kind in ("lead", "step", "variant"):
        assert count(lost[kind]) == count(new[kind]) and lost[kind] != new[kind]
    expect.error(campaign.api.get(f"/leads/{lost['lead']}"), 404, "lead_not_found")
    expect.error(campaign.api.delete(f"/leads/{lost['lead']}"), 404, "lead_not_found")
    expect.error(campaign.api.delete(f"{campaign.path}/steps/{lost['step']}"), 404, "step_not_found")
    expect.error(campaign.put_variant(new["step"], lost["variant"], body="x"), 404, "variant_not_found")
    expect.error(campaign.report(lost["activity"]), 404, "activity_not_found")
    assert campaign.lead_id("early") == kept
    assert campaign.lead("new")["status"] == "active"
    assert campaign.complete(new["activity"]) == "active"


# Of earlier versions


LEADS = "/campaigns/leads/leads"


def test_those_of_an_earlier_version_name_their_rows_and_no_new_one(tmp_path):
    with upgraded(tmp_path / "data") as server:
        api = api_of(server)
        before = {lead["id"]: lead["publicIdentifier"] for lead in expect.ok(api.get(LEADS + "?take=100"))}
        assert before.keys() == {f"ld_{number}" for number in range(1, 8)}
        for identity, name in before.items():
            assert expect.ok(api.get(f"/leads/{identity}"))["publicIdentifier"] == name
        (step,) = expect.ok(api.get("/campaigns/leads/sequence"))["steps"]
        assert step["id"] == "st_2"
        expect.ok(api.put("/campaigns/leads/activate"))
        expect.ok(api.put("/campaigns/leads/steps/st_2", {"delay": 0}))
        activity = expect.ok(api.post("/campaigns/leads/activities/claim", {"max": 1}))[0]
        assert re.fullmatch(r"ac_[1-7]_2", activity["id"])
        expect.ok(api.post(f"/activities/{activity['id']}/complete",
                           {"leaseToken": activity["leaseToken"], "result": "done"}))

        assert expect.ok(api.post(LEADS, {"leads": [{"publicIdentifier": "new-one"}]}))["added"] == 1
        newest = expect.ok(api.get(LEADS + "?take=1"))[0]
        assert newest["publicIdentifier"] == "new-one" and count(newest["id"]) == 1
        for number in (8, 9, (1 << 62 | 1 << 30)):
            expect.error(api.get(f"/leads/ld_{number}"), 404, "lead_not_found")
        assert expect.ok(api.get("/leads/ld_1"))["publicIdentifier"] == before["ld_1"]
        # A page that ends with one of them goes on after it.
        shown = [lead["id"] for page in pages(api, LEADS + "?take=3") for lead in page]
        assert shown == [newest["id"], *[f"ld_{number}" for number in range(7, 0, -1)]]
        step = expect.ok(api.post("/campaigns/leads/steps", {"type": "visit_profile"}), 201)["id"]
        claimed = expect.ok(api.post("/campaigns/leads/activities/claim", {"max": 100}))
        ids = {(activity["leadId"], activity["stepId"]): activity["id"] for activity in claimed}
        for (lead, of_step), identity in ids.items():
            assert identity == f"ac_{lead[3:]}_{of_step[3:]}"
        assert (newest["id"], "st_2") in ids
        for activity in claimed:
            expect.ok(api.post(f"/activities/{activity['id']}/complete",
                               {"leaseToken": activity["leaseToken"], "result": "done"}))
        claimed = expect.ok(api.post("/campaigns/leads/activities/claim", {"max": 100}))
        old = next(each for each in claimed if each["leadId"] in before and each["stepId"] == step)
        assert old["id"] == f"ac_{old['leadId'][3:]}_{step[3:]}"
        expect.ok(api.post(f"/activities/{old['id']}/complete", {"leaseToken": old["leaseToken"], "result": "done"}))
