"""One workspace asks for much: the others are served as if it did not, and the server still stops."""

import statistics
import threading
import time

import pytest

from support import expect
from support.campaigns import MESSAGE, Campaign
from support.client import ConnectionClosed, build, encode_body
from support.server import Server
from support.waiting import eventually

LEADS = 1_000_000
BATCH = 10000
SEARCHES = 8
SOON = 0.3  # seconds
PATIENCE = 300  # seconds, with searches on a machine that is slow and busy


def search(name="nobody"):
    return f"/v1/blocked-leads?limit=5&search={name}"


def fill(tenant, leads):
    for start in range(0, leads, BATCH):
        names = [{"publicIdentifier": f"lead-{start + n}"} for n in range(BATCH)]
        expect.blocked_result(tenant.api.post("/blocked-leads", {"leads": names}), BATCH)


@pytest.fixture(scope="module")
def crowd():
    """A workspace with a long list, and a small one that has a reason to read."""
    with Server("--drain-timeout", "1") as server:
        server.large = server.tenant()
        server.small = server.tenant()
        server.campaign = server.small.campaign()
        fill(server.large, LEADS)
        response = server.small.api.post(f"/campaigns/{server.campaign}/blocked-leads",
                                         {"publicIdentifiers": ["someone"], "reason": "asked"})
        expect.blocked_result(response, 1)
        yield server


def ask(server, tenant, count, target=search(), method="GET", body=None):
    """Sends the same request on connections of their own and waits for no answer."""
    headers = [("x-api-key", tenant.key)]
    if body is not None:
        headers.append(("Content-Type", "application/json"))
    connections = [server.connect(timeout=PATIENCE) for _ in range(count)]
    for connection in connections:
        connection.send(build(method, target, headers, body))
    return connections


def finish(connections):
    responses = [connection.read() for connection in connections]
    for connection in connections:
        connection.close()
    return responses


def await_queue(server, count):
    eventually(lambda: server.metric("reader_queue") >= count, pause=0.01)


def wait_of(server, rounds=5):
    """What the small workspace waits for its details and lists, whichever takes longer. Where others are waited for,
    each request is late; one that is late alone met a pause of the machine."""
    api, paths = server.small.api, (f"/campaigns/{server.campaign}/blocked-leads/someone",
                                    f"/campaigns/{server.campaign}/blocked-leads?take=10")
    times = {path: [] for path in paths}
    for _ in range(rounds):
        for path in paths:
            started = time.monotonic()
            expect.ok(api.get(path))
            times[path].append(time.monotonic() - started)
    return max(map(statistics.median, times.values()))


def test_searches_and_large_bodies_of_one_workspace_keep_no_other_waiting(crowd):
    heavy = {"publicIdentifiers": [f"lead-{n}" for n in range(BATCH)]}
    path = f"/v1/campaigns/{crowd.large.campaign()}/blocked-leads/check"
    waiting = ask(crowd, crowd.large, SEARCHES)
    waiting += ask(crowd, crowd.large, 4, path, "POST", encode_body(heavy))
    await_queue(crowd, SEARCHES)
    wait = wait_of(crowd)
    still = crowd.metric("reader_queue")
    responses = finish(waiting)
    assert still >= SEARCHES / 2, "the searches were too short to show anything"
    assert wait < SOON, wait
    assert crowd.metric("reader_refused_total") == 0
    assert {response.status for response in responses} == {200}
    assert [response.body for response in responses[:SEARCHES]] == [b"[]"] * SEARCHES


def test_three_workspaces_share_two_readers(crowd):
    """Both readers are busy; a third workspace waits for a turn, not for a search."""
    other = crowd.tenant()
    fill(other, LEADS // 4)
    started = time.monotonic()
    finish(ask(crowd, crowd.large, 1))
    alone = time.monotonic() - started
    waiting = ask(crowd, crowd.large, SEARCHES) + ask(crowd, other, SEARCHES)
    await_queue(crowd, 2 * SEARCHES - 2)
    wait = wait_of(crowd)
    still = crowd.metric("reader_queue")
    responses = finish(waiting)
    assert still >= SEARCHES, "the searches were too short to show anything"
    assert wait < min(SOON, alone / 3), (wait, alone)
    assert {response.status for response in responses} == {200}


def test_a_search_finds_what_lies_many_turns_away(crowd):
    newest = [f"lead-{LEADS - 1 - n}" for n in range(LEADS)]
    wanted = [name for name in newest if "-1999" in name]
    api, target, found = crowd.api(crowd.large.key, timeout=PATIENCE), search("-1999").replace("limit=5", "limit=40"), []
    while target:
        response = api.call("GET", target, base="")
        page = [entry["publicIdentifier"] for entry in expect.ok(response)]
        assert response.header("x-total-count") is None
        found += page
        target = expect.next_link(response)
        assert len(page) == 40 or not target
    assert found == wanted


@pytest.mark.parametrize("body, value, leads", [("{{v}}" * 2000, "x" * 2000, 20),
                                                ("x" * 9990 + "{{v}}", "x", 10_000)],
                         ids=["few huge texts", "many long texts"])
def test_a_claim_of_many_or_long_texts_keeps_no_other_waiting(body, value, leads):
    """All within the limits of the contract. The claim is one moment of many: the longest wait counts, and is looked at
    again with a new server, since a pause of the machine is not in each."""
    for _ in range(3):
        worst = longest_wait_beside_a_claim(body, value, leads)
        if worst < 1:
            break
    assert worst < 1, worst


def longest_wait_beside_a_claim(body, value, leads):
    with Server() as server:
        writer = Campaign(server.tenant(), steps=[{**MESSAGE, "genericBody": body}])
        writer.add(*[{"publicIdentifier": f"lead-{n}", "variables": {"v": value}}
                     for n in range(leads)])
        writer.activate()
        api, worst = server.tenant().api, 0
        (claim,) = ask(server, writer.tenant, 1, "/v1" + writer.path + "/activities/claim", "POST",
                       encode_body({"max": leads}))
        until = time.monotonic() + 1
        while (started := time.monotonic()) < until:
            expect.ok(api.post("/blocked-leads", {"leads": [{"publicIdentifier": "someone"}]}))
            worst = max(worst, time.monotonic() - started)
        claim.close()
    return worst


def answer(connection):
    try:
        return connection.read()
    except ConnectionClosed:
        return None


def time_stop(server):
    started = time.monotonic()
    server.terminate()
    assert server.wait_end() == 0
    return time.monotonic() - started


def test_the_server_stops_soon_after_the_drain_timeout(crowd):
    """The last test: it ends the server. What an idle stop takes (to let go of a million entries
    and, in a build that checks addresses, to look for leaks) is not the drain's."""
    idle = time_stop(crowd)
    crowd.start()
    connections = ask(crowd, crowd.large, 32)
    await_queue(crowd, 30)
    responses = []
    threads = [threading.Thread(target=lambda c=connection: responses.append(answer(c)))
               for connection in connections]
    for thread in threads:
        thread.start()
    took = time_stop(crowd)
    for thread in threads:
        thread.join()
    crowd.start()
    assert 1 <= took < idle + 2, (took, idle)
    cut = [response for response in responses if response and response.status != 200]
    for response in cut:
        expect.error(response, 503, "storage_unavailable")
        assert response.message == "The server is stopping."
    assert len(cut) + responses.count(None) > SEARCHES, "there was nothing left to cut off"
