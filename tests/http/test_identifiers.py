"""Every vector of tests/vectors/identifiers.json, through a JSON body and through the URL path."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from support import expect

VECTORS = json.loads(
    (Path(__file__).resolve().parents[1] / "vectors" / "identifiers.json").read_text("utf-8"))

SAME = [(group["canonical"], spelling)
        for group in VECTORS["same"] for spelling in group["spellings"]]


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

    def forget(self, text):
        self.api.delete(self.path, {"publicIdentifiers": [text]})


@pytest.mark.parametrize("canonical, spelling", SAME, ids=[spelling for _, spelling in SAME])
def test_a_spelling_means_its_canonical_form(lists, canonical, spelling):
    body = expect.ok(lists.by_body(spelling))
    assert body["allowed"] + body["blocked"] == [canonical]
    assert expect.ok(lists.by_path(spelling))["publicIdentifier"] == canonical


@pytest.mark.parametrize("canonical", [group["canonical"] for group in VECTORS["same"]])
def test_normalising_twice_is_normalising_once(lists, canonical):
    assert expect.ok(lists.by_body(canonical))["allowed"] == [canonical]
    assert expect.ok(lists.by_path(canonical))["publicIdentifier"] == canonical


@pytest.mark.parametrize("group", VECTORS["same"], ids=lambda group: group["canonical"])
def test_whoever_is_blocked_under_one_spelling_is_blocked_under_all(lists, group):
    for spelling in group["spellings"]:
        response = lists.api.post(lists.path, {"publicIdentifiers": [spelling]})
        expect.blocked_result(response, 1)
        for other in group["spellings"]:
            assert expect.ok(lists.by_path(other))["blocked"] is True, (spelling, other)
        check = lists.api.post(lists.path + "/check", {"publicIdentifiers": group["spellings"]})
        assert expect.ok(check) == {"blocked": [group["canonical"]], "allowed": []}
        (entry,) = expect.ok(lists.api.get(lists.path))
        assert entry["publicIdentifier"] == group["canonical"]
        lists.forget(spelling)


def test_all_spellings_in_one_request_are_one_lead_each(lists):
    spellings = [spelling for _, spelling in SAME]
    response = lists.api.post(lists.path, {"publicIdentifiers": spellings})
    expect.blocked_result(response, len(VECTORS["same"]))
    listed = [entry["publicIdentifier"] for entry in expect.ok(lists.api.get(lists.path))]
    assert sorted(listed) == sorted(group["canonical"] for group in VECTORS["same"])
    response = lists.api.delete(lists.path, {"publicIdentifiers": spellings})
    expect.unblocked_result(response, len(VECTORS["same"]))


@pytest.mark.parametrize("one, two", VECTORS["different"], ids=repr)
def test_different_leads_stay_different(lists, one, two):
    for blocked, free in ((one, two), (two, one)):
        lists.api.post(lists.path, {"publicIdentifiers": [blocked]})
        assert expect.ok(lists.by_path(blocked))["blocked"] is True
        assert expect.ok(lists.by_path(free))["blocked"] is False
        body = expect.ok(lists.by_body(free))
        assert body["blocked"] == [] and len(body["allowed"]) == 1
        lists.forget(blocked)


@pytest.mark.parametrize("text", VECTORS["refused"], ids=lambda text: repr(text)[:60])
def test_what_is_no_identifier_is_refused_with_a_reason(lists, text):
    bodies = {"": {"publicIdentifiers": [text]}, "/check": {"publicIdentifiers": [text]}}
    for suffix, body in bodies.items():
        error = expect.error(lists.api.post(lists.path + suffix, body), 400, "invalid_identifier")
        (item,) = error["errors"]
        assert item["index"] == 0 and item["reason"], error
    response = lists.api.post("/blocked-leads", {"leads": [{"publicIdentifier": text}]})
    expect.error(response, 400, "invalid_identifier")
    response = lists.api.delete(lists.path, {"publicIdentifiers": [text]})
    expect.error(response, 400, "invalid_identifier")


@pytest.mark.parametrize("text", VECTORS["refused"], ids=lambda text: repr(text)[:60])
def test_what_is_no_identifier_is_refused_in_the_path(lists, text):
    response = lists.by_path(text)
    if text == "":
        expect.error(response, 404, "not_found")  # an empty segment matches no route
    else:
        expect.error(response, 400, "invalid_identifier", "bad_request")


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


@pytest.mark.parametrize("character", list("/\\?#%&<>\"'@,;") + [
    "\u00a0", "\u2028", "\u3000", "\u200d", "\ufeff", "\ue000", "\u0378", "\ufffd", "\u0085",
    "\U000e0001"], ids=lambda character: f"U+{ord(character):04X}")
def test_a_forbidden_character_is_refused(lists, character):
    expect.error(lists.by_body(f"jo{character}hn"), 400, "invalid_identifier")
    response = lists.by_path(f"jo{character}hn")
    expect.error(response, 400, "invalid_identifier", "bad_request")


@pytest.mark.parametrize("text", ["a.b", "a_b", "a-b", "a~b", "a!b", "(a)", "a*b", "a+b", "a=b",
                                  "a:b", "a$b", "a|b", "Ω", "ǆ", "🎻", "1", "-", "٣", "a`b", "a^b"])
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


@pytest.mark.parametrize("name", ["ACoAA" + "X" * 29, "ACxAA" + "X" * 30, "acoaa" + "X" * 30,
                                  "ACoAA" + "X" * 30 + "."])
def test_what_only_looks_like_a_member_id_is_folded(lists, name):
    assert expect.ok(lists.by_body(name))["allowed"] == [name.lower()]
