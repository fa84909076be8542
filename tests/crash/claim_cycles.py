#!/usr/bin/env python3
"""Kills the server at random moments while clients claim and complete activities, and compares what
is there afterwards with what was acknowledged.

Each cycle: start on the same folder, let several clients add leads, claim, report, block and
unblock for a moment, SIGKILL, look at the file, start again, compare:

- every acknowledged report is there, with what it made of the lead, and every acknowledged claim
  with its lease; a request that was not answered happened whole or not at all;
- what was reported done, replied or failed is never handed out again, what was claimed not before
  its lease has run out, and a lead's steps are handed out in order;
- nobody is handed out who was blocked, and knew it, before the claim was sent; restarts between
  them change nothing;
- the SQLite file agrees with itself: counters, the cache of who is blocked, names, leads and their
  activities.

After the last cycle of a folder everything is claimed and reported: every lead that is not blocked
goes through all its steps, and the campaigns are completed.

usage: claim_cycles.py [--cycles 100] [--seed N] [--sabotage lose|double|revive]

--sabotage damages the file between kill and start, to show that this program notices: `lose`
deletes an activity whose report was acknowledged, `double` makes one that was done look as if its
lease had run out, `revive` takes the blocks of a lead away. The file, the comparison and the claims
that follow are looked at one after the other, and all that notice are named.
"""

import random
import sys
import time
from collections import Counter

import claim_file
import cycles
from claim_model import BACKOFF_MS, MAX_ATTEMPTS, STEPS, WORKSPACE, Ledger, Person
from claim_requests import Activate, Add, Change, Claim, Complete, Learn
from claim_there import There, compare, settle
from cycles import Failure
from support.client import ConnectionClosed

WORKERS = 4  # their leases are as many seconds long as their number, from 1
CAMPAIGNS = 2
SERVE_LIMIT = 30.0  # seconds until a claim gets something again; leases and retries take a few


class Worker:
    """One client. It alone adds and blocks its own people; it claims and reports anybody's."""

    def __init__(self, number, ledger, aim, seed):
        self.number = number
        self.ledger = ledger
        self.aim = aim
        self.random = random.Random(seed)
        self.people = []
        self.hand = []  # Handouts to report
        self.aside = []  # those that it lets run out, and may report late
        self.reported = []
        self.ids = {}  # of names on the workspace's list
        self.last_change = None
        self.planned = []
        self.flight = None
        self.count = 0
        self.requests = 0
        self.cut_off = Counter()
        self.failure = None

    def run(self, api, stop):
        try:
            while not stop.is_set():
                with self.ledger.lock:
                    request = self.choose()
                if request:
                    self.perform(api, request)
        except (ConnectionClosed, OSError):
            pass  # the server is gone; what was under way stays in self.flight
        except Exception as error:  # noqa: BLE001: reported by the main thread
            self.failure = error
        finally:
            api.close()

    def perform(self, api, request):
        with self.ledger.lock:
            request.prepare()
            self.flight = request
        response = self.aim.call(api, *request.call())
        with self.ledger.lock:
            if response.status in (429, 503):
                if response.code == "outcome_unknown":
                    raise ConnectionClosed("outcome unknown")
                request.refused()
                self.planned.insert(0, request)
            else:
                request.answered(response)
                self.requests += 1
                self.digest(request)
            request.over()
            self.flight = None

    # --- What next? ---

    def choose(self):
        if self.planned:
            return self.planned.pop(0)
        what, weights = zip(*(
            (self.complete, 50), (self.claim, 12), (self.block, 9), (self.unblock, 9),
            (self.undo, 3), (self.learn, 3), (self.again, 5), (self.late_reply, 2),
            (self.come_back, 5)))
        return self.random.choices(what, weights)[0]()

    def campaign(self):
        return self.random.choice(list(self.ledger.campaigns))

    def claim(self):
        most = self.random.choice([1, 2, 3, 5, 10])
        return Claim(self.ledger, self.campaign(), most, self.number + 1)

    def detail(self):
        self.count += 1
        return f"{self.number}/{self.count}"

    def complete(self):
        if not self.hand:
            return self.claim()
        handout = self.hand.pop(self.random.randrange(len(self.hand)))
        if self.random.random() < 0.1:
            self.aside.append(handout)
            return None
        result = self.random.choices(["done", "replied", "failed", "retry"], [70, 10, 6, 14])[0]
        return Complete(self.ledger, handout, result, self.detail())

    def come_back(self):
        """Somebody else may have the activity by now."""
        over = [handout for handout in self.aside if handout.until_ms < time.time() * 1000]
        if not over:
            return None
        self.aside.remove(over[0])
        return Complete(self.ledger, over[0], "done", self.detail())

    def again(self):
        if not self.reported:
            return None
        handout = self.random.choice(self.reported[-40:])
        return Complete(self.ledger, handout, *handout.report, again=True)

    def late_reply(self):
        possible = [handout for handout in self.reported[-40:]
                    if handout.report[0] in ("done", "failed")]
        if not possible:
            return None
        return Complete(self.ledger, self.random.choice(possible), "replied", self.detail())

    def add(self, campaign):
        """A dozen at most: new people, and some who are in the other campaign already."""
        known = [person for person in self.people[-100:]
                 if (campaign, person.identifier) not in self.ledger.leads]
        people = self.random.sample(known, min(len(known), self.random.randrange(5)))
        for _ in range(self.random.randrange(3, 9)):
            people.append(Person(self.number, len(self.people)))
            self.people.append(people[-1])
        with_member_ids = [person for person in people if self.random.random() < 0.4]
        return Add(self.ledger, campaign, people, with_member_ids)

    def learn(self):
        leads = [lead for lead in self.ledger.leads_of(WORKSPACE, self.people[-60:])
                 if lead.added and not lead.member_sent]
        return Learn(self.ledger, self.random.choice(leads)) if leads else None

    def any_list(self):
        return self.random.choice([WORKSPACE, *self.ledger.campaigns])

    def block(self):
        which = self.any_list()
        recent = self.people[-60:]
        people = self.random.sample(recent, min(len(recent), self.random.choice([1, 1, 2, 5])))
        named = [(self.random.choice([person.identifier, person.member_id]), person)
                 for person in people]
        named = [(name, person) for name, person in named
                 if (which, name) not in self.ledger.blocks]
        return self.change(which, named, on=True)

    def unblock(self):
        which = self.any_list()
        named = [(name, person) for person in self.people
                 for name in (person.identifier, person.member_id)
                 if (which, name) in self.ledger.blocks]
        if which is WORKSPACE:
            named = [(name, person) for name, person in named if name in self.ids]
        named = self.random.sample(named, min(len(named), self.random.choice([1, 2, 6])))
        return self.change(which, named, on=False)

    def change(self, which, named, on):
        if not named:
            return None
        names, people = map(list, zip(*named))
        change = Change(self.ledger, which, names, people, on)
        ids = [self.ids.pop(name, None) for name in names] if which is WORKSPACE else []
        change.ids = ids if not on else None
        return change

    def undo(self):
        before, self.last_change = self.last_change, None
        if not before:
            return None
        change = Change(self.ledger, before.which, before.names, before.people, not before.on)
        change.undone = before.change
        return change

    # --- What came of it ---

    def digest(self, request):
        if isinstance(request, Claim):
            self.hand += request.got
            if len(request.got) < request.most:
                self.planned = [self.add(request.campaign),
                                Activate(self.ledger, request.campaign)]
        elif isinstance(request, Complete) and request.handout.report and not request.again:
            self.reported.append(request.handout)
        elif isinstance(request, Change):
            self.last_change = None if request.undone else request

    def digest_cut_off(self, request, happened):
        """Whoever got no answer sends the same again."""
        self.planned = []
        self.last_change = None
        self.flight = None
        if happened is not None:
            self.cut_off[happened] += 1
        if isinstance(request, Complete) and not request.again:
            if happened and not request.late_reply:
                self.reported.append(request.handout)
            self.planned = [Complete(self.ledger, request.handout, request.result, request.detail,
                                     again=happened)]
        elif isinstance(request, Activate) or (isinstance(request, Add) and not happened):
            self.planned = [request]


class Folder(cycles.Folder):
    cycles = 34

    def __init__(self, rng):
        super().__init__(rng, "--retry-backoff", str(BACKOFF_MS // 1000),
                         "--max-attempts", str(MAX_ATTEMPTS))

    def set_up(self, tenant):
        campaigns = {}
        for _ in range(CAMPAIGNS):
            body = {"name": "A campaign", "steps": list(STEPS)}
            answer = tenant.api.post("/campaigns", body).json()
            campaigns[answer["id"]] = [step["id"] for step in answer["steps"]]
        self.ledger = Ledger(campaigns)
        self.killed_ms = None
        self.rows = []  # of the file's activities
        self.workers = [Worker(index, self.ledger, self.aim, self.random.random())
                        for index in range(WORKERS)]
        for worker, campaign in zip(self.workers, campaigns):
            worker.perform(tenant.api, worker.add(campaign))
            worker.perform(tenant.api, Activate(self.ledger, campaign))

    def cycle(self, number, damage):
        self.write_and_kill()
        damaged = damage and self.damage(damage)
        while damage and not damaged:  # until there is something to damage
            self.start_again()
            self.look()
            self.write_and_kill()
            damaged = self.damage(damage)
        if damaged:
            self.show_who_notices(damaged)
        else:
            self.start_again()
            self.look()

    def write_and_kill(self):
        self.write_for(self.random.uniform(0.05, 0.2))
        self.killed_ms = int(time.time() * 1000)
        self.rows = claim_file.check(self.server.data)

    def look(self):
        """Compares what is there with what must be."""
        api = self.server.api(self.key)
        there = There(api, self.ledger.campaigns, self.rows)
        api.close()
        flights = {worker.flight: worker for worker in self.workers if worker.flight}
        for request, happened in settle(self.ledger, there, flights, self.killed_ms):
            flights[request].digest_cut_off(request, happened)
        compare(self.ledger, there)
        for worker in self.workers:
            worker.ids = {name: identity for name, identity in there.blocked[WORKSPACE].items()
                          if self.is_of(worker, name)}

    def is_of(self, worker, name):
        return name.startswith((f"w{worker.number}-", f"ACoAA{worker.number}"))

    # --- The end of a folder ---

    def finish(self):
        """Serves everybody, and looks once more."""
        api = self.server.api(self.key)
        for campaign in self.ledger.campaigns:
            limit = time.monotonic() + SERVE_LIMIT
            while not self.is_completed(api, campaign):
                if self.serve(api, campaign):
                    limit = time.monotonic() + SERVE_LIMIT
                elif time.monotonic() > limit:
                    raise Failure(f"nothing to claim for {SERVE_LIMIT} s, but not completed: "
                                  f"{api.get(f'/campaigns/{campaign}').json()}")
                else:
                    time.sleep(0.05)
        api.close()
        self.server.kill()
        self.rows = claim_file.check(self.server.data)
        self.server.start()
        self.look()
        self.check_all_served()

    def is_completed(self, api, campaign):
        answer = api.get(f"/campaigns/{campaign}").json()
        if answer["status"] == "completed" and answer["progress"] != 100:
            raise Failure(f"completed without progress 100: {answer}")
        return answer["status"] == "completed"

    def serve(self, api, campaign):
        worker = self.workers[0]
        worker.perform(api, Activate(self.ledger, campaign))
        claim = Claim(self.ledger, campaign, 1000, worker.number + 1)
        worker.perform(api, claim)
        for handout in claim.got:
            worker.perform(api, Complete(self.ledger, handout, "done", worker.detail()))
        return len(claim.got)

    def check_all_served(self):
        for lead in self.ledger.leads.values():
            status, step = lead.standing()
            if step is not None and not self.ledger.scope(lead):
                raise Failure(f"{lead} is {status} and was not served, but the campaign is "
                              "completed")

    # --- Sabotage ---

    def damage(self, how):
        uncertain = {lead.person for worker in self.workers if worker.flight
                     for lead in worker.flight.leads()}
        return claim_file.damage(self.server.data, how, self.ledger, uncertain, self.random)

    def claim_all(self):
        api = self.server.api(self.key)
        for campaign in self.ledger.campaigns:
            self.workers[0].perform(api, Claim(self.ledger, campaign, 1000, 1))
        api.close()

    def show_who_notices(self, damaged):
        noticed = []
        for who, look in (("the file", lambda: claim_file.check(self.server.data)),
                          ("a start", self.start_again),
                          ("the comparison", self.look),
                          ("the claims", self.claim_all)):
            try:
                look()
            except Failure as failure:
                noticed.append(f"{who}: {failure}")
        if noticed:
            raise Failure(f"{damaged} was damaged; noticed by " + "; by ".join(noticed))


if __name__ == "__main__":
    sys.exit(cycles.run(__doc__, Folder, 100, ["lose", "double", "revive"]))
