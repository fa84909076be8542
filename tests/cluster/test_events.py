"""The feed of events on several nodes: what one has committed, followers at all of them read, in one order."""

import itertools
import threading
import time

from support import expect
from support.campaigns import MESSAGE, Campaign, block_everywhere
from support.events import Follower, Load, judge
from support.nodes import Nodes
from support.server import unique

SOON = 4.0  # seconds until a follower at another node has read an event


def head(api):
    return expect.ok(api.get("/events?after=now"))["cursor"]


def test_who_waits_at_another_node_is_woken(tenants):
    for writer, reader in itertools.permutations(tenants, 2):
        name, got = unique(), {}
        after = head(reader.api)
        thread = threading.Thread(target=lambda: got.update(
            expect.ok(reader.api.get(f"/events?after={after}&wait=20"))))
        thread.start()
        time.sleep(0.1)
        block_everywhere(writer.api, name)
        begun = time.monotonic()
        thread.join(25)
        assert [event["data"]["publicIdentifier"] for event in got["events"]] == [name]
        assert time.monotonic() - begun < SOON


def test_a_reply_that_another_node_took_is_told(tenants):
    here, there, third = tenants
    campaign = Campaign(here, unique(), steps=(MESSAGE,)).seen_from(there)
    after, got = head(third.api), {}
    thread = threading.Thread(target=lambda: got.update(
        expect.ok(third.api.get(f"/events?after={after}&wait=20&types=message_received"))))
    thread.start()
    campaign.complete(campaign.claim_one(), "replied")
    begun = time.monotonic()
    thread.join(25)
    assert [event["campaignId"] for event in got["events"]] == [campaign.id]
    assert time.monotonic() - begun < SOON


def test_a_cursor_of_one_node_holds_at_all(tenants):
    for writer, reader in itertools.islice(itertools.cycle(itertools.permutations(tenants, 2)), 30):
        name = unique()
        after = head(writer.api)
        block_everywhere(writer.api, name)
        body = expect.ok(reader.api.get(f"/events?after={after}"))
        assert [event["data"]["publicIdentifier"] for event in body["events"]] == [name]
        assert head(writer.api) == head(reader.api) == body["cursor"]


def test_followers_at_all_nodes_read_one_order_while_nodes_are_killed():
    with Nodes(3) as nodes:
        tenant = nodes[0].tenant()
        turn = itertools.count()

        def api_of():
            return nodes[next(turn) % 3].api(tenant.key)

        load = Load(api_of, tenant, threads=4)
        followers = [Follower(lambda node=node: nodes[node].api(tenant.key), take=take).start()
                     for node, take in enumerate((1000, 5, 50))]
        followers.append(Follower(api_of, wait=1).start())
        load.start()
        for node in 1, 2, 1:
            time.sleep(0.8)
            nodes[node].listen = f"127.0.0.1:{nodes[node].port}"
            nodes[node].kill()
            nodes[node].start()
        time.sleep(0.5)
        load.end()
        for follower in followers:
            follower.end()
        judge(nodes[0], tenant, load, followers)
