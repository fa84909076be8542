"""Paging, counting, searching and sorting both lists."""

import threading
from urllib.parse import quote

import pytest

from support import expect


class Listing:
    """One of the two lists, filled in the order of `fill`."""

    def __init__(self, tenant, scope):
        self.api = tenant.api
        self.scope = scope
        if scope == "campaign":
            self.campaign = tenant.campaign()
            self.path = f"/campaigns/{self.campaign}/blocked-leads"
            self.size, self.most, self.default = "take", 100, 10
            self.start = "skip"
        else:
            self.path = "/blocked-leads"
            self.size, self.most, self.default = "limit", 1000, 100
            self.start = "offset"

    def fill(self, names):
        if self.scope == "campaign":
            response = self.api.post(self.path, {"publicIdentifiers": names})
        else:
            leads = [{"publicIdentifier": name} for name in names]
            response = self.api.post(self.path, {"leads": leads})
        expect.blocked_result(response, len(names))

    def get(self, query=""):
        return self.api.get(self.path + ("?" + query if query else ""))

    def page(self, query=""):
        return [entry["publicIdentifier"] for entry in expect.ok(self.get(query))]

    def follow(self, query, between=None):
        """Walks all pages by Link; calls `between` after each."""
        response = self.get(query)
        seen, pages = [], 0
        while True:
            seen += [entry["publicIdentifier"] for entry in expect.ok(response)]
            pages += 1
            assert pages < 1000, "the pages never end"
            target = expect.next_link(response)
            if target is None:
                return seen, pages
            if between:
                between(pages)
            assert "cursor=" in target
            response = self.api.call("GET", target, base="")


@pytest.fixture(params=["campaign", "workspace"])
def listing(request, fresh):
    return Listing(fresh, request.param)


NAMES = [f"lead-{number:03}" for number in range(250)]


def test_an_empty_list(listing):
    response = listing.get()
    assert expect.ok(response) == []
    assert response.body == b"[]"
    assert response.header("x-total-count") == "0"
    assert response.header("link") is None


def test_the_default_page_size(listing):
    listing.fill(NAMES)
    assert listing.page() == NAMES[::-1][: listing.default]


def test_the_total_is_there_on_every_page(listing):
    listing.fill(NAMES)
    start, size = listing.start, listing.size
    for query in ("", f"{start}=240", f"{start}=1000", f"{size}=1", "sort=ASC"):
        assert listing.get(query).header("x-total-count") == "250", query


def test_sort_both_ways(listing):
    listing.fill(NAMES[:50])
    listing.fill(NAMES[50:60])
    newest = NAMES[:60][::-1]
    assert listing.page(f"{listing.size}=60") == newest
    assert listing.page(f"{listing.size}=60&sort=DESC") == newest
    assert listing.page(f"{listing.size}=60&sort=ASC") == newest[::-1]


def test_skip_and_take_make_windows(listing):
    listing.fill(NAMES)
    newest = NAMES[::-1]
    for start, size in ((0, 1), (1, 1), (7, 13), (240, 10), (245, 50), (249, 1)):
        page = listing.page(f"{listing.start}={start}&{listing.size}={size}")
        assert page == newest[start : start + size], (start, size)
        page = listing.page(f"{listing.start}={start}&{listing.size}={size}&sort=ASC")
        assert page == NAMES[start : start + size], (start, size)


def test_past_the_end_is_an_empty_page(listing):
    listing.fill(NAMES[:5])
    for start in (5, 6, 4_000_000_000, 2**53 - 1):
        response = listing.get(f"{listing.start}={start}")
        assert expect.ok(response) == []
        assert response.header("link") is None


def test_windows_after_unblocks_in_the_middle(fresh):
    listing = Listing(fresh, "campaign")
    listing.fill(NAMES)
    gone = set(NAMES[20:220:3])
    response = listing.api.delete(listing.path, {"publicIdentifiers": sorted(gone)})
    expect.unblocked_result(response, len(gone))
    left = [name for name in NAMES if name not in gone][::-1]
    assert listing.get().header("x-total-count") == str(len(left))
    for start in range(0, len(left), 37):
        assert listing.page(f"skip={start}&take=37") == left[start : start + 37]
    assert listing.follow("take=37")[0] == left


def test_the_largest_page_is_allowed_and_one_more_is_not(listing):
    listing.fill(NAMES)
    assert len(listing.page(f"{listing.size}={listing.most}")) == min(250, listing.most)
    expect.error(listing.get(f"{listing.size}={listing.most + 1}"), 400, "invalid_parameter")


@pytest.mark.parametrize("value", ["-1", "abc", "1.5", "", "1e2", "0x10", "%2B1", "1%20", "%00",
                                   "99999999999999999999999999"])
def test_a_page_size_that_is_no_number_is_400(listing, value):
    expect.error(listing.get(f"{listing.size}={value}"), 400, "invalid_parameter", "bad_request")


@pytest.mark.parametrize("value", ["-1", "abc", "1.5", "", "1e2", "%00"])
def test_a_start_that_is_no_number_is_400(listing, value):
    expect.error(listing.get(f"{listing.start}={value}"), 400, "invalid_parameter", "bad_request")


@pytest.mark.parametrize("query", ["sort=UP", "sort=", "cursor=nonsense", "cursor=", "cursor=%FF",
                                   "cursor=" + "A" * 3000])
def test_a_parameter_of_no_meaning_is_400(listing, query):
    expect.error(listing.get(query), 400, "invalid_parameter", "bad_request")


def test_skip_together_with_offset_is_400(fresh):
    listing = Listing(fresh, "campaign")
    expect.error(listing.get("skip=1&offset=1"), 400, "invalid_parameter")


def test_a_parameter_given_twice_is_400(listing):
    query = f"{listing.start}=1&{listing.start}=2"
    expect.error(listing.get(query), 400, "invalid_parameter")


def test_unknown_parameters_are_refused_unless_they_begin_with_an_underscore(listing):
    listing.fill(["a-1"])
    for query in ("colour=blue", "utm_source=x", "take=1&colour"):
        expect.error(listing.get(query), 400, "invalid_parameter")
    assert listing.page("_colour=blue&_=1") == ["a-1"]


def test_limit_and_offset_are_the_same_as_take_and_skip(fresh):
    listing = Listing(fresh, "campaign")
    listing.fill(NAMES)
    assert listing.page("offset=5&limit=3") == listing.page("skip=5&take=3")
    assert listing.page("skip=5&limit=3") == listing.page("skip=5&take=3")
    assert listing.page("offset=5&take=3") == listing.page("skip=5&take=3")
    expect.error(listing.get("limit=101"), 400, "invalid_parameter")


def test_following_next_walks_the_whole_list_once(listing):
    listing.fill(NAMES)
    seen, pages = listing.follow(f"{listing.size}=30")
    assert seen == NAMES[::-1]
    assert pages == 9
    seen, _ = listing.follow(f"{listing.size}=30&sort=ASC")
    assert seen == NAMES


def test_the_last_page_has_no_next_even_when_it_is_full(listing):
    listing.fill(NAMES[:20])
    assert expect.next_link(listing.get(f"{listing.size}=20")) is None
    seen, pages = listing.follow(f"{listing.size}=10")
    assert (len(seen), pages) == (20, 2)


def test_next_works_under_both_base_paths(fresh):
    listing = Listing(fresh, "campaign")
    listing.fill(NAMES[:25])
    listing.api.base = "/api/v1"
    assert listing.follow("take=10")[0] == NAMES[:25][::-1]


def test_next_after_a_skip_goes_on_from_there(listing):
    listing.fill(NAMES)
    seen, _ = listing.follow(f"{listing.start}=95&{listing.size}=30")
    assert seen == NAMES[::-1][95:]


def test_the_cursor_neither_repeats_nor_misses_while_others_are_added(listing):
    listing.fill(NAMES)
    added = []

    def add(number):
        names = [f"late-{number}-{index}" for index in range(7)]
        listing.fill(names)
        added.extend(names)

    seen, _ = listing.follow(f"{listing.size}=20", between=add)
    assert [name for name in seen if name.startswith("lead-")] == NAMES[::-1]
    assert len(set(seen)) == len(seen)
    assert listing.get().header("x-total-count") == str(250 + len(added))


def test_the_cursor_misses_nothing_while_entries_before_it_are_removed(fresh):
    listing = Listing(fresh, "campaign")
    listing.fill(NAMES)
    newest = NAMES[::-1]

    def remove(page):
        names = newest[(page - 1) * 20 : (page - 1) * 20 + 10]
        listing.api.delete(listing.path, {"publicIdentifiers": names})

    seen, _ = listing.follow("take=20", between=remove)
    assert seen == newest


def test_the_cursor_survives_the_removal_of_the_entry_it_stands_on(listing):
    listing.fill(NAMES[:30])
    first = listing.get(f"{listing.size}=10")
    last = expect.ok(first)[-1]
    if listing.scope == "campaign":
        listing.api.delete(listing.path, {"publicIdentifiers": [last["publicIdentifier"]]})
    else:
        listing.api.delete(listing.path, [last["id"]])
    response = listing.api.call("GET", expect.next_link(first), base="")
    page = [entry["publicIdentifier"] for entry in expect.ok(response)]
    assert page == NAMES[:30][::-1][10:20]


def test_the_cursor_holds_while_another_connection_keeps_adding(server, fresh):
    listing = Listing(fresh, "campaign")
    listing.fill(NAMES)
    writer = server.api(fresh.key)
    stop = threading.Event()
    failures = []

    def add():
        number = 0
        while not stop.is_set():
            number += 1
            response = writer.post(listing.path, {"publicIdentifiers": [f"late-{number}"]})
            if response.status != 200:
                failures.append(response)
                return

    thread = threading.Thread(target=add)
    thread.start()
    try:
        for query, expected in (("take=9", NAMES[::-1]), ("take=9&sort=ASC", NAMES)):
            response = listing.get(query)
            seen = []
            while len([name for name in seen if name.startswith("lead-")]) < 250:
                seen += [entry["publicIdentifier"] for entry in expect.ok(response)]
                target = expect.next_link(response)
                if target is None:
                    break
                response = listing.api.call("GET", target, base="")
            assert [name for name in seen if name.startswith("lead-")] == expected
            assert len(set(seen)) == len(seen)
    finally:
        stop.set()
        thread.join()
        writer.close()
    assert not failures


def test_a_cursor_of_another_list_never_shows_its_entries(server, fresh):
    mine = Listing(fresh, "campaign")
    mine.fill(NAMES[:30])
    cursor = expect.next_link(mine.get("take=10")).split("cursor=")[1].split("&")[0]
    theirs = Listing(server.tenant("pro"), "campaign")
    theirs.fill(["their-own"])
    for query in (f"cursor={cursor}", f"take=5&cursor={cursor}"):
        response = theirs.get(query)
        assert response.status in (200, 400), response
        if response.status == 200:
            assert {entry["publicIdentifier"] for entry in response.json()} <= {"their-own"}


SEARCHED = ["josé-garcía", "jose-garcia", "strasse", "under_score", "王小明-123",
            "ACoAABcD3fGhIjKlMnOpQrStUvWxYz0123456789", "john-doe", "john-doe-2", "mary-john"]


@pytest.mark.parametrize("text, expected", [
    ("john", ["mary-john", "john-doe-2", "john-doe"]),
    ("JOHN", ["mary-john", "john-doe-2", "john-doe"]),
    ("n-d", ["john-doe-2", "john-doe"]),
    ("JOSÉ", ["josé-garcía"]),
    ("JOSE\u0301", ["josé-garcía"]),
    ("jose", ["jose-garcia"]),
    ("straße", ["strasse"]),
    ("小明", ["王小明-123"]),
    ("_", ["under_score"]),
    ("r_s", ["under_score"]),
    ("ACoAABcD3fGhIjKlMnOpQrStUvWxYz0123456789", ["ACoAABcD3fGhIjKlMnOpQrStUvWxYz0123456789"]),
    ("nobody", []),
    ("%", []),
    ("%john%", []),
    ("*", []),
    ("' OR 1=1 --", []),
])
def test_search_is_a_folded_sub_string(server, text, expected, searched):
    for listing in searched:
        response = listing.get("search=" + quote(text, safe=""))
        if response.status == 400 and not expected:
            continue  # text that no identifier can hold
        assert [entry["publicIdentifier"] for entry in expect.ok(response)] == expected


@pytest.fixture(scope="module")
def searched(server):
    tenant = server.tenant("pro")
    listings = [Listing(tenant, "campaign"), Listing(tenant, "workspace")]
    for listing in listings:
        listing.fill(SEARCHED)
    return listings


def test_search_with_sort_and_window(searched):
    for listing in searched:
        assert listing.page("search=john&sort=ASC") == ["john-doe", "john-doe-2", "mary-john"]
        assert listing.page(f"search=john&{listing.start}=1&{listing.size}=1") == ["john-doe-2"]


def test_no_search_finds_the_hash_of_who_was_erased(fresh):
    api, path = fresh.api, f"/campaigns/{fresh.campaign()}"
    for each in (path, ""):
        expect.ok(api.post(f"{each}/blocklist", {"entries": [{"publicIdentifier": "ada"}, {"email": "ada@example.com"}]}))
    for entry in ({"publicIdentifier": "ada"}, {"email": "ada@example.com"}):
        assert expect.ok(api.post("/erasures", entry))["blocked"] is True
    for each in (f"{path}/blocklist", f"{path}/blocked-leads", "/blocklist", "/blocked-leads"):
        assert expect.ok(api.get(each)) != []
        for part in "~abcdefghijklmnopqrstuvwxyz0123456789-_":
            assert expect.ok(api.get(f"{each}?search={part}")) == []
    expect.ok(api.delete("/blocklist", {"entries": [{"publicIdentifier": "ada"}]}))
    expect.ok(api.post("/blocklist", {"entries": [{"publicIdentifier": "ada", "reason": "asked again"}]}))
    (found,) = expect.ok(api.get("/blocklist?search=asked"))
    assert (found["value"], found["erased"], found["reason"]) == (None, True, "asked again")


def test_search_can_be_walked_by_next(listing):
    listing.fill([f"{'odd' if number % 2 else 'even'}-{number}" for number in range(100)])
    seen, _ = listing.follow(f"search=odd&{listing.size}=7")
    assert seen == [f"odd-{number}" for number in range(99, 0, -2)]


def test_a_search_total_is_right_or_missing(listing):
    listing.fill(NAMES[:50])
    total = listing.get("search=lead-00").header("x-total-count")
    assert total in (None, "10")


def test_an_empty_search_finds_everything_or_is_refused(listing):
    listing.fill(["a-1"])
    response = listing.get("search=")
    assert response.status in (200, 400), response
    if response.status == 200:
        assert [entry["publicIdentifier"] for entry in response.json()] == ["a-1"]


def test_equal_times_have_one_order_over_all_pages(listing):
    """One request gives many entries the same time: every window must agree on their order."""
    listing.fill(NAMES)
    times = {entry["createdAt"] for entry in expect.ok(listing.get(f"{listing.size}=100"))}
    assert len(times) == 1
    windows = []
    for start in range(0, 250, 10):
        windows += listing.page(f"{listing.start}={start}&{listing.size}=10")
    assert windows == NAMES[::-1]
