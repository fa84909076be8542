"""People of several names against a plain model: links, blocks, unblocks and undos at random."""

import random

import pytest

from support import expect
from support.campaigns import Campaign, names
from support.people_model import People, is_member
from support.server import Server

MEMBERS = [f"AC{form}AA{number:035d}" for number in range(4) for form in "ow"]
NAMES = [f"name-{number}" for number in range(10)]
ALL = MEMBERS + NAMES
STEPS = 120


class Trial:
    """A workspace with two campaigns, and what it must say."""

    def __init__(self, tenant, seed):
        self.random = random.Random(seed)
        self.api = tenant.api
        self.people = People()
        self.campaigns = [Campaign(tenant), Campaign(tenant)]
        self.lists = {None: set(), **{campaign.id: set() for campaign in self.campaigns}}
        self.undoable = []  # (change, what it did)
        self.number = 0

    def connect(self, api):
        self.api = api
        for campaign in self.campaigns:
            campaign.api = api

    def path(self, scope):
        return f"/campaigns/{scope}/blocked-leads" if scope else "/blocked-leads"

    def any_list(self):
        return self.random.choice([None, *(campaign.id for campaign in self.campaigns)])

    def link(self):
        member, name = self.random.choice(MEMBERS), self.random.choice(NAMES)
        self.number += 1
        wanted = self.people.link(self.number, member, name)
        answer = self.api.post("/people/link", {"links": [
            {"memberId": member, "publicIdentifier": name}]})
        body = expect.ok(answer)
        assert (body["linked"], body["known"], body["conflicts"]) == tuple(
            int(wanted == word) for word in ("linked", "known", "conflict")), (member, name)
        if wanted == "linked":
            self.undoable.append((answer.header("x-change-id"), "link", self.number))

    def block(self):
        scope, name = self.any_list(), self.random.choice(ALL)
        body = ({"publicIdentifiers": [name]} if scope
                else {"leads": [{"publicIdentifier": name}]})
        answer = self.api.post(self.path(scope), body)
        if name in self.lists[scope]:
            expect.ok(answer)
            return
        self.lists[scope].add(name)
        covered = {other for other in ALL if name in self.people.asked(other)} - {name}
        said = {other for person in expect.ok(answer).get("covers", ())
                for other in person["names"]}
        assert said == covered, (name, said, covered)

    def unblock(self):
        scope = self.any_list()
        if not self.lists[scope]:
            return
        name = self.random.choice(sorted(self.lists[scope]))
        path = f"/campaigns/{scope}/blocklist" if scope else "/blocklist"
        self.lists[scope].discard(name)
        kind = "memberId" if is_member(name) else "publicIdentifier"
        body = expect.ok(self.api.delete(path, {"entries": [{kind: name}]}))
        lists = self.lists[None] | self.lists[scope]
        still = self.people.asked(name) & lists - {name}
        said = {other for person in body.get("stillBlocked", ()) for other in person["names"]}
        assert said == still, (name, said, still)

    def undo(self):
        if not self.undoable:
            return
        change, _, number = self.undoable.pop(self.random.randrange(len(self.undoable)))
        ended = self.people.end(number)
        body = expect.ok(self.api.post(f"/changes/{change}/undo"))
        assert body.get("unlinked", 0) == int(ended), body

    def add(self):
        self.random.choice(self.campaigns).post_leads(self.random.choice(ALL))

    def step(self):
        self.random.choice([self.link] * 4 + [self.block] * 3 + [self.unblock] * 2
                           + [self.undo] * 2 + [self.add] * 3)()

    def blocked(self, name, scope):
        lists = self.lists[None] | self.lists[scope]
        return bool(self.people.asked(name) & lists)

    def compare(self):
        for scope in self.lists:
            said = expect.ok(self.api.post(f"{self.path(scope)}/check",
                                           {"publicIdentifiers": ALL}))
            wanted = [name for name in ALL if self.blocked(name, scope)]
            assert said["blocked"] == wanted, scope
        for campaign in self.campaigns:
            for lead in campaign.leads():
                name = lead["publicIdentifier"]
                assert lead["blocked"] == self.blocked(name, campaign.id), name
            analytics = campaign.details()["analytics"]["leads"]
            assert analytics["blocked"] == sum(lead["blocked"] for lead in campaign.leads())

    def claim(self):
        """Of leads that are one person, one is handed out at most; nobody who is blocked is."""
        for campaign in self.campaigns:
            leads = {lead["publicIdentifier"]: lead["blocked"] for lead in campaign.leads()}
            campaign.activate()
            out = names(campaign.claim())
            assert not [name for name in out if leads[name]]
            for name in (name for name, blocked in leads.items() if not blocked):
                same = {other for other in self.people.asked(name)
                        if name in self.people.asked(other)}
                assert same & set(out), (name, out)


@pytest.mark.parametrize("seed", range(6))
def test_random_links_and_blocks_agree_with_the_model(seed):
    with Server() as server:
        tenant = server.tenant()
        trial = Trial(tenant, seed)
        for step in range(STEPS):
            trial.step()
            if step % 8 == 0:
                trial.compare()
        server.kill()
        server.start()
        trial.connect(server.api(tenant.key))
        trial.compare()
        trial.claim()
