"""Streams of events: how they end, and what they keep while they wait. What they tell: test_events.py."""

from support import expect
from support.abuse import memory_mib
from support.events import Stream
from support.server import Server, run, unique
from support.waiting import eventually


def test_a_stream_over_http_1_0_ends_and_gives_its_place_back(server):
    tenant = server.tenant()
    for _ in range(2):  # all places
        streams = [Stream(server, tenant.key, version="1.0") for _ in range(16)]
        for stream in streams:
            assert stream.head.startswith("HTTP/1.1 200 ")
            stream.connection.half_close()
        for stream in streams:
            while stream.connection.sock.recv(1 << 16):
                pass
            stream.connection.close()


def test_streams_that_wait_keep_nothing_of_what_they_have_sent():
    with Server() as own:
        tenant = own.tenant("agency")
        for _ in range(6):
            expect.ok(tenant.api.post("/blocked-leads", {"leads": [
                {"publicIdentifier": unique("lead")} for _ in range(10000)]}))
        before = memory_mib(own)
        streams = [Stream(own, tenant.key, after="0") for _ in range(16)]
        for stream in streams:
            stream.events(60)
        if "+" not in run("version").out:  # sanitizers need memory of their own
            assert eventually(lambda: memory_mib(own) < before + 12)  # 46 when they kept it
        for stream in streams:
            stream.connection.close()
