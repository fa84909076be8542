"""What one node has acknowledged holds at all others from then on."""

import itertools
import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from support import expect, postgres
from support.campaigns import (Campaign, block_everywhere, crowd, member_id, names, undo,
                               unblock_everywhere)
from support.server import Server, key_id, unique

ROUNDS = 30
SOON = 5.0  # seconds until all nodes know of a change to keys and licences: they look twice a second
CHECK_MAX = 10_000  # names of a request


def rounds(tenants, count=ROUNDS):
    """Which node writes and which is asked, so many times."""
    return itertools.islice(itertools.cycle(itertools.permutations(tenants, 2)), count)


def last_numbers(nodes):
    rows = postgres.shared().psql("SELECT sum(head_number) FROM leadblock.workspace",
                                  database=postgres.database_of(nodes.database))
    return int(rows)


def check(campaign, name):
    return expect.ok(campaign.api.get(f"{campaign.blocks}/{name}"))


def bulk_check(campaign, people):
    """Who of them is blocked."""
    response = campaign.api.post(campaign.blocks + "/check", {"publicIdentifiers": people})
    return expect.ok(response)["blocked"]


def walk(api, path):
    """All entries of a list, and its total when it is told."""
    target, entries = "/v1" + path, []
    while target:
        response = api.call("GET", target, base="")
        entries += expect.ok(response)
        target = expect.next_link(response)
    total = response.header("x-total-count")
    return entries, total and int(total)


def at_once(jobs):
    """Runs the jobs at the same time; their results."""
    gate = threading.Barrier(len(jobs))

    def run(job):
        gate.wait()
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def becomes(status, ask):
    """Fails unless the answer has this status soon."""
    limit = time.monotonic() + SOON
    while (response := ask()).status != status:
        assert time.monotonic() < limit, response
        time.sleep(0.01)
    return response


# Blocks


def test_a_block_is_in_every_answer_of_another_node(tenants):
    people = crowd(ROUNDS)
    campaign = Campaign(tenants[0], *people)
    for number, (writer, reader) in enumerate(rounds(tenants)):
        here, there = campaign.seen_from(writer), campaign.seen_from(reader)
        name = people[number]
        here.block(name, reason=f"reason {number}")
        answer = check(there, name)
        assert (answer["blocked"], answer["scope"]) == (True, "campaign")
        assert answer["reason"] == f"reason {number}"
        assert bulk_check(there, people) == people[: number + 1]
        assert names(expect.ok(there.api.get(there.blocks + "?take=1"))) == [name]
        assert there.lead(name)["blockedScope"] == "campaign"
        assert there.details()["analytics"]["leads"]["blocked"] == number + 1
        assert there.explain(name)["contact"] is False


def test_a_block_of_the_workspace_is_too(tenants):
    people = crowd(ROUNDS)
    campaign = Campaign(tenants[0], *people)
    for number, (writer, reader) in enumerate(rounds(tenants)):
        there = campaign.seen_from(reader)
        block_everywhere(writer.api, people[number])
        assert check(there, people[number])["scope"] == "workspace"
        assert bulk_check(there, people) == people[: number + 1]
        assert names(expect.ok(reader.api.get("/blocked-leads?limit=1"))) == [people[number]]
        assert there.lead(people[number])["blockedScope"] == "workspace"


def test_a_link_is_in_every_answer_of_another_node(tenants):
    """Made and taken back at one node, and seen at the other by the next request."""
    for number, (writer, reader) in enumerate(rounds(tenants)):
        member, name = member_id(1000 + number), unique("linked")
        campaign = Campaign(reader, name, unique())
        block_everywhere(writer.api, member)
        assert campaign.lead(name)["blocked"] is False
        answer = writer.api.post("/people/link", {"links": [
            {"memberId": member, "publicIdentifier": name}]})
        assert expect.ok(answer)["linked"] == 1
        assert check(campaign, name)["matched"] == {"type": "memberId", "value": member}
        assert campaign.lead(name)["blocked"] is True
        assert name not in names(campaign.claim())
        undo(writer.api, answer.header("x-change-id"))
        assert check(campaign, name)["blocked"] is False
        assert names(campaign.claim()) == [name]


def test_a_claim_at_another_node_gets_nobody_who_was_blocked(tenants):
    for number, (writer, reader) in enumerate(rounds(tenants)):
        person = {"publicIdentifier": f"p-{number}", "memberId": member_id(number)}
        campaign = Campaign(reader, person)
        here = campaign.seen_from(writer)
        name = person["memberId"] if number % 2 else person["publicIdentifier"]
        here.block(name)
        assert campaign.claim() == []
        here.unblock(name)
        campaign.activate()
        assert names(campaign.claim()) == [person["publicIdentifier"]]


def test_an_opt_out_at_one_node_counts_at_all(tenants):
    for number, (writer, reader) in enumerate(rounds(tenants, 10)):
        person = {"publicIdentifier": f"p-{number}", "memberId": member_id(number)}
        campaign, other = Campaign(writer, person), Campaign(reader, person)
        response = campaign.report(campaign.claim_one(), "opted_out")
        assert expect.ok(response)["blocked"] is True
        assert other.claim() == [] and other.status == "completed"
        assert check(other.seen_from(reader), person["memberId"])["scope"] == "workspace"
        undo(reader.api, response.header("x-change-id"))
        assert check(campaign, person["publicIdentifier"])["blocked"] is False


def test_all_nodes_hand_out_the_variants_that_one_has_changed(tenants):
    campaign = Campaign(tenants[0], *crowd(90))
    (step,) = campaign.sequence()
    texts = {campaign.seen_from(tenants[number % 3]).add_variant(step["id"], f"Text {number}"):
             f"Text {number}" for number in range(4)}
    got = {}
    for number, (writer, reader) in enumerate(rounds(tenants)):
        here, there = campaign.seen_from(writer), campaign.seen_from(reader)
        variant = list(texts)[number % 4]
        texts[variant] = f"Text {number} of {writer.api.port}"
        here.change_variant(step["id"], variant, body=texts[variant])
        for activity in there.claim(most=3):
            assert activity["message"] == texts[activity["variantId"]]
            got[activity["leadId"]] = activity["variantId"]
            here.complete(activity, "failed")
    # The choice is the lead's, whoever makes it.
    for name in crowd(90):
        campaign.set_status(name, "active")
    campaign.activate()
    again = [activity for tenant in tenants for activity in campaign.seen_from(tenant).claim(30)]
    assert {activity["leadId"]: activity["variantId"] for activity in again} == got
    assert set(got.values()) == set(texts)


def test_all_nodes_know_a_campaign_by_its_new_name(tenants):
    campaign = Campaign(tenants[0], "a-1", name="Old")
    for number, (writer, reader) in enumerate(rounds(tenants)):
        expect.ok(writer.api.patch(campaign.path, {"name": f"Name {number}"}))
        there = campaign.seen_from(reader)
        assert there.details()["name"] == f"Name {number}"
        assert [each["name"] for each in expect.ok(reader.api.get("/campaigns"))] == [
            f"Name {number}"]
        there.block(f"p-{number}")
        assert there.status == "active"


def test_another_node_unblocks_and_undoes(tenants):
    campaign = Campaign(tenants[0])
    for number, (first, second) in enumerate(rounds(tenants)):
        here, there = campaign.seen_from(first), campaign.seen_from(second)
        people = [f"p-{number}", f"q-{number}"]
        here.block(*people, reason="kept")
        change = there.unblock(*people)
        assert bulk_check(here, people) == []
        undo(first.api, change)
        assert check(there, people[0])["reason"] == "kept"
        change = block_everywhere(first.api, *people)
        assert check(there, people[0])["scope"] == "workspace"
        undo(second.api, change)
        assert check(here, people[0])["scope"] == "campaign"
        block_everywhere(first.api, *people)
        unblock_everywhere(second.api, *people)
        assert check(here, people[1])["scope"] == "campaign"


def test_another_node_lists_and_undoes_an_import(tenants):
    people = crowd(60)
    file = "\n".join(people).encode()
    for number, (writer, reader) in enumerate(itertools.permutations(tenants, 2)):
        identity = f"file-{number}"
        path = f"/blocked-leads/import?importId={identity}"
        expect.ok(writer.api.post(path, file, content_type="text/plain"))
        row = expect.ok(reader.api.get("/imports"))[0]
        assert (row["importId"], row["state"], row["blocked"]) == (identity, "done", len(people))
        assert expect.ok(reader.api.post(f"/imports/{identity}/undo"))["unblocked"] == len(people)
        assert expect.ok(writer.api.get("/blocked-leads")) == []
        assert expect.ok(writer.api.get("/imports"))[0]["state"] == "undone"


def test_an_import_that_runs_at_one_node_is_not_undone_at_another(tenants):
    here, there = (tenant.server.api(tenant.key, timeout=300) for tenant in tenants[:2])
    file = "".join(f"person-{number}\n" for number in range(60_000)).encode()
    with ThreadPoolExecutor(1) as pool:
        for number in range(5):  # one may be done before the other node is asked
            identity = f"big-{number}"
            path = f"/blocked-leads/import?importId={identity}"
            answer = pool.submit(here.post, path, file, content_type="text/plain")
            while not (rows := [row for row in expect.ok(there.get("/imports")) if row["importId"] == identity]):
                time.sleep(0.01)
            first = there.post(f"/imports/{identity}/undo")
            assert expect.ok(answer.result())["blocked"] == 60_000
            if rows[0]["state"] == "running" and first.status != 200:
                break
            assert expect.ok(first)["unblocked"] == 60_000
    assert rows[0]["state"] == "running"
    expect.error(first, 429, "overloaded")
    assert expect.ok(there.post(f"/imports/{identity}/undo"))["unblocked"] == 60_000


def test_whoever_blocks_the_same_people_at_once_counts_each_once(tenants):
    campaign = Campaign(tenants[0])
    views = [campaign.seen_from(tenant) for tenant in tenants]
    for number in range(ROUNDS):
        people = [f"p-{number}-{index}" for index in range(50)]

        def job(view):
            mixed = random.sample(people, len(people))
            return lambda: view.api.post(view.blocks, {"publicIdentifiers": mixed})

        answers = [expect.ok(answer) for answer in at_once([job(view) for view in views])]
        assert sum(answer["blocked"] for answer in answers) == len(people), answers
        assert all(bulk_check(view, people) == people for view in views)


def test_lists_agree_after_blocks_from_all_nodes_at_once(tenants):
    campaign = Campaign(tenants[0])

    def job(number, tenant):
        def run():
            view = campaign.seen_from(tenant)
            for index in range(40):
                view.block(*[f"n{number}-{index}-{item}" for item in range(3)])
                block_everywhere(view.api, f"n{number}-{index}")
        return run

    at_once([job(number, tenant) for number, tenant in enumerate(tenants)])
    for path, size, count in ((campaign.blocks, "?take=100", 360), ("/blocked-leads", "?limit=50",
                                                                     120)):
        lists = [walk(tenant.api, path + size) for tenant in tenants]
        assert all(found == lists[0] for found in lists), path
        entries, total = lists[0]
        assert len(set(names(entries))) == len(entries) == count and total in (None, count)
        times = [entry["createdAt"] for entry in entries]
        assert times == sorted(times, reverse=True)
    assert len({entry["id"] for entry in entries}) == 120, "an id was used twice"


# Campaigns and their leads


def test_a_campaign_is_found_and_gone_at_once(tenants):
    for number, (writer, reader) in enumerate(rounds(tenants)):
        campaign = Campaign(writer, "a-1", id=f"own-{number}")
        there = campaign.seen_from(reader)
        assert there.status == "active" and names(there.leads()) == ["a-1"]
        response = reader.api.post("/campaigns", {"name": "x", "id": campaign.id})
        expect.error(response, 409, "already_exists")
        campaign.pause()
        assert there.status == "paused"
        there.block("b-2")
        expect.ok(writer.api.delete(campaign.path))
        expect.error(reader.api.get(campaign.path), 404, "campaign_not_found")
        expect.error(reader.api.get(f"{campaign.blocks}/b-2"), 404, "campaign_not_found")
        response = reader.api.post(campaign.blocks, {"publicIdentifiers": ["b-2"]})
        expect.error(response, 404, "campaign_not_found")


def test_a_campaign_of_the_same_id_has_the_old_blocklist_everywhere(tenants):
    for writer, reader in rounds(tenants, 6):
        campaign = Campaign(writer, "again", id="same")
        campaign.block("again")
        assert check(campaign.seen_from(reader), "again")["blocked"] is True
        expect.ok(reader.api.delete(campaign.path))
        [block] = expect.ok(writer.api.get("/blocked-leads/again"))["blocks"]
        assert block["campaignDeleted"] is True
        body = expect.ok(writer.api.post("/campaigns", {"id": "same", "name": "New"}), 201)
        assert body["carriedOver"] == 1
        assert check(campaign.seen_from(reader), "again")["blocked"] is True
        assert campaign.seen_from(reader).add("again", "other") == (2, 0, 1)
        expect.ok(writer.api.delete(campaign.path))
        expect.ok(reader.api.delete(campaign.path + "?blocks=drop"))
        assert expect.ok(writer.api.get("/blocked-leads/again"))["blocks"] == []


def test_changes_of_a_deleted_campaign_are_undone_at_another_node(tenants):
    for writer, reader in rounds(tenants, 6):
        campaign = Campaign(writer, id="same")
        change = campaign.block("ann-1")
        expect.ok(reader.api.delete(campaign.path))
        assert undo(reader.api, change)["unblocked"] == 1
        assert expect.ok(writer.api.get("/blocked-leads/ann-1"))["blocks"] == []
        expect.ok(writer.api.delete(campaign.path + "?blocks=drop"))


def test_claims_at_all_nodes_at_once_hand_out_each_once(tenants):
    people = crowd(300)
    campaign = Campaign(tenants[0], *people)

    def job(view):
        def run():
            mine = []
            while claimed := view.claim(most=7):
                mine += claimed
            return mine
        return run

    views = [campaign.seen_from(tenant) for tenant in tenants]
    claimed = [activity for mine in at_once([job(view) for view in views]) for activity in mine]
    assert sorted(names(claimed)) == people
    for view, activity in zip(itertools.cycle(views), claimed):
        assert view.complete(activity) == "completed"
    assert all(view.status == "completed" for view in views)


# Keys and licences


def test_a_key_works_everywhere_at_once_and_ends_everywhere_soon(nodes, tenants):
    workspace = tenants[0].workspace
    for maker, user in itertools.permutations(nodes, 2):
        key = maker.key(workspace)
        api = user.api(key)
        assert api.get("/campaigns").status == 200
        maker.cli("key", "revoke", key_id(key))
        expect.error(becomes(401, lambda: api.get("/campaigns")), 401, "invalid_api_key")


def test_a_licence_is_another_everywhere_soon(nodes, tenants):
    campaign = Campaign(tenants[0])
    for node, tenant in itertools.permutations(zip(nodes, tenants), 2):
        api = tenant[1].api

        def block():
            return api.post(campaign.blocks, {"publicIdentifiers": [unique()]})

        assert block().status == 200
        node[0].cli("workspace", "set-plan", tenant[1].workspace, "starter")
        expect.error(becomes(403, block), 403, "license_required")
        node[0].cli("workspace", "set-plan", tenant[1].workspace, "agency")
        becomes(200, block)


def test_a_default_country_holds_everywhere_at_once(nodes, tenants):
    workspace = tenants[0].workspace
    for country, stored in (("AT", "+436641234567"), ("DE", "+496641234567")):
        for setter, tenant in itertools.permutations(zip(nodes, tenants), 2):
            setter[0].cli("workspace", "country", workspace, country)
            body = expect.ok(tenant[1].api.post("/blocklist", {"entries": [{"phone": "0664 1234567"}]}))
            assert body["entries"][0]["value"] == stored
            expect.ok(tenant[1].api.delete("/blocklist", {"entries": [{"phone": "0664 1234567"}]}))
            setter[0].cli("workspace", "country", workspace, "none")
            expect.error(tenant[1].api.post("/blocklist", {"entries": [{"phone": "0664 1234567"}]}), 400,
                         "invalid_identifier")


def test_a_block_sets_leads_aside_that_another_node_added_first(nodes):
    """Nothing else has changed in the workspace that would tell the blocking node of them."""
    for adder, blocker in itertools.permutations(nodes.tenants("agency"), 2):
        campaign = Campaign(adder, active=False)
        seen = campaign.seen_from(blocker)
        bulk_check(seen, ["p-1"])
        campaign.add("p-1", "p-2")
        seen.block("p-1", "p-2")
        campaign.activate()
        assert campaign.status == "completed"
        assert campaign.details()["analytics"]["leads"]["blocked"] == 2


def test_what_changes_nothing_uses_up_no_numbers(nodes, tenants):
    campaign = Campaign(tenants[0])
    people = crowd(1000)
    campaign.block(*people)
    strangers = {"publicIdentifiers": crowd(1000, "stranger")}
    before = last_numbers(nodes)
    for tenant in tenants:
        seen = campaign.seen_from(tenant)
        expect.blocked_result(tenant.api.post(seen.blocks, {"publicIdentifiers": people}), 0)
        assert expect.ok(tenant.api.delete(seen.blocks, strangers))["unblocked"] == 0
    assert last_numbers(nodes) == before


# A node that comes later



def evidence(tenant, person=None):
    answer = expect.ok(tenant.api.get(f"/evidence?publicIdentifier={person}" if person else "/evidence"))
    return answer["publicKey"], json.loads(answer["statement"])


def test_all_nodes_sign_with_one_key_and_state_what_another_has_acknowledged(tenants):
    keys = {key for key, _ in at_once([lambda tenant=tenant: evidence(tenant) for tenant in tenants])}
    assert len(keys) == 1
    for writing, asked in rounds(tenants, 6):
        name = unique()
        block_everywhere(writing.api, name)
        key, statement = evidence(asked, name)
        assert {key} == keys and statement["blocked"] is True
        assert [event["row"] for event in statement["events"]] == [statement["head"]["row"]]


def test_a_new_node_is_right_from_its_first_answer(nodes, tenants):
    tenant = tenants[0]
    campaign = Campaign(tenant)
    people = crowd(5000)
    campaign.block(*people)
    stop, acknowledged = threading.Event(), []

    def go_on():
        while not stop.is_set():
            name = unique()
            campaign.block(name)
            acknowledged.append(name)

    with ThreadPoolExecutor(1) as pool, Server(database=nodes.database) as newest:
        others = pool.submit(go_on)
        try:
            for _ in range(3):
                known = [*reversed(acknowledged), *people]  # the first answer is about the last of them
                api = newest.api(tenant.key)
                for at in range(0, len(known), CHECK_MAX):
                    response = api.post(campaign.blocks + "/check", {"publicIdentifiers": known[at:at + CHECK_MAX]})
                    assert expect.ok(response)["allowed"] == []
                api.close()
                newest.restart()
        finally:
            stop.set()
        others.result()
        entries, _ = walk(newest.api(tenant.key), campaign.blocks + "?take=100")
        assert names(entries) == list(reversed(acknowledged)) + names(entries)[-len(people):]
        assert set(names(entries)[-len(people):]) == set(people)
