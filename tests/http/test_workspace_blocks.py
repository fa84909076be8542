"""POST, GET and DELETE /v1/blocked-leads: the list of the whole workspace."""

import re

import pytest

from support import expect


def block(api, *leads, **options):
    items = [lead if isinstance(lead, dict) else {"publicIdentifier": lead} for lead in leads]
    return api.post("/blocked-leads", {"leads": items}, **options)


def listed(api):
    return expect.ok(api.get("/blocked-leads?limit=1000"))


def names(api):
    return [entry["publicIdentifier"] for entry in listed(api)]


def id_of(api, name):
    (found,) = [entry["id"] for entry in listed(api) if entry["publicIdentifier"] == name]
    return found


def test_block_answers_exactly_three_fields(fresh):
    response = block(fresh.api, {"publicIdentifier": "john-doe", "reason": "Existing client"})
    expect.blocked_result(response, 1)


def test_a_listed_lead_has_exactly_five_fields(fresh):
    block(fresh.api, {"publicIdentifier": "John-Doe", "reason": "Existing client"})
    (entry,) = listed(fresh.api)
    assert entry.keys() == {"id", "publicIdentifier", "reason", "createdAt", "workspaceId"}
    assert entry["publicIdentifier"] == "john-doe"
    assert entry["reason"] == "Existing client"
    assert entry["workspaceId"] == fresh.workspace
    assert entry["id"].startswith("bl_")
    assert expect.is_time(entry["createdAt"])


def test_each_lead_has_its_own_reason(fresh):
    block(fresh.api, {"publicIdentifier": "a-1", "reason": "one"}, "b-2",
          {"publicIdentifier": "c-3", "reason": "three"})
    assert [(entry["publicIdentifier"], entry["reason"]) for entry in listed(fresh.api)] == [
        ("c-3", "three"), ("b-2", None), ("a-1", "one")]


def test_the_same_lead_twice_counts_once_and_keeps_the_first_reason(fresh):
    response = block(fresh.api, {"publicIdentifier": "a-1", "reason": "first"},
                     {"publicIdentifier": "A-1", "reason": "second"})
    message = expect.blocked_result(response, 1)
    assert message.startswith("1 lead blocked, 1 "), message
    assert [entry["reason"] for entry in listed(fresh.api)] == ["first"]


def test_blocking_again_keeps_id_reason_and_date(fresh):
    block(fresh.api, {"publicIdentifier": "a-1", "reason": "first"})
    before = listed(fresh.api)
    message = expect.blocked_result(
        block(fresh.api, {"publicIdentifier": "a-1", "reason": "second"}), 0)
    assert "1 already blocked" in message
    assert listed(fresh.api) == before


def test_reasons_are_limited_to_500_characters_each(fresh):
    expect.blocked_result(block(fresh.api, {"publicIdentifier": "a-1", "reason": "é" * 500}), 1)
    response = block(fresh.api, "b-2", {"publicIdentifier": "c-3", "reason": "é" * 501})
    assert response.status == 400, response
    assert names(fresh.api) == ["a-1"]


@pytest.mark.parametrize("item", ["john-doe", None, 5, [], {}, {"publicIdentifier": None},
                                  {"publicIdentifier": 7}, {"reason": "no identifier"}], ids=repr)
def test_an_item_that_is_no_lead_is_refused_with_its_index(fresh, item):
    response = fresh.api.post("/blocked-leads", {"leads": [{"publicIdentifier": "good"}, item]})
    body = expect.error(response, 400, "invalid_identifier", "invalid_body")
    if body["code"] == "invalid_identifier":
        assert [entry["index"] for entry in body["errors"]] == [1]
    assert listed(fresh.api) == []


@pytest.mark.parametrize("reason", [5, ["x"], {"a": 1}, True], ids=repr)
def test_a_reason_that_is_no_string_is_refused(fresh, reason):
    response = block(fresh.api, {"publicIdentifier": "a-1", "reason": reason})
    assert response.status == 400, response
    assert listed(fresh.api) == []


def test_one_bad_identifier_refuses_the_whole_request(fresh):
    response = block(fresh.api, "good", "a b", "fine")
    body = expect.error(response, 400, "invalid_identifier")
    assert [(item["index"], item["value"]) for item in body["errors"]] == [(1, "a b")]
    assert body["errorCount"] == 1
    assert body["message"].startswith("1 of the identifiers is invalid")
    assert listed(fresh.api) == []


def test_lenient_blocks_the_good_ones(fresh):
    response = block(fresh.api, "good", "a b", "fine", headers=[("Prefer", "handling=lenient")])
    body = expect.ok(response)
    assert body.keys() == {"success", "message", "blocked", "invalid"}
    assert body["blocked"] == 2
    assert [item["index"] for item in body["invalid"]] == [1]
    assert response.header("preference-applied") == "handling=lenient"
    assert names(fresh.api) == ["fine", "good"]


def test_empty_and_too_many(fresh):
    expect.error(fresh.api.post("/blocked-leads", {"leads": []}), 400, "empty_identifiers")
    many = [{"publicIdentifier": f"x-{number}"} for number in range(10_001)]
    expect.error(fresh.api.post("/blocked-leads", {"leads": many}), 400, "too_many_identifiers")
    assert listed(fresh.api) == []


@pytest.mark.parametrize("body", [{}, {"leads": None}, {"leads": "john-doe"}, {"leads": {}}, [],
                                  {"publicIdentifiers": ["john-doe"]}, "john-doe", 5, None],
                         ids=repr)
def test_a_body_of_another_shape_is_refused(fresh, body):
    import json
    response = fresh.api.post("/blocked-leads", json.dumps(body))
    expect.error(response, 400, "invalid_body")
    assert listed(fresh.api) == []


def test_unblock_by_ids(fresh):
    block(fresh.api, "a-1", "b-2", "c-3")
    ids = [id_of(fresh.api, "a-1"), id_of(fresh.api, "c-3")]
    expect.unblocked_result(fresh.api.delete("/blocked-leads", ids), 2)
    assert names(fresh.api) == ["b-2"]


def test_unblocking_again_is_no_error(fresh):
    block(fresh.api, "a-1")
    ids = [id_of(fresh.api, "a-1")]
    expect.unblocked_result(fresh.api.delete("/blocked-leads", ids), 1)
    expect.unblocked_result(fresh.api.delete("/blocked-leads", ids), 0)


def test_the_same_id_twice_counts_once(fresh):
    block(fresh.api, "a-1", "b-2")
    one = id_of(fresh.api, "a-1")
    expect.unblocked_result(fresh.api.delete("/blocked-leads", [one, one, one]), 1)
    assert names(fresh.api) == ["b-2"]


def test_a_new_block_of_the_same_lead_has_a_new_id(fresh):
    block(fresh.api, "a-1")
    old = id_of(fresh.api, "a-1")
    fresh.api.delete("/blocked-leads", [old])
    block(fresh.api, "a-1")
    assert id_of(fresh.api, "a-1") != old
    expect.unblocked_result(fresh.api.delete("/blocked-leads", [old]), 0)
    assert names(fresh.api) == ["a-1"]


def test_ids_only_a_public_identifier_never_unblocks(fresh):
    """A person whose public identifier looks like a record id is not that record."""
    block(fresh.api, "victim")
    victim_id = id_of(fresh.api, "victim")
    block(fresh.api, victim_id.lower(), "john-doe")
    response = fresh.api.delete("/blocked-leads", ["john-doe", "victim", victim_id.lower() + "x"])
    expect.unblocked_result(response, 0)
    assert len(listed(fresh.api)) == 3
    expect.unblocked_result(fresh.api.delete("/blocked-leads", [victim_id]), 1)
    assert sorted(names(fresh.api)) == sorted(["john-doe", victim_id.lower()])


def test_misspelt_ids_unblock_nobody(fresh):
    block(fresh.api, "a-1")
    real = id_of(fresh.api, "a-1")
    number = real[len("bl_"):]
    for wrong in ["", "bl_", "bl_-1", real + " ", " " + real, real.upper(), number, "bl_0" + number,
                  "bl_+" + number, real + "\u0000", real + ".0", "bl_" + "9" * 40, "bl_0",
                  "bl_18446744073709551616", "x" * 5000]:
        if wrong == real:
            continue
        response = fresh.api.delete("/blocked-leads", [wrong])
        assert response.status in (200, 400), (wrong, response)
        if response.status == 200:
            expect.unblocked_result(response, 0)
    assert names(fresh.api) == ["a-1"]


def test_unknown_ids_beside_known_ones_are_no_error(fresh):
    block(fresh.api, "a-1")
    ids = ["bl_999999999", id_of(fresh.api, "a-1"), "nonsense"]
    expect.unblocked_result(fresh.api.delete("/blocked-leads", ids), 1)


def test_ids_of_another_workspace_count_as_unknown(fresh, other):
    block(fresh.api, "a-1")
    ids = [entry["id"] for entry in listed(fresh.api)]
    expect.unblocked_result(other.api.delete("/blocked-leads", ids), 0)
    assert names(fresh.api) == ["a-1"]


def test_ids_of_a_campaign_block_count_as_unknown(fresh):
    """Entry ids grow, so the campaign's block lies between two of the workspace's."""
    campaign = fresh.campaign()
    block(fresh.api, "before")
    fresh.api.post(f"/campaigns/{campaign}/blocked-leads", {"publicIdentifiers": ["in-campaign"]})
    block(fresh.api, "after")
    found = [re.fullmatch(r"bl_(\d+)", id_of(fresh.api, name)) for name in ("before", "after")]
    if not all(found):
        pytest.skip("ids are not numbers here: the campaign's id cannot be guessed")
    first, last = (int(match.group(1)) for match in found)
    between = [f"bl_{number}" for number in range(first + 1, last)][:1000]
    if between:
        expect.unblocked_result(fresh.api.delete("/blocked-leads", between), 0)
    check = fresh.api.get(f"/campaigns/{campaign}/blocked-leads/in-campaign")
    assert expect.ok(check)["blocked"] is True


@pytest.mark.parametrize("body", [{}, {"ids": ["bl_1"]}, "bl_1", 42, None,
                                  {"publicIdentifiers": ["a-1"]}], ids=repr)
def test_unblock_wants_a_bare_array(fresh, body):
    import json
    expect.error(fresh.api.delete("/blocked-leads", json.dumps(body)), 400, "invalid_body")


@pytest.mark.parametrize("item", [42, None, True, ["bl_1"], {"id": "bl_1"}], ids=repr)
def test_an_id_that_is_no_string_refuses_the_whole_unblock(fresh, item):
    block(fresh.api, "a-1")
    response = fresh.api.delete("/blocked-leads", [id_of(fresh.api, "a-1"), item])
    expect.error(response, 400, "invalid_body", "invalid_identifier")
    assert names(fresh.api) == ["a-1"]


def test_unblock_empty_and_too_many(fresh):
    expect.error(fresh.api.delete("/blocked-leads", []), 400, "empty_identifiers")
    ids = [f"bl_{number}" for number in range(10_001)]
    expect.error(fresh.api.delete("/blocked-leads", ids), 400, "too_many_identifiers")


def test_the_two_lists_are_separate(fresh):
    campaign = fresh.campaign()
    path = f"/campaigns/{campaign}/blocked-leads"
    expect.blocked_result(block(fresh.api, "both"), 1)
    expect.blocked_result(fresh.api.post(path, {"publicIdentifiers": ["both"]}), 1)
    expect.unblocked_result(fresh.api.delete(path, {"publicIdentifiers": ["both"]}), 1)
    assert names(fresh.api) == ["both"]
    expect.blocked_result(fresh.api.post(path, {"publicIdentifiers": ["both"]}), 1)
    fresh.api.delete("/blocked-leads", [id_of(fresh.api, "both")])
    assert [entry["publicIdentifier"] for entry in expect.ok(fresh.api.get(path))] == ["both"]


def test_one_workspace_does_not_see_anothers_blocks(fresh, other):
    block(fresh.api, "a-1")
    assert "a-1" not in names(other.api)
    campaign = other.campaign()
    check = expect.ok(other.api.get(f"/campaigns/{campaign}/blocked-leads/a-1"))
    assert check == {"publicIdentifier": "a-1", "blocked": False}


def test_ten_thousand_leads_in_one_request(fresh):
    leads = [{"publicIdentifier": f"bulk-{number}", "reason": f"r{number % 3}"}
             for number in range(10_000)]
    expect.blocked_result(fresh.api.post("/blocked-leads", {"leads": leads}), 10_000)
    page = fresh.api.get("/blocked-leads?limit=1000&sort=ASC")
    assert page.header("x-total-count") == "10000"
    entries = expect.ok(page)
    assert [entry["publicIdentifier"] for entry in entries] == [
        lead["publicIdentifier"] for lead in leads[:1000]]
    assert [entry["reason"] for entry in entries] == [lead["reason"] for lead in leads[:1000]]
    assert len({entry["id"] for entry in entries}) == 1000
    expect.unblocked_result(
        fresh.api.delete("/blocked-leads", [entry["id"] for entry in entries]), 1000)
    assert fresh.api.get("/blocked-leads").header("x-total-count") == "9000"
