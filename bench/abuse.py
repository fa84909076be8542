#!/usr/bin/env python3
"""Measures what strangers and a hostile tenant can take from others: the table of docs/limits.md.

    bench/abuse.py [--binary FILE] [--seconds N] [NAME...]

Prints for each abuse what another tenant sees meanwhile (milliseconds of a check, or of blocking one person), how much
of a processor the writer, the I/O thread and the readers have then, and the server's memory before, at its peak, and 5
seconds after. `--binary` measures another build, such as one from before a
change. Figures of a busy machine are noisy: compare two builds on the same machine, one after the other."""

import argparse
import itertools
import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support import abuse  # noqa: E402
from support.client import build  # noqa: E402
from support.server import Server  # noqa: E402

SETTLE = 5  # seconds, after which memory is looked at again


class Trial:
    def __init__(self, server, seconds):
        self.server = server
        self.seconds = seconds
        self.hostile = server.tenant("agency")
        self.other = server.tenant("agency")
        self.port = server.port
        self.key = ("x-api-key", self.hostile.key)

    def request(self, method, target, body, key=True):
        return build(method, target, [abuse.JSON, *([self.key] if key else [])], body)

    def again(self, connections, requests, watch=abuse.due_block_times):
        """Each connection sends one of these after another, in turn."""
        turn = itertools.cycle(requests)
        return (abuse.repeat, self.port, connections, lambda: next(turn)), watch

    # --- abuses: attack and its arguments, and what is measured meanwhile ---

    def idle(self):
        return None, abuse.check_times

    def strangers_hold(self):
        """1,500 strangers send 15 KB of JSON each but for the last byte."""
        body = abuse.exploding(15_000)
        return (abuse.hold_bodies, self.port, 1500, self.request("POST", "/v1/session", body, False)), \
            abuse.check_times

    def strangers_send(self):
        """The same, whole."""
        body = abuse.exploding(15_000)
        return (abuse.flood_bodies, self.port, 1500, self.request("POST", "/v1/session", body, False)), \
            abuse.check_times

    def strangers_small(self):
        """1,500 strangers send 7.5 KB each, one after another."""
        request = self.request("POST", "/v1/session", abuse.exploding(7_500), False)
        return (abuse.flood_bodies, self.port, 1500, request), abuse.check_times

    def keyed_send(self):
        """40 requests of 0.86 MB with a key, again and again."""
        request = self.request("POST", "/v1/blocked-leads/check", abuse.exploding(860_000))
        return (abuse.repeat, self.port, 40, lambda: request), abuse.check_times

    def keyed_hold(self):
        """400 requests of 0.86 MB with a key, but for the last byte."""
        request = self.request("POST", "/v1/blocked-leads/check", abuse.exploding(860_000))
        return (abuse.hold_bodies, self.port, 400, request), abuse.check_times

    def keyed_parse(self):
        """4 connections send 4 MB to a route with small bodies, again and again."""
        request = self.request("POST", "/v1/campaigns", abuse.exploding(4_000_000, b'{"a":[]},'))
        return (abuse.repeat, self.port, 4, lambda: request), abuse.check_times

    def keyed_small(self):
        """4 connections send 60 KB to a route with small bodies, again and again."""
        request = self.request("POST", "/v1/campaigns", abuse.exploding(60_000, b'{"a":[]},'))
        return (abuse.repeat, self.port, 4, lambda: request), abuse.check_times

    def keyed_check(self):
        """4 connections check 32 KB of percent-encoded names, again and again."""
        leads = b'"' + b'","'.join([b"%C3%89%CC%81a"] * 2000) + b'"'
        body = b'{"publicIdentifiers":[' + leads + b"]}"
        request = self.request("POST", "/v1/blocked-leads/check", body)
        return (abuse.repeat, self.port, 4, lambda: request), abuse.check_times

    def keyed_check_large(self):
        """4 connections check 10,000 names, again and again."""
        leads = b'"' + b'","'.join([b"%C3%89%CC%81" + b"a" * 80] * 10000) + b'"'
        request = self.request("POST", "/v1/blocked-leads/check", b'{"publicIdentifiers":[' + leads + b"]}")
        return (abuse.repeat, self.port, 4, lambda: request), abuse.check_times

    def big_blocks(self):
        """16 connections block 10,000 people at a time, while another tenant blocks one at a time."""
        requests = [self.request("POST", "/v1/blocked-leads", abuse.names(10000)) for _ in range(100)]
        turn = iter(range(1 << 30))
        return (abuse.repeat, self.port, 16, lambda: requests[next(turn) % 100]), abuse.block_times

    def same_blocks(self):
        """16 connections block the same 10,000 people again and again."""
        request = self.request("POST", "/v1/blocked-leads", abuse.names(10000))
        return (abuse.repeat, self.port, 16, lambda: request), abuse.block_times

    def small_blocks(self):
        """400 connections block 40 people at a time, while another tenant blocks one at a time."""
        requests = [self.request("POST", "/v1/blocked-leads", abuse.names(40)) for _ in range(500)]
        turn = iter(range(1 << 30))
        return (abuse.repeat, self.port, 400, lambda: requests[next(turn) % 500]), abuse.block_times

    def single_blocks(self):
        """1,000 connections block one at a time, as the other tenant does."""
        requests = [self.request("POST", "/v1/blocked-leads", abuse.names(1)) for _ in range(20000)]
        turn = iter(range(1 << 30))
        return (abuse.repeat, self.port, 1000, lambda: requests[next(turn) % 20000]), abuse.block_times

    def link_conflicts(self):
        """64 connections link 60 names at a time with people who have as many as they may; the other blocks one."""
        requests = [self.request("POST", "/v1/people/link", abuse.links(60, 250)) for _ in range(500)]
        for _ in range(3):
            assert self.hostile.api.post("/people/link", abuse.links(2000, 250)).status == 200
        turn = iter(range(1 << 30))
        return (abuse.repeat, self.port, 64, lambda: requests[next(turn) % 500]), abuse.block_times

    def company_blocks(self):
        """64 connections block and unblock three companies of 8,000 leads each; the other blocks one person."""
        for _ in range(2):
            campaign = self.hostile.campaign()
            for _ in range(12):
                leads = [{"publicIdentifier": f"c-{os.urandom(6).hex()}", "companyName": f"Firm {n % 3}"}
                         for n in range(1000)]
                assert self.hostile.api.post(f"/campaigns/{campaign}/leads", {"leads": leads}).status == 200
        requests = [self.request(method, "/v1/blocklist", {"entries": [{"company": f"Firm {n}"}]})
                    for n in range(3) for method in ("POST", "DELETE")]
        turn = iter(range(1 << 30))
        return (abuse.repeat, self.port, 64, lambda: requests[next(turn) % 6]), abuse.block_times

    def full_links(self):
        """4 connections link 10,000 new names at a time; the other blocks one."""
        bodies = (abuse.links(10000, 10000, os.urandom(6).hex()) for _ in range(50))
        return self.again(4, [self.request("POST", "/v1/people/link", body) for body in bodies])

    def full_conflicts(self):
        """4 connections link 10,000 names at a time with people who have as many as they may."""
        requests = [self.request("POST", "/v1/people/link", abuse.links(10000, 250)) for _ in range(20)]
        for _ in range(3):
            assert self.hostile.api.post("/people/link", abuse.links(2000, 250)).status == 200
        return self.again(4, requests)

    def _large_campaign(self):
        """450 KB of texts, and a step with as many variants as it may have: its paths."""
        steps = [{"type": "message", "genericBody": "x" * 9000} for _ in range(50)]
        campaign = self.hostile.campaign(steps=steps)
        step = self.hostile.api.get(f"/campaigns/{campaign}/sequence").json()["steps"][0]["id"]
        for _ in range(10):
            answer = self.hostile.api.post(f"/campaigns/{campaign}/steps/{step}/variants", {"body": "v" * 8000})
            assert answer.status == 201, answer
        variant = answer.json()["variants"][0]["id"]
        return f"/campaigns/{campaign}", step, variant

    def campaigns_made(self):
        """4 connections make campaigns of 450 KB of texts; the other blocks one, as in all that follow."""
        steps = [{"type": "message", "genericBody": "x" * 9000} for _ in range(50)]
        return self.again(4, [self.request("POST", "/v1/campaigns", {"name": "Large", "steps": steps})])

    def campaigns_changed(self):
        """4 connections set a setting of a campaign of 450 KB."""
        campaign, _, _ = self._large_campaign()
        requests = [self.request("PATCH", f"/v1{campaign}", {"settings": {"blockOnReply": on}}) for on in (True, False)]
        return self.again(4, requests)

    def steps_changed(self):
        """4 connections change the delay of a step of it."""
        campaign, step, _ = self._large_campaign()
        requests = [self.request("PUT", f"/v1{campaign}/steps/{step}", {"delayHours": n}) for n in (1, 2)]
        return self.again(4, requests)

    def variants_changed(self):
        """4 connections change a variant of it."""
        campaign, step, variant = self._large_campaign()
        requests = [self.request("PUT", f"/v1{campaign}/steps/{step}/variants/{variant}", {"icpDefinitionRaw": text})
                    for text in ("one", "two")]
        return self.again(4, requests)

    def turns(self):
        """2 connections activate and pause a campaign of 450 KB with 20,000 leads."""
        campaign, _, _ = self._large_campaign()
        for _ in range(20):
            leads = [{"publicIdentifier": f"t-{os.urandom(8).hex()}"} for _ in range(1000)]
            assert self.hostile.api.post(f"{campaign}/leads", {"leads": leads}).status == 200
        requests = [self.request("PUT", f"/v1{campaign}/{verb}", None) for verb in ("activate", "pause")]
        return self.again(2, requests)

    def erasures(self):
        """One connection erases people, one after the other."""
        for _ in range(2):
            assert self.hostile.api.post("/blocked-leads", abuse.names(10000)).status == 200
        requests = [self.request("POST", "/v1/erasures", {"publicIdentifier": f"erased-{n}-{os.urandom(4).hex()}"})
                    for n in range(2000)]
        return self.again(1, requests)

    def quotes(self):
        """A file of 8 MB of quotation marks is imported again and again."""
        request = build("POST", "/v1/blocked-leads/import", [self.key, ("Content-Type", "text/csv")],
                        b"name\n" + b'"a""b","' * 1_000_000)
        return self.again(1, [request])

    def ends_asked_again(self):
        """2 connections ask again for 50 people at a time who were asked for as often as counts, while 100,000 blocks
        of the workspace end some day."""
        for _ in range(10):
            entries = [{"publicIdentifier": f"end-{os.urandom(6).hex()}", "expiresAt": "2090-01-01T00:00:00Z"}
                       for _ in range(10_000)]
            assert self.hostile.api.post("/blocklist", {"entries": entries}).status == 200
        people = [f"again-{n}" for n in range(50)]

        def again(reason):
            return {"leads": [{"publicIdentifier": person, "reason": reason} for person in people]}
        for n in range(16):
            assert self.hostile.api.post("/blocked-leads", again(f"reason {n}")).status == 200
        return self.again(2, [self.request("POST", "/v1/blocked-leads", again(f"why {n}")) for n in range(2000)])

    def many_campaigns(self):
        """One connection blocks and unblocks a person who is in 1,000 campaigns."""
        for _ in range(1000):
            campaign = self.hostile.campaign()
            answer = self.hostile.api.post(f"/campaigns/{campaign}/leads", {"leads": [{"publicIdentifier": "everywhere"}]})
            assert answer.status == 200
        person = {"entries": [{"publicIdentifier": "everywhere"}]}
        return self.again(1, [self.request(method, "/v1/blocklist", person) for method in ("POST", "DELETE")])

    def _claimable(self, count, body, **lead):
        campaign = self.hostile.campaign(steps=[{"type": "message", "genericBody": body}])
        for begin in range(0, count, 5000):
            leads = [{"publicIdentifier": f"claim-{begin + n}", **lead} for n in range(min(5000, count - begin))]
            assert self.hostile.api.post(f"/campaigns/{campaign}/leads", {"leads": leads}).status == 200
        assert self.hostile.api.put(f"/campaigns/{campaign}/activate", None).status == 200
        return campaign

    def _claim(self, campaign, **wanted):
        return self.request("POST", f"/v1/campaigns/{campaign}/activities/claim",
                            json.dumps({"leaseSeconds": 1, **wanted}).encode())

    def claims_long(self):
        """4 connections claim 100 messages of 10 KB each, which JSON has to escape, again and again."""
        claim = self._claim(self._claimable(10_000, "\x01" * 10_000), max=100)
        return (abuse.repeat, self.port, 4, lambda: claim), abuse.check_times

    def claims_many(self):
        """2 connections claim 10,000 activities at a time."""
        return self.again(2, [self._claim(self._claimable(40_000, "Hello"), max=10_000)])

    def claims_in_vain(self):
        """One connection claims 16 activities at a time, of 50,000 that cannot be filled in."""
        return self.again(1, [self._claim(self._claimable(50_000, "Hello {{missing}}"), max=16)])

    def claims_of_nothing(self):
        """One connection claims in a campaign of 450 KB of texts with 50 steps, where nothing is due."""
        path, _, _ = self._large_campaign()
        assert self.hostile.api.post(f"{path}/leads", {"leads": [{"publicIdentifier": "only"}]}).status == 200
        assert self.hostile.api.put(f"{path}/activate", None).status == 200
        assert self.hostile.api.post(f"{path}/activities/claim", {"leaseSeconds": 3600}).status == 200
        return self.again(1, [self._claim(path.rpartition("/")[2], max=10)])

    def claims_among_deleted_steps(self):
        """The same with 200 more steps that were deleted."""
        attack, watch = self.claims_of_nothing()
        path = attack[3]().split(b" ")[1].decode().rpartition("/activities")[0].removeprefix("/v1")
        first = self.hostile.api.get(f"{path}/sequence").json()["steps"][-1]["id"]
        assert self.hostile.api.delete(f"{path}/steps/{first}").status == 200
        for _ in range(198):
            step = self.hostile.api.post(f"{path}/steps", {"type": "visit_profile"}).json()["id"]
            assert self.hostile.api.delete(f"{path}/steps/{step}").status == 200
        return attack, watch

    def invalid_names(self):
        """4 connections block 10,000 names that are none, which the answer repeats."""
        leads = [{"publicIdentifier": "\x01" * 50} for _ in range(9999)] + [{"publicIdentifier": "somebody"}]
        request = build("POST", "/v1/blocked-leads", [abuse.JSON, self.key, ("Prefer", "handling=lenient")],
                        {"leads": leads})
        return (abuse.repeat, self.port, 4, lambda: request), abuse.check_times

    def searches(self):
        """32 connections search 100,000 entries for what is in none."""
        for _ in range(10):
            assert self.hostile.api.post("/blocked-leads", abuse.names(10000)).status == 200
        request = self.request("GET", "/v1/blocked-leads?search=none-has-this", None)
        return (abuse.repeat, self.port, 32, lambda: request), abuse.block_times

    def unread_answers(self):
        """400 connections ask for lists of 1,000 with long reasons and read nothing."""
        leads = [{"publicIdentifier": f"r-{n}", "reason": "é" * 480} for n in range(1000)]
        assert self.hostile.api.post("/blocked-leads", {"leads": leads}).status == 200
        request = self.request("GET", "/v1/blocked-leads?take=1000", None)
        return (abuse.flood_bodies, self.port, 400, request), abuse.check_times

    def connections(self):
        """One address opens 12,000 connections."""
        return (abuse.open_many, self.port, 12000), None


    def strangers_documents(self):
        """2,000 connections of strangers ask 20 times for the description of the API and read nothing."""
        request = self.request("GET", "/v1/openapi.json", None, False) * 20
        return (abuse.flood_bodies, self.port, 2000, request), abuse.check_times

    def strangers_hold_all(self):
        """Four addresses hold all connections; another one connects."""
        return (abuse.open_from_many, self.port, 2500, 4), None

NAMES = [name for name, value in vars(Trial).items() if not name.startswith("_") and name not in ("request", "again")]


def new_connection(server, tenant):
    """Can another address connect and check?"""
    import socket
    try:
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=5, source_address=("127.0.0.9", 0))
        connection.sendall(build("GET", "/v1/blocked-leads/someone", [("x-api-key", tenant.key)]))
        return connection.recv(100)[:15].decode()
    except OSError as failure:
        return str(failure)


def first_answer(server, attack):
    """What the first request of an attack that goes on is answered."""
    if not attack or attack[0] is not abuse.repeat:
        return None
    with server.connect(timeout=60) as connection:
        connection.send(attack[3]())
        return connection.read("POST").status


def thread_times(server):
    return {name: abuse.thread_ms(server, name) for name in ("lb-writer", "lb-http-0", "lb-reader")}


def measure(name, seconds, options):
    with Server(*options, env={"LEADBLOCK_THREADS": "1", "LEADBLOCK_LOG_LEVEL": "warn"}) as server:
        trial = Trial(server, seconds)
        attack, watch = getattr(trial, name)()
        idle = abuse.describe(watch(trial.other, seconds)) if watch else {}
        answer = first_answer(server, attack)
        before = abuse.memory_mib(server)
        abuse.forget_peak(server)
        seen = {}
        if attack:
            with abuse.under(*attack):
                time.sleep(0.5)
                busy, began = thread_times(server), time.monotonic()
                seen = abuse.describe(watch(trial.other, seconds)) if watch else \
                    {"other": new_connection(server, trial.other)}
                passed = (time.monotonic() - began) * 1000
                seen |= {thread.removeprefix("lb-"): f"{(now - then) / passed:.0%}"
                         for (thread, now), then in zip(thread_times(server).items(), busy.values())}
        else:
            seen = abuse.describe(watch(trial.other, seconds))
        peak = abuse.memory_mib(server, "VmHWM")
        time.sleep(SETTLE)
        after = abuse.memory_mib(server)
    figures = " ".join(f"{key} {value:.2f}" if isinstance(value, float) else f"{key} {value}"
                       for key, value in seen.items())
    before_it = " ".join(["idle", *(f"{key} {idle.get(key, 0):.2f}" for key in ("p50", "p95", "p99"))])
    memory = f"memory {before:.0f} peak {peak:.0f} after {after:.0f} MiB"
    print(f"{name:20} {before_it:28} answer {answer} {figures:50} {memory}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--setting", action="append", default=[])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    options = parser.parse_args()
    if options.binary:
        os.environ["LEADBLOCK_BIN"] = options.binary
    for name in options.names or NAMES:
        measure(name, options.seconds, options.setting)


if __name__ == "__main__":
    main()
