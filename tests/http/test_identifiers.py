"""Every vector of tests/vectors/identifiers.json, through a JSON body and through the URL path."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from support import expect
from support.server import run

VECTORS = json.loads(
    (Path(__file__).resolve().parents[1] / "vectors" / "identifiers.json").read_text("utf-8"))

SECTIONS = (VECTORS, VECTORS["more"])  # that of the contract, and ours
GROUPS = [group for section in SECTIONS for group in section["same"]]
DIFFERENT = [pair for section in SECTIONS for pair in section["different"]]
REFUSED = [item for section in SECTIONS for item in section["refused"]]
# Names that are refused in some requests only, unless they are stored.
DOUBTFUL = [item for item in REFUSED if "where" in item]
REFUSED = [item for item in REFUSED if "where" not in item]

SAME = [(group["canonical"], spelling) for group in GROUPS for spelling in group["spellings"]]


# Members of "same" that somebody can be added by, and checked by: not those that are doubtful.
def is_number(text):
    return text.isdecimal()


def is_empty_field(text):
    return text in ("nan", "none")


def shown(item):
    return repr(item["value"])[:60]


def encode(text):
    """What encodeURIComponent makes of it."""
    return quote(text, safe="!'()*-._~")


@pytest.fixture(scope="module")
def lists(server):
    return Lists(server.tenant())


class Lists:
    def __init__(self, tenant):
        self.api = tenant.api
        self.tenant = tenant
        self.path = f"/campaigns/{tenant.campaign()}/blocked-leads"

    def by_path(self, text):
        return self.api.get(f"{self.path}/{encode(text)}")

    def by_body(self, text):
        return self.api.post(self.path + "/check", {"publicIdentifiers": [text]})

    def add(self, text):
        return self.api.post(self.path, {"publicIdentifiers": [text]})

    def add_to_workspace(self, text):
        return self.api.post("/blocked-leads", {"leads": [{"publicIdentifier": text}]})

    def add_lead(self, text):
        return self.api.post(self.path.replace("blocked-leads", "leads"),
                             {"leads": [{"publicIdentifier": text}]})

    def forget(self, text):
        self.api.delete(self.path, {"publicIdentifiers": [text]})


def assert_refused(response, item):
    error = expect.error(response, 400, "invalid_identifier")
    (bad,) = error["errors"]
    assert bad["index"] == 0 and bad["reason"], error
    for word in item["reason_holds"]:
        assert word in bad["reason"], error


@pytest.mark.parametrize("canonical, spelling", SAME, ids=[spelling for _, spelling in SAME])
def test_a_spelling_means_its_canonical_form(lists, canonical, spelling):
    body = expect.ok(lists.by_body(spelling))
    assert body["allowed"] + body["blocked"] == [canonical]
    assert expect.ok(lists.by_path(spelling))["publicIdentifier"] == canonical


@pytest.mark.parametrize("canonical", [group["canonical"] for group in GROUPS
                                       if not is_empty_field(group["canonical"])])
def test_normalising_twice_is_normalising_once(lists, canonical):
    assert expect.ok(lists.by_body(canonical))["allowed"] == [canonical]
    assert expect.ok(lists.by_path(canonical))["publicIdentifier"] == canonical


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group["canonical"])
def test_who_is_blocked_under_one_spelling_is_blocked_under_all(lists, group):
    for spelling in group["spellings"]:
        if is_number(spelling):
            continue
        expect.blocked_result(lists.add(spelling), 1)
        for other in group["spellings"]:
            assert expect.ok(lists.by_path(other))["blocked"] is True, (spelling, other)
        check = lists.api.post(lists.path + "/check", {"publicIdentifiers": group["spellings"]})
        assert expect.ok(check) == {"blocked": [group["canonical"]], "allowed": []}
        (entry,) = expect.ok(lists.api.get(lists.path))
        assert entry["publicIdentifier"] == group["canonical"]
        lists.forget(spelling)


def test_all_spellings_in_one_request_are_one_lead_each(lists):
    spellings = [spelling for _, spelling in SAME if not is_number(spelling)]
    response = lists.api.post(lists.path, {"publicIdentifiers": spellings})
    people = {group["canonical"] for group in GROUPS}
    expect.blocked_result(response, len(people))
    listed = [entry["publicIdentifier"]
              for entry in expect.ok(lists.api.get(lists.path + "?take=100"))]
    assert sorted(listed) == sorted(people)
    response = lists.api.delete(lists.path, {"publicIdentifiers": spellings})
    expect.unblocked_result(response, len(people))


@pytest.mark.parametrize("one, two", DIFFERENT, ids=repr)
def test_different_leads_stay_different(lists, one, two):
    for blocked, free in ((one, two), (two, one)):
        expect.blocked_result(lists.add("in/" + blocked), 1)
        assert expect.ok(lists.by_path(blocked))["blocked"] is True
        assert expect.ok(lists.by_path(free))["blocked"] is False
        body = expect.ok(lists.by_body(free))
        assert body["blocked"] == [] and len(body["allowed"]) == 1
        lists.forget(blocked)


@pytest.mark.parametrize("item", REFUSED, ids=shown)
def test_what_is_no_identifier_is_refused_with_a_reason(lists, item):
    text = item["value"]
    assert_refused(lists.add(text), item)
    assert_refused(lists.by_body(text), item)
    assert_refused(lists.add_to_workspace(text), item)
    assert_refused(lists.add_lead(text), item)
    assert_refused(lists.api.delete(lists.path, {"publicIdentifiers": [text]}), item)
    assert expect.ok(lists.api.get(lists.path)) == []


@pytest.mark.parametrize("item", REFUSED, ids=shown)
def test_what_is_no_identifier_is_refused_in_the_path(lists, item):
    text = item["value"]
    response = lists.by_path(text)
    if text == "":
        expect.error(response, 404, "not_found")  # an empty segment matches no route
    elif "\0" in text:
        expect.error(response, 400, "invalid_identifier", "bad_request")
    else:
        assert_refused(response, item)
        assert_refused(lists.api.get(f"/blocked-leads/{encode(text)}"), item)


@pytest.mark.parametrize("item", DOUBTFUL, ids=shown)
def test_a_doubtful_bare_name_is_refused_until_it_is_stored(server, item):
    lists = Lists(server.tenant())
    text = item["value"]
    checked = "check" in item["where"]
    expect.unblocked_result(lists.api.delete(lists.path, {"publicIdentifiers": [text]}), 0)
    for refused in (lists.add(text), lists.add_to_workspace(text), lists.add_lead(text),
                    lists.api.post(lists.path + "?dryRun=true", {"publicIdentifiers": [text]})):
        assert_refused(refused, item)
    for asked in (lists.by_body(text), lists.by_path(text),
                  lists.api.get(f"/blocked-leads/{encode(text)}")):
        if checked:
            assert_refused(asked, item)
        else:
            expect.ok(asked)

    address = f"https://www.linkedin.com/in/{text.strip()}"
    expect.blocked_result(lists.add(address), 1)
    canonical = expect.ok(lists.by_path(address))["publicIdentifier"]
    expect.blocked_result(lists.add(text), 0)
    assert_refused(lists.add_to_workspace(text), item)  # another list
    assert expect.ok(lists.by_body(text)) == {"blocked": [canonical], "allowed": []}
    assert expect.ok(lists.by_path(text))["blocked"] is True
    assert expect.ok(lists.api.get(f"/blocked-leads/{encode(text)}"))["blocked"] is True
    expect.unblocked_result(lists.api.delete(lists.path, {"publicIdentifiers": [text]}), 1)


@pytest.mark.parametrize("item", DOUBTFUL, ids=shown)
def test_a_doubtful_lead_is_refused_until_the_campaign_has_it(server, item):
    lists = Lists(server.tenant())
    leads = lists.path.replace("blocked-leads", "leads")
    text = item["value"]
    body = {"leads": [{"publicIdentifier": "ann"}, {"publicIdentifier": text}]}
    error = expect.error(lists.api.post(leads, body), 400, "invalid_identifier")
    assert [bad["index"] for bad in error["errors"]] == [1], error
    assert expect.ok(lists.api.get(leads)) == []
    answer = expect.ok(lists.api.post(leads, body, headers=[("Prefer", "handling=lenient")]))
    assert answer["added"] == 1 and answer["duplicates"] == 0, answer
    (bad,) = answer["invalid"]
    assert bad["index"] == 1 and item["reason_holds"][0] in bad["reason"], answer

    address = {"leads": [{"linkedinUrl": f"linkedin.com/in/{text.strip()}"}]}
    assert expect.ok(lists.api.post(leads, address))["added"] == 1
    answer = expect.ok(lists.api.post(leads, body))
    assert answer["added"] == 0 and answer["duplicates"] == 2, answer


def test_digits_beside_an_address_or_a_member_id_are_a_name(server):
    lists = Lists(server.tenant())
    leads = lists.path.replace("blocked-leads", "leads")
    for good in ({"linkedinUrl": "https://linkedin.com/in/1001"}, {"memberId": "ACoAA" + "1" * 30},
                 {"linkedinUrl": "in/ACoAA" + "2" * 30}):
        number = str(1001 + len(expect.ok(lists.api.get(leads))))
        lead = {"publicIdentifier": number, **good}
        assert expect.ok(lists.api.post(leads, {"leads": [lead]}))["added"] == 1
    bare = {"leads": [{"publicIdentifier": "2001", "linkedinUrl": "2001"}]}
    expect.error(lists.api.post(leads, bare), 400, "invalid_identifier")


def test_a_doubtful_lead_that_is_left_out_is_in_no_other_count(server):
    lists = Lists(server.tenant())
    leads = lists.path.replace("blocked-leads", "leads")
    sent = ["3001", "in/3001", "a b", "%33002"]
    body = {"leads": [{"publicIdentifier": name} for name in sent]}
    answer = expect.ok(lists.api.post(leads, body, headers=[("Prefer", "handling=lenient")]))
    assert (answer["added"], answer["duplicates"]) == (1, 0), answer
    shown_as = [(bad["index"], bad["value"]) for bad in answer["invalid"]]
    assert shown_as == [(0, "3001"), (2, "a b"), (3, "%33002")]


def test_a_search_by_what_only_styles_finds_nobody(server):
    lists = Lists(server.tenant())
    expect.blocked_result(lists.add("ann"), 1)
    assert expect.ok(lists.api.get(f"{lists.path}?search=" + encode("\u200d"))) == []


@pytest.mark.parametrize("canonical, spelling", [
    ("john-doe", "https://www.linkedin.com/in/John-Doe/?trk=x"),
    ("josé-garcía", "https://www.linkedin.com/in/jos%C3%A9-garc%C3%ADa/"),
    ("josé-garcía", "Jos%25C3%25A9-GARC"),
    ("ann-👨💻-0001", "ann-👨\u200d💻"),
    ("ACoAABcD3fGhIjKlMnOpQrStUvWxYz0123456789",
     "urn:li:fsd_profile:ACoAABcD3fGhIjKlMnOpQrStUvWxYz0123456789"),
    ("ACoAABcD3fGhIjKlMnOpQrStUvWxYz0123456789", "acoaabcd3fghijklmnopqrstuvwxyz0123456789"),
    ("12345678", "in/12345678"),
])
def test_a_search_by_what_people_paste_finds_the_person(server, canonical, spelling):
    lists = Lists(server.tenant())
    expect.blocked_result(lists.add("in/" + canonical), 1)
    expect.blocked_result(lists.add("ann-other"), 1)
    expect.blocked_result(lists.add_to_workspace("in/" + canonical), 1)
    for path in (lists.path, "/blocked-leads"):
        found = expect.ok(lists.api.get(f"{path}?search={encode(spelling)}"))
        assert [entry["publicIdentifier"] for entry in found] == [canonical], found


@pytest.mark.parametrize("raw, canonical", [
    ("John-Doe", "john-doe"),
    ("john%2Ddoe", "john-doe"),
    ("john%252Ddoe", "john-doe"),
    ("jos%C3%A9", "josé"),
    ("https%3A%2F%2Fwww.linkedin.com%2Fin%2FJohn-Doe%2F", "john-doe"),
    ("in%2Fjohn-doe", "john-doe"),
    ("%20john-doe%20", "john-doe"),
])
def test_a_segment_of_the_path_is_decoded_once_and_then_normalised(lists, raw, canonical):
    body = expect.ok(lists.api.get(f"{lists.path}/{raw}"))
    assert body["publicIdentifier"] == canonical


@pytest.mark.parametrize("raw", ["%", "%2", "%zz", "a%0", "%FF", "%C3", "%00", "john%00doe",
                                 "%C0%AF", "%ED%A0%80", "a%2Fb", "%2E%2E%2Fetc"])
def test_a_broken_segment_is_400(lists, raw):
    expect.error(lists.api.get(f"{lists.path}/{raw}"), 400, "invalid_identifier", "bad_request")


def test_raw_utf_8_in_the_path_is_refused_or_read_as_such(lists, server):
    with server.connect() as connection:
        key = lists.tenant.key.encode()
        connection.send(b"GET /v1%s/jos\xc3\xa9 HTTP/1.1\r\nHost: x\r\nx-api-key: %s\r\n\r\n"
                        % (lists.path.encode(), key))
        response = connection.read()
        assert response.status in (200, 400), response
        if response.status == 200:
            assert response.json()["publicIdentifier"] == "josé"


def test_the_length_is_counted_in_code_points(lists):
    for letter in ("x", "é", "中", "𠀀"):
        assert expect.ok(lists.by_body(letter * 100))["allowed"] == [letter * 100]
        assert expect.ok(lists.by_path(letter * 100))["publicIdentifier"] == letter * 100
        expect.error(lists.by_body(letter * 101), 400, "invalid_identifier")
        expect.error(lists.by_path(letter * 101), 400, "invalid_identifier")


def test_length_counts_after_normalising(lists):
    """e and a combining accent are one code point in NFC; sharp s folds into two."""
    assert expect.ok(lists.by_body("e\u0301" * 100))["allowed"] == ["é" * 100]
    assert expect.ok(lists.by_body("ß" * 50))["allowed"] == ["ss" * 50]
    expect.error(lists.by_body("ß" * 51), 400, "invalid_identifier")


@pytest.mark.parametrize("character", list("/\\?#%&<>\"'@,;.~!()*+=:$|`^[]{}") + [
    "\u00a0", "\u2028", "\u3000", "\u200b", "\ufeff", "\u2013", "\u20ac", "\u2192", "\u2800", "\u3164", "\ue000", "\u0378", "\ufffd", "\u0085",
    "\U000e0001"], ids=lambda character: f"U+{ord(character):04X}")
def test_a_forbidden_character_is_refused(lists, character):
    expect.error(lists.by_body(f"jo{character}hn"), 400, "invalid_identifier")
    response = lists.by_path(f"jo{character}hn")
    expect.error(response, 400, "invalid_identifier", "bad_request")


@pytest.mark.parametrize("text", ["a_b", "a-b", "a\u2019b", "a\u00b7b", "Ω", "ǆ", "🎻", "a1", "-a", "٣",
                                  "a\u200db", "👍🏽"])
def test_other_characters_are_no_obstacle(lists, text):
    response = lists.api.post(lists.path, {"publicIdentifiers": [text]})
    expect.blocked_result(response, 1)
    body = expect.ok(lists.by_path(text))
    assert body["blocked"] is True
    assert expect.ok(lists.by_path(body["publicIdentifier"])) == body
    lists.forget(text)


@pytest.mark.parametrize("name", ["ACoAA" + "x" * 30, "ACwAA" + "aB3_-" * 6, "ACoAA" + "Z" * 60])
def test_member_ids_keep_their_case(lists, name):
    assert expect.ok(lists.by_body(name))["allowed"] == [name]
    assert expect.ok(lists.by_path(f"https://linkedin.com/in/{name}"))["publicIdentifier"] == name


@pytest.mark.parametrize("name", ["ACxAA" + "X" * 30, "acoaa" + "X" * 29, "AEMAA" + "X" * 29])
def test_what_only_looks_like_a_member_id_is_folded(lists, name):
    assert expect.ok(lists.by_body(name))["allowed"] == [name.lower()]


def fits_an_argument(text):
    """Not what the command line takes for an option, nothing, or several names in a line."""
    listed = any(mark in text for mark in ",;\t|，；、") and "/" not in text
    return text.strip() and not text.startswith("-") and "\0" not in text and not listed


def test_the_command_line_takes_and_refuses_the_same(server):
    tenant = server.tenant()
    campaign = tenant.campaign()
    env = {"LEADBLOCK_URL": f"http://127.0.0.1:{server.port}", "LEADBLOCK_KEY": tenant.key}
    spellings = [spelling for _, spelling in SAME if fits_an_argument(spelling)]
    people = list(dict.fromkeys(name for name, spelling in SAME if fits_an_argument(spelling)))
    checked = run("check", campaign, "--json", *spellings, env=env)
    assert checked.json() == {"blocked": [], "allowed": people}, checked
    added = [spelling for spelling in spellings if not is_number(spelling)]
    blocked = run("block", campaign, "--json", *added, env=env)
    assert blocked.json()["blocked"] == len(people), blocked
    checked = run("check", campaign, "--json", *spellings, env=env)
    assert checked.json() == {"blocked": people, "allowed": []}, checked
    unblocked = run("unblock", campaign, "--json", *spellings, env=env)
    assert unblocked.json()["unblocked"] == len(people), unblocked

    refused = [item for item in REFUSED + DOUBTFUL if fits_an_argument(item["value"])]
    values = [item["value"] for item in refused]
    blocked = run("block", campaign, "--skip-invalid", "--json", "ann", *values, env=env).json()
    assert blocked["blocked"] == 1, blocked
    reasons = {item["value"]: item["reason"] for item in blocked["invalid"]}
    assert reasons.keys() == set(values)
    for item in refused:
        for word in item["reason_holds"]:
            assert word in reasons[item["value"]], (item, reasons[item["value"]])
