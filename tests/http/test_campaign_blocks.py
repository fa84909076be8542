"""POST, GET and DELETE /v1/campaigns/{campaignId}/blocked-leads: what one request does."""

import pytest

from support import expect
from support.server import unique


def blocks(campaign):
    return f"/campaigns/{campaign}/blocked-leads"


def listed(api, campaign):
    """The campaign's list, newest first, in one page."""
    return expect.ok(api.get(blocks(campaign) + "?take=100"))


def names(api, campaign):
    return [entry["publicIdentifier"] for entry in listed(api, campaign)]


def test_block_answers_exactly_three_fields(api, campaign):
    response = api.post(blocks(campaign), {"publicIdentifiers": ["john-doe", "jane-smith"]})
    body = expect.ok(response)
    assert body == {"success": True, "message": "2 leads blocked", "blocked": 2}
    assert response.header("content-type").startswith("application/json")
    assert response.header("x-change-id")


def test_blocking_one_lead_says_lead_in_the_singular(api, campaign):
    response = api.post(blocks(campaign), {"publicIdentifiers": ["john-doe"]})
    assert expect.blocked_result(response, 1) == "1 lead blocked"


def test_an_already_blocked_lead_adds_nothing_and_the_message_says_so(api, campaign):
    api.post(blocks(campaign), {"publicIdentifiers": ["john-doe"]})
    response = api.post(blocks(campaign), {"publicIdentifiers": ["john-doe", "jane-smith"]})
    assert expect.blocked_result(response, 1) == "1 lead blocked, 1 already blocked"
    assert sorted(names(api, campaign)) == ["jane-smith", "john-doe"]


def test_blocking_only_blocked_leads_is_200_with_0(api, campaign):
    api.post(blocks(campaign), {"publicIdentifiers": ["john-doe"]})
    message = expect.blocked_result(
        api.post(blocks(campaign), {"publicIdentifiers": ["john-doe"]}), 0)
    assert "1 already blocked" in message


def test_the_same_lead_twice_in_one_request_counts_once(api, campaign):
    response = api.post(blocks(campaign), {"publicIdentifiers": [
        "john-doe", "John-Doe", "https://www.linkedin.com/in/john-doe/"]})
    message = expect.blocked_result(response, 1)
    assert message.startswith("1 lead blocked, 2 "), message
    assert names(api, campaign) == ["john-doe"]


def test_a_listed_lead_has_exactly_three_fields(api, campaign):
    api.post(blocks(campaign), {"publicIdentifiers": ["john-doe"]})
    (entry,) = listed(api, campaign)
    assert entry.keys() == {"publicIdentifier", "reason", "createdAt"}
    assert entry["publicIdentifier"] == "john-doe"
    assert entry["reason"] is None
    assert expect.is_time(entry["createdAt"])


def test_the_reason_is_kept_for_every_lead_of_the_request(api, campaign):
    api.post(blocks(campaign), {"publicIdentifiers": ["a-1", "b-2"], "reason": "Kunde seit März"})
    assert [entry["reason"] for entry in listed(api, campaign)] == ["Kunde seit März"] * 2


def test_blocking_again_keeps_the_first_reason_and_date(api, campaign):
    api.post(blocks(campaign), {"publicIdentifiers": ["john-doe"], "reason": "first"})
    before = listed(api, campaign)
    api.post(blocks(campaign), {"publicIdentifiers": ["JOHN-DOE"], "reason": "second"})
    assert listed(api, campaign) == before
    assert before[0]["reason"] == "first"


@pytest.mark.parametrize("reason", ["x" * 500, "é" * 500, "𝄞" * 500], ids=["1", "2", "4"])
def test_a_reason_of_500_characters_fits_however_many_bytes_they_take(api, campaign, reason):
    response = api.post(blocks(campaign), {"publicIdentifiers": ["a-1"], "reason": reason})
    expect.blocked_result(response, 1)
    assert listed(api, campaign)[0]["reason"] == reason


@pytest.mark.parametrize("reason", ["x" * 501, "é" * 501, "𝄞" * 501], ids=["1", "2", "4"])
def test_a_reason_of_501_characters_is_refused(api, campaign, reason):
    response = api.post(blocks(campaign), {"publicIdentifiers": ["a-1"], "reason": reason})
    expect.error(response, 400, "invalid_body")
    assert listed(api, campaign) == []


@pytest.mark.parametrize("reason", ['"quoted" \\ back', "two\nlines\tand a tab", "emoji 🎻", ""])
def test_a_reason_comes_back_as_it_was_sent(api, campaign, reason):
    api.post(blocks(campaign), {"publicIdentifiers": ["a-1"], "reason": reason})
    assert listed(api, campaign)[0]["reason"] in ((reason,) if reason else ("", None))


def test_a_null_reason_is_no_reason_or_refused_but_never_kept_as_text(api, campaign):
    response = api.post(blocks(campaign), {"publicIdentifiers": ["a-1"], "reason": None})
    if response.status == 400:
        assert listed(api, campaign) == []
    else:
        expect.blocked_result(response, 1)
        assert listed(api, campaign)[0]["reason"] is None


def test_unknown_fields_in_the_body_are_ignored(api, campaign):
    response = api.post(blocks(campaign), {
        "comment": {"deep": [1, None, {"publicIdentifiers": ["x"]}]},
        "publicIdentifiers": ["a-1"], "leads": 7})
    expect.blocked_result(response, 1)
    assert names(api, campaign) == ["a-1"]


def test_one_bad_identifier_refuses_the_whole_request(api, campaign):
    response = api.post(blocks(campaign), {"publicIdentifiers": ["good-1", "a b", "good-2"]})
    body = expect.error(response, 400, "invalid_identifier")
    assert body["errorCount"] == 1
    (item,) = body["errors"]
    assert item.keys() == {"index", "value", "reason"}
    assert (item["index"], item["value"]) == (1, "a b")
    assert item["reason"]
    assert listed(api, campaign) == []


def test_every_bad_item_is_listed_with_its_index(api, campaign):
    response = api.post(blocks(campaign), {"publicIdentifiers": ["a b", "good", "c@d.example", ""]})
    body = expect.error(response, 400, "invalid_identifier")
    assert [item["index"] for item in body["errors"]] == [0, 2, 3]
    assert [item["value"] for item in body["errors"]] == ["a b", "c@d.example", ""]
    assert body["errorCount"] == 3


def test_only_the_first_100_bad_items_are_listed_but_all_are_counted(api, campaign):
    response = api.post(blocks(campaign), {"publicIdentifiers": ["ok"] + ["a b"] * 250})
    body = expect.error(response, 400, "invalid_identifier")
    assert [item["index"] for item in body["errors"]] == list(range(1, 101))
    assert body["errorCount"] == 250


@pytest.mark.parametrize("item", [1, 1.5, None, True, ["john-doe"], {"publicIdentifier": "x"}],
                         ids=repr)
def test_an_item_that_is_no_string_is_a_bad_identifier(api, campaign, item):
    response = api.post(blocks(campaign), {"publicIdentifiers": ["good", item]})
    body = expect.error(response, 400, "invalid_identifier")
    assert [entry["index"] for entry in body["errors"]] == [1]
    assert listed(api, campaign) == []


@pytest.mark.parametrize("prefer", ["handling=lenient", "respond-async, handling=lenient",
                                    'handling="lenient"', "Handling=lenient; foo=bar"])
def test_lenient_blocks_the_good_ones_and_lists_the_bad_ones(api, campaign, prefer):
    response = api.post(blocks(campaign), {"publicIdentifiers": ["good-1", "a b", "good-2", 5]},
                        headers=[("Prefer", prefer)])
    body = expect.ok(response)
    assert response.header("preference-applied") == "handling=lenient"
    assert body.keys() == {"success", "message", "blocked", "invalid"}
    assert (body["success"], body["blocked"]) == (True, 2)
    assert [item["index"] for item in body["invalid"]] == [1, 3]
    assert body["invalid"][0]["value"] == "a b"
    assert all(item["reason"] for item in body["invalid"])
    assert sorted(names(api, campaign)) == ["good-1", "good-2"]


def test_lenient_lists_all_bad_ones_not_only_100(api, campaign):
    response = api.post(blocks(campaign), {"publicIdentifiers": ["ok"] + ["a b"] * 250},
                        headers=[("Prefer", "handling=lenient")])
    body = expect.ok(response)
    assert body["blocked"] == 1
    assert [item["index"] for item in body["invalid"]] == list(range(1, 251))


def test_lenient_with_only_bad_ones_is_200_with_0(api, campaign):
    response = api.post(blocks(campaign), {"publicIdentifiers": ["a b", "c d"]},
                        headers=[("Prefer", "handling=lenient")])
    body = expect.ok(response)
    assert (body["success"], body["blocked"], len(body["invalid"])) == (True, 0, 2)
    assert listed(api, campaign) == []


def test_lenient_does_not_excuse_an_empty_list_or_broken_json(api, campaign):
    lenient = [("Prefer", "handling=lenient")]
    response = api.post(blocks(campaign), {"publicIdentifiers": []}, headers=lenient)
    expect.error(response, 400, "empty_identifiers")
    expect.error(api.post(blocks(campaign), b"{", headers=lenient), 400, "invalid_json")


@pytest.mark.parametrize("prefer", ["handling=strict", "lenient", "handling=lenientish"])
def test_any_other_preference_changes_nothing(api, campaign, prefer):
    response = api.post(blocks(campaign), {"publicIdentifiers": ["good", "a b"]},
                        headers=[("Prefer", prefer)])
    expect.error(response, 400, "invalid_identifier")
    assert response.header("preference-applied") is None
    assert listed(api, campaign) == []


def test_without_the_preference_there_is_no_extra_field(api, campaign):
    response = api.post(blocks(campaign), {"publicIdentifiers": ["good"]})
    assert "invalid" not in expect.ok(response)
    assert response.header("preference-applied") is None


def test_unblock_counts_what_it_took_back(api, campaign):
    api.post(blocks(campaign), {"publicIdentifiers": ["a-1", "b-2", "c-3"]})
    response = api.delete(blocks(campaign), {"publicIdentifiers": ["A-1", "c-3"]})
    expect.unblocked_result(response, 2)
    assert names(api, campaign) == ["b-2"]


def test_unblocking_what_is_not_blocked_is_no_error(api, campaign):
    api.post(blocks(campaign), {"publicIdentifiers": ["a-1"]})
    response = api.delete(blocks(campaign), {"publicIdentifiers": ["a-1", "never-blocked"]})
    message = expect.unblocked_result(response, 1)
    assert message.count("1") >= 2, message  # both are counted
    expect.unblocked_result(api.delete(blocks(campaign), {"publicIdentifiers": ["a-1"]}), 0)


def test_unblocking_the_same_lead_twice_in_one_request_counts_once(api, campaign):
    api.post(blocks(campaign), {"publicIdentifiers": ["a-1"]})
    response = api.delete(blocks(campaign), {"publicIdentifiers": ["a-1", "A-1"]})
    expect.unblocked_result(response, 1)


def test_a_bad_identifier_refuses_the_whole_unblock(api, campaign):
    api.post(blocks(campaign), {"publicIdentifiers": ["a-1"]})
    response = api.delete(blocks(campaign), {"publicIdentifiers": ["a-1", "a b"]})
    expect.error(response, 400, "invalid_identifier")
    assert names(api, campaign) == ["a-1"]


def test_a_lead_can_be_blocked_again_after_an_unblock_with_a_new_reason(api, campaign):
    api.post(blocks(campaign), {"publicIdentifiers": ["a-1"], "reason": "first"})
    api.delete(blocks(campaign), {"publicIdentifiers": ["a-1"]})
    expect.blocked_result(
        api.post(blocks(campaign), {"publicIdentifiers": ["a-1"], "reason": "second"}), 1)
    assert [entry["reason"] for entry in listed(api, campaign)] == ["second"]


def test_a_block_in_one_campaign_leaves_the_others_alone(tenant, api, campaign):
    sibling = tenant.campaign()
    api.post(blocks(campaign), {"publicIdentifiers": ["a-1"]})
    assert listed(api, sibling) == []
    expect.blocked_result(api.post(blocks(sibling), {"publicIdentifiers": ["a-1"]}), 1)
    api.delete(blocks(sibling), {"publicIdentifiers": ["a-1"]})
    assert names(api, campaign) == ["a-1"]


def test_ten_thousand_identifiers_in_one_request(api, campaign):
    many = [unique("bulk") for _ in range(10_000)]
    response = api.post(blocks(campaign), {"publicIdentifiers": many})
    assert expect.blocked_result(response, 10_000) == "10000 leads blocked"
    page = api.get(blocks(campaign))
    assert page.header("x-total-count") == "10000"
    check = api.post(blocks(campaign) + "/check", {"publicIdentifiers": many})
    assert expect.ok(check) == {"blocked": many, "allowed": []}
    expect.unblocked_result(api.delete(blocks(campaign), {"publicIdentifiers": many}), 10_000)
    assert api.get(blocks(campaign)).header("x-total-count") == "0"


def test_items_of_one_request_are_listed_in_a_fixed_order_with_the_last_first(api, campaign):
    order = ["p-%02d" % number for number in range(30)]
    api.post(blocks(campaign), {"publicIdentifiers": order})
    assert names(api, campaign) == order[::-1]
    ascending = expect.ok(api.get(blocks(campaign) + "?take=100&sort=ASC"))
    assert [entry["publicIdentifier"] for entry in ascending] == order


def test_newest_requests_come_first(api, campaign):
    for name in ("a-1", "b-2", "c-3"):
        api.post(blocks(campaign), {"publicIdentifiers": [name]})
    assert names(api, campaign) == ["c-3", "b-2", "a-1"]


def test_the_campaign_not_found_body_is_the_promised_one(api):
    response = api.post("/campaigns/abc/blocked-leads", {"publicIdentifiers": ["a-1"]})
    assert response.status == 404
    assert response.json() == {"success": False, "code": "campaign_not_found",
                               "message": "No campaign 'abc' in this workspace."}
