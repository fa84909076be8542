"""Histories as a server without faults would leave them behind, made in a moment.

A small model of the server applies one operation after the other, each at a moment of its own; the
record says that it was sent some time before and answered some time after, so that operations
overlap as real ones do. Whatever the checker finds in such a history, it is wrong about.
"""

import random
from datetime import datetime, timezone

import people
from blocklists import INSTALLATION

MS = 1_000_000
WALL = 1_700_000_000 * 10**9  # what the wall clock said at 0
STEPS = [True, False, True]  # stopOnReply
CAMPAIGNS = ("one", "two")


def iso(wall):
    """A wall clock as the API writes it."""
    text = datetime.fromtimestamp(wall // 10**9, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{wall // MS % 1000:03d}Z"


class Lead:
    def __init__(self, number, campaign, name):
        self.id = f"ld_{number}"
        self.number = number
        self.campaign = campaign
        self.name = name
        self.member = None
        self.step = 1
        self.status = "waiting"
        self.token = None  # of the lease that is out
        self.ends = 0
        self.due = 0
        self.attempt = 0

    def open(self):
        return self.status in ("waiting", "active")


class Simulation:
    """Makes one history; `events` is it."""

    def __init__(self, seed, spread=5 * MS):
        self.rng = random.Random(seed)
        self.spread = spread
        self.now = 0
        self.ids = 0
        self.lists = {campaign: {} for campaign in (*CAMPAIGNS, None, INSTALLATION)}  # name -> record
        self.changes = {}  # id -> (blocks, list, name -> record)
        self.answered = {}  # id -> event
        self.leads = {}  # (campaign, name) -> Lead
        self.held = []  # (lead, activity, token, claim's record)
        self.events = [{"op": "start", "at": 0, "wall": WALL, "seed": seed,
                        "campaigns": {campaign: STEPS for campaign in CAMPAIGNS}}]

    def new_id(self):
        self.ids += 1
        return self.ids

    def record(self, op, after=0, **fields):
        """Records an operation that takes effect now, sent after `after`."""
        sent = max(self.now - self.rng.randint(1, self.spread), after + 1)
        event = {"op": op, "worker": "model", "sent": sent,
                 "received": self.now + self.rng.randint(1, self.spread), "status": 200, **fields}
        self.events.append(event)
        if fields.get("change") in self.changes:
            self.answered[event["change"]] = event
        return event

    def blocked(self, lead):
        return any(name in self.lists[where] for name in (lead.name, lead.member)
                   for where in (lead.campaign, None, INSTALLATION))

    # ---- the operations ----

    def add(self, campaign, numbers, again=False):
        added, who = 0, []
        for number in numbers:
            name, member = people.name_of(number), None
            if people.has_member(number) or again and people.learns_member(number):
                member = people.member_of(number)
            lead = self.leads.get((campaign, name))
            if not lead:
                added += 1
                lead = self.leads[campaign, name] = Lead(self.new_id(), campaign, name)
            lead.member = lead.member or member
            who.append([name, member])
        self.record("add", campaign=campaign, people=who, added=added,
                    duplicates=len(who) - added, blocked=0)

    def change(self, blocks, where, records):
        """Changes a list; returns the names that it changed and the change's id."""
        entries, done = self.lists[where], {}
        for name, record in records.items():
            if blocks and name not in entries:
                entries[name] = done[name] = record
            elif not blocks and name in entries and record in (None, entries[name]):
                done[name] = entries.pop(name)
        if not done:
            return 0, "ch_0"
        change = f"ch_{self.new_id()}"
        self.changes[change] = (blocks, where, done)
        return len(done), change

    def block(self):
        where, names = self.rng.choice([*CAMPAIGNS, None, INSTALLATION]), self.some_names()
        count, change = self.change(True, where, {name: self.new_id() for name in names})
        event = self.record("block", campaign=where, names=names, asked=names, blocked=count,
                            change=change)
        if self.rng.random() < 0.4:  # looks at once what is out
            self.now = event["received"] + self.rng.randint(1, MS)
            self.list(where if where in CAMPAIGNS else CAMPAIGNS[0], after=event["received"])

    def unblock(self):
        where, names = self.rng.choice([*CAMPAIGNS, None, INSTALLATION]), self.some_names()
        fields = {"asked": names}
        records = dict.fromkeys(names)
        if where is None:
            records = {name: self.lists[None].get(name, 0) for name in names}
            fields = {"ids": list(records.values())}
        count, change = self.change(False, where, records)
        self.record("unblock", campaign=where, names=names, unblocked=count, change=change,
                    **fields)

    def undo(self):
        known = [of for of, event in self.answered.items() if event["received"] < self.now - 1]
        if not known:
            return
        of = self.rng.choice(known[-8:])
        blocks, where, done = self.changes[of]
        count, change = self.change(not blocks, where, done)
        self.changes[of] = (blocks, where, {})
        answer = {"blocked": 0, "unblocked": 0, "unblocked" if blocks else "blocked": count}
        self.record("undo", after=self.answered[of]["received"], of=of, change=change, **answer)

    def claim(self, campaign, most, lease):
        free = [lead for lead in self.leads.values()
                if lead.campaign == campaign and lead.open() and lead.due <= self.now
                and lead.ends <= self.now and not self.blocked(lead)]
        free.sort(key=lambda lead: (-lead.step, lead.number))
        event = self.record("claim", campaign=campaign, max=most, lease=lease, activities=[])
        for lead in free[:most]:
            lead.token, lead.status = f"token-{self.new_id()}", "active"
            lead.ends = self.now + lease * 10**9
            lead.attempt += 1
            activity = f"ac_{lead.number}_{lead.step}"
            event["activities"].append([activity, lead.id, lead.name, lead.member, lead.step,
                                        lead.attempt, lead.token])
            event["expires"] = [iso(WALL + lead.ends)] * 2
            self.held.append((lead, activity, lead.token, event))

    def complete(self, result):
        """Of a lease whose claim has been answered; late ones are refused."""
        ready = [held for held in self.held if held[3]["received"] < self.now - 1]
        if not ready:
            return
        held = self.rng.choice(ready)
        self.held.remove(held)
        lead, activity, token, claim = held
        fields = {"activity": activity, "token": token, "result": result}
        if lead.token != token:
            self.record("complete", after=claim["received"], **fields)
            self.events[-1].update(status=409, code="lease_lost")
            return
        self.finish(lead, result)
        self.record("complete", after=claim["received"], **fields, leadStatus=lead.status,
                    blocked=self.blocked(lead))

    def finish(self, lead, result):
        lead.token, lead.ends = None, 0
        if result == "retry":
            lead.due = self.now + 200 * MS
        elif result == "failed":
            lead.status = "error"
        elif lead.step == len(STEPS) or result == "replied" and STEPS[lead.step - 1]:
            lead.status = "completed"
        else:
            lead.step, lead.attempt = lead.step + 1, 0

    def list(self, campaign, after=0):
        shown = [[f"ac_{lead.number}_{lead.step}", lead.id, "claimed"]
                 for lead in self.leads.values()
                 if lead.campaign == campaign and lead.token and lead.ends > self.now]
        self.record("list", after=after, campaign=campaign, state="claimed", whole=True,
                    activities=shown)

    # ---- the run ----

    def some_names(self):
        """People who are in a campaign, by name or member id."""
        leads = self.rng.sample(list(self.leads.values()), self.rng.randint(1, 3))
        names = {lead.member if lead.member and self.rng.random() < 0.3 else lead.name
                 for lead in leads}
        return sorted(names)

    def step(self):
        chance, campaign = self.rng.random(), self.rng.choice(CAMPAIGNS)
        if chance < 0.25:
            self.claim(campaign, self.rng.randint(1, 4), self.rng.choice([1, 60, 60, 60]))
        elif chance < 0.6:
            self.complete(self.rng.choice(["done"] * 16 + ["replied", "failed", "retry", "retry"]))
        elif chance < 0.75:
            self.block()
        elif chance < 0.85:
            self.unblock()
        elif chance < 0.92:
            self.undo()
        elif chance < 0.95:
            self.add(campaign, [self.rng.randrange(40) for _ in range(2)], again=True)
        else:
            self.list(campaign)

    def run(self, steps=1500):
        for campaign in CAMPAIGNS:
            self.add(campaign, range(40))
        self.now += 20 * MS
        for _ in range(steps):
            self.now += self.rng.randint(1, 4 * MS)
            self.step()
        self.end()
        return self

    def end(self):
        """Works off all that is left, and looks at what has become of it."""
        limit = self.now + 120 * 10**9
        while self.now < limit:
            self.now += 200 * MS
            self.claim(CAMPAIGNS[0], 10, 60)
            self.claim(CAMPAIGNS[1], 10, 60)
            while self.held and self.now < limit:
                self.now += 20 * MS
                self.complete("done")
            if not any(lead.open() and not self.blocked(lead) for lead in self.leads.values()):
                break
        self.now += 1000 * MS
        for campaign in CAMPAIGNS:
            self.look(campaign)
        self.events.append({"op": "end", "at": self.now, "wall": WALL + self.now})

    def look(self, campaign):
        leads = [lead for lead in self.leads.values() if lead.campaign == campaign]
        counts = dict.fromkeys(("waiting", "active", "paused", "completed", "error", "blocked"), 0)
        for lead in leads:
            counts[lead.status] += 1
            counts["blocked"] += lead.open() and self.blocked(lead)
        state = {"status": "completed", "progress": 100, "totalLeads": len(leads), "leads": counts}
        self.record("campaign", campaign=campaign, state=state, final=True)
        self.record("leads", campaign=campaign, total=len(leads), final=True, leads=[
            [lead.id, lead.name, lead.member, lead.status, self.blocked(lead)] for lead in leads])
        names = [lead.name for lead in leads]
        self.record("check", campaign=campaign, names=names, final=True, blocked=[
            lead.name for lead in leads if self.blocked(lead)])
