"""People of several names against a plain model: links, leads that teach some, blocks, unblocks and undos at random."""

import random

import pytest

from support import expect
from support.campaigns import Campaign
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
        self.undoable = []  # (change, the numbers of its links and conflicts)
        self.undone = []  # (change, the links that it took back)
        self.number = 0

    def connect(self, api):
        self.api = api
        for campaign in self.campaigns:
            campaign.api = api

    def path(self, scope):
        return f"/campaigns/{scope}/blocked-leads" if scope else "/blocked-leads"

    def any_list(self):
        return self.random.choice([None, *(campaign.id for campaign in self.campaigns)])

    def pairs(self, count):
        return [(self.random.choice(MEMBERS), self.random.choice(NAMES)) for _ in range(count)]

    def expect_links(self, pairs):
        """What becomes of pairs that are linked one after the other, and the numbers of what that leaves."""
        said, numbers = [], []
        for pair in pairs:
            self.number += 1
            said.append(self.people.link(self.number, *pair))
            if self.number in self.people.links or self.number in self.people.conflicts:
                numbers.append(self.number)
        return said, numbers

    def remember(self, answer, numbers):
        if numbers:
            self.undoable.append((answer.header("x-change-id"), numbers))

    def link(self):
        pairs = self.pairs(self.random.choice([1, 1, 1, 4]))
        said, numbers = self.expect_links(pairs)
        answer = self.api.post("/people/link", {"links": [
            {"memberId": member, "publicIdentifier": name} for member, name in pairs]})
        body = expect.ok(answer)
        assert (body["linked"], body["known"], body["conflicts"]) == tuple(
            said.count(word) for word in ("linked", "known", "conflict")), pairs
        self.remember(answer, numbers)

    def teach(self):
        """A lead of two names."""
        (pair,) = self.pairs(1)
        _, numbers = self.expect_links([pair])
        answer = self.random.choice(self.campaigns).post_leads(
            {"publicIdentifier": pair[1], "memberId": pair[0]})
        expect.ok(answer)
        self.remember(answer, numbers)

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
        """Also a person who is on no list by this name."""
        scope, name = self.any_list(), self.random.choice(ALL)
        if self.lists[scope] and self.random.random() < 0.7:
            name = self.random.choice(sorted(self.lists[scope]))
        path = f"/campaigns/{scope}/blocklist" if scope else "/blocklist"
        kind = "memberId" if is_member(name) else "publicIdentifier"
        body = expect.ok(self.api.delete(path, {"entries": [{kind: name}]}))
        assert body["unblocked"] == int(name in self.lists[scope]), name
        self.lists[scope].discard(name)
        lists = self.lists[None] | self.lists[scope]
        still = self.people.asked(name) & lists - {name}
        said = {other for person in body.get("stillBlocked", ()) for other in person["names"]}
        assert said == still, (name, said, still)

    def undo(self):
        if not self.undoable:
            return
        change, numbers = self.undoable.pop(self.random.randrange(len(self.undoable)))
        pairs = [self.people.links.get(number) for number in numbers]
        ended = [pair for pair, number in zip(pairs, numbers) if self.people.end(number)]
        answer = self.api.post(f"/changes/{change}/undo")
        body = expect.ok(answer)
        assert body.get("unlinked", 0) == len(ended), body
        if ended:
            self.undone.append((answer.header("x-change-id"), ended))

    def redo(self):
        """Makes links again that were taken back, as far as they can be."""
        if not self.undone:
            return
        change, pairs = self.undone.pop(self.random.randrange(len(self.undone)))
        numbers = []
        for pair in pairs:
            if not self.people.would_conflict(pair):
                numbers += self.expect_links([pair])[1]
        answer = self.api.post(f"/changes/{change}/undo")
        body = expect.ok(answer)
        assert body.get("linked", 0) == len(numbers), body
        self.remember(answer, numbers)

    def add(self):
        self.random.choice(self.campaigns).post_leads(self.random.choice(ALL))

    def step(self):
        self.random.choice([self.link] * 4 + [self.teach] * 2 + [self.block] * 3 + [self.unblock] * 2
                           + [self.undo] * 2 + [self.redo] + [self.add] * 3)()

    def blocked(self, scope, *names):
        lists = self.lists[None] | self.lists[scope]
        return any(self.people.asked(name) & lists for name in names)

    def compare_leads(self, campaign):
        leads = campaign.leads()
        for lead in leads:
            assert lead["blocked"] == self.blocked(campaign.id, *names_of(lead)), lead
        analytics = campaign.details()["analytics"]["leads"]
        assert analytics["blocked"] == sum(lead["blocked"] for lead in leads)
        if leads:
            lead = self.random.choice(leads)
            explained = expect.ok(self.api.get(f"{campaign.path}/leads/{lead['id']}/explain"))
            assert explained["blocked"] == lead["blocked"], lead

    def compare(self):
        for scope in self.lists:
            said = expect.ok(self.api.post(f"{self.path(scope)}/check",
                                           {"publicIdentifiers": ALL}))
            assert said["blocked"] == [name for name in ALL if self.blocked(scope, name)], scope
            pairs = self.pairs(5)
            leads = [{"memberId": member, "publicIdentifier": name} for member, name in pairs]
            body = {"leads": leads, **({"campaignId": scope} if scope else {})}
            said = [lead["blocked"] for lead in expect.ok(self.api.post("/check", body))]
            assert said == [self.blocked(scope, *pair) for pair in pairs], (scope, pairs)
        for campaign in self.campaigns:
            self.compare_leads(campaign)
        listed = [(conflict["memberId"], conflict["publicIdentifier"])
                  for conflict in expect.ok(self.api.get("/people/conflicts"))]
        assert listed == self.people.listed()

    def claim(self):
        """Of leads that are one person, one is handed out, and nobody who is blocked; a blocked lead that has the
        names of two people stands for both."""
        for campaign in self.campaigns:
            leads = campaign.leads()
            campaign.activate()
            out = {activity["leadId"] for activity in campaign.claim()}
            assert not [lead for lead in leads if lead["blocked"] and lead["id"] in out]
            for lead in leads:
                same = {other for name in names_of(lead) for other in self.people.asked(name)
                        if name in self.people.asked(other)}
                alike = [other for other in leads if same & set(names_of(other))]
                handed = [other for other in alike if other["id"] in out]
                stands = [other for other in alike if other["blocked"] and len(names_of(other)) == 2]
                assert lead["blocked"] or handed or stands, lead
                assert lead not in handed or handed == [lead], handed


def names_of(lead):
    return [name for name in (lead["publicIdentifier"], lead["memberId"]) if name]


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
