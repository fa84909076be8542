"""The kinds of clients that work against the server at once. Each is a generator; see wire.py.

Whoever blocks aims at leads that the next claims would hand out: those that have just done a step,
since who is further in the sequence comes first, and those that are next among the new. A blocked
lead stays at the head of that line, so every claim that follows is a chance to see it handed out.
"""

import collections
import time

import calls
import people
import plan
from blocklists import INSTALLATION, NOTHING

LONG = (60, 300)  # seconds of a lease that is worked off
SHORT = (1, 2)  # of one that may run out
TAKEN = (1,) * 12 + (2,) * 6 + (3, 3, 5, 5, 10, 50)  # how many a claim asks for
BLOCKED = (1, 1, 1, 2, 3, 5, 20)  # how many a block names
STEPS_ADDED = 200  # by an editor: a campaign has 250 steps over time at most


def until_taken(channel, call):
    """Repeats a report that was refused as overloaded, as nodes without locks do, or because a part of
    the database is away: a lead that nobody reports about stays with its claim."""
    answer = yield channel.send(call())
    while answer.status == 503:
        yield 0.02
        answer = yield channel.send(call())
    return answer


class Scene:
    """What the workers of one process know in common."""

    def __init__(self, campaigns, process, deadline):
        self.campaigns = plan.OPEN
        self.ambush = plan.ambush(process)
        self.deadline = deadline
        self.front = {campaign.id: campaign.first - 1 for campaign in campaigns}
        self.hot = {campaign.id: collections.deque(maxlen=48) for campaign in campaigns}
        self.changes = collections.deque(maxlen=300)
        self.blocked = collections.deque(maxlen=2000)  # (campaign, name)

    def over(self):
        return time.monotonic() >= self.deadline

    def note_claimed(self, campaign, activities):
        for activity in activities:
            if activity[4] == 1 and activity[2]:
                number = people.number_of(activity[2])
                self.front[campaign] = max(self.front[campaign], number)

    def note_done(self, campaign, activity):
        if activity[4] < 3:
            self.hot[campaign].append(activity[2])

    def next_in_line(self, rng, campaign, count):
        """Names of leads that the next claims are likely to hand out."""
        front, hot = self.front[campaign], self.hot[campaign]
        names = {rng.choice(hot) if hot and rng.random() < 0.7
                 else people.name_of(front + rng.randint(1, 40)) for _ in range(count)}
        return sorted(names)


class Worker:
    """What all kinds share: a name, chance, and how activities are claimed and worked off."""

    def __init__(self, scene, rng, name):
        self.scene = scene
        self.rng = rng
        self.name = name

    def claim(self, channel, campaign, count, lease):
        """Sends a claim; `took` takes its answer."""
        return channel.send(calls.claim(campaign, count, lease, self.name))

    def took(self, answer):
        activities = answer.event.get("activities", [])
        self.scene.note_claimed(answer.event["campaign"], activities)
        return activities

    def complete(self, channel, campaign, activity, result):
        answer = yield from until_taken(channel, lambda: calls.complete(activity, result, self.name))
        if result == "done" and answer.status == 200:
            self.scene.note_done(campaign, activity)

    def opt_out(self, channel, campaign, activity):
        """A report that blocks; of those whose names are all known."""
        where = self.rng.choice([campaign, None])
        answer = yield from until_taken(
            channel, lambda: calls.opt_out(activity, where, self.name))
        self.blocked(answer)

    def work_off(self, channel, campaign, activities):
        """Completes all, in one way or another."""
        for activity in activities:
            chance = self.rng.random()
            if 0.09 < chance < 0.15 and people.all_known(*activity[2:4]):
                yield from self.opt_out(channel, campaign, activity)
                continue
            result = ("replied" if chance < 0.03 else "failed" if chance < 0.05 else
                      "retry" if chance < 0.09 else "done")
            yield from self.complete(channel, campaign, activity, result)
            if chance > 0.98:
                yield from self.complete(channel, campaign, activity, result)
            elif chance > 0.97:
                yield from self.complete(channel, campaign, activity, "replied")

    def block(self, channel, campaign, names):
        """Sends a block; `blocked` takes its answer."""
        return channel.send(calls.block(self.rng, campaign, names, self.name))

    def blocked(self, answer):
        """Remembers a change for those who take it back; returns its id."""
        change = answer.event.get("change")
        if change == NOTHING:
            change = None
        if change and calls.of_installation(answer.event):
            return change  # which keys cannot take back
        if change:
            self.scene.changes.append(change)
        if change and answer.event["op"] == "block" and answer.event["campaign"]:
            self.scene.blocked.extend((answer.event["campaign"], each)
                                      for each in answer.event["names"])
        return change

    def lift(self, channel, campaign, names, change):
        """Takes a block back, by name or by undo."""
        if campaign is not None and (self.rng.random() < 0.5 or not change):
            call = calls.unblock(self.rng, campaign, names, self.name)
        elif change:
            call = calls.undo(change, self.name)
        else:
            return
        self.blocked((yield channel.send(call)))

    def members_of(self, names):
        """The member ids of those who have one, and of some who are about to learn it; of those who
        have another name by a link, that one."""
        numbers = [people.number_of(name) for name in names if not name.startswith("ACoAA")]
        return [people.alias_of(number) if people.has_alias(number) else people.member_of(number)
                for number in numbers
                if people.has_alias(number) or people.has_member(number)
                or people.learns_member(number)]


class Claimer(Worker):
    """Claims, works off most of it, lets some leases run out."""

    def run(self, channel):
        while not self.scene.over():
            campaign = self.rng.choice(self.scene.campaigns)
            short = self.rng.random() < 0.08
            lease = self.rng.randint(*(SHORT if short else LONG))
            answer = yield self.claim(channel, campaign, self.rng.choice(TAKEN), lease)
            activities = self.took(answer)
            if not activities:
                yield 0.005
            elif short:
                yield from self.let_run_out(channel, campaign, activities, lease)
            else:
                yield from self.work_off(channel, campaign, activities)

    def let_run_out(self, channel, campaign, activities, lease):
        """Drops some; completes the others late, now and then too late."""
        late = activities[:: self.rng.choice([2, 3])]
        if self.rng.random() < 0.3:
            yield lease + self.rng.uniform(-0.1, 0.3)
        yield from self.work_off(channel, campaign, late)


class Blocker(Worker):
    """Takes some leads that are next in line and blocks and frees them, over and over."""

    def choose(self):
        """Who is blocked for a while, and in which list."""
        campaign = self.rng.choice(self.scene.campaigns)
        return self.scene.next_in_line(self.rng, campaign, self.rng.choice(BLOCKED)), campaign

    def run(self, channel):
        while not self.scene.over():
            names, campaign = self.choose()
            rounds = self.rng.randint(1, 10) if names else 0
            while rounds and not self.scene.over():
                rounds -= 1
                change = self.blocked((yield self.block(channel, campaign, names)))
                yield self.rng.choice([0, 0, 0.001, 0.005, 0.02])
                if rounds or self.rng.random() < 0.9:
                    yield from self.lift(channel, campaign, names, change)


class WorkspaceBlocker(Blocker):
    def choose(self):
        names, _ = super().choose()
        return names, None


class MemberBlocker(Blocker):
    def choose(self):
        names, campaign = super().choose()
        return self.members_of(names), self.rng.choice([campaign, None])


class InstallationBlocker(Blocker):
    """An operator, who blocks in the installation's list."""

    OPERATORS = 1

    def choose(self):
        names, _ = super().choose()
        if self.rng.random() < 0.25:
            names = self.members_of(names)
        return names, INSTALLATION


class Pouncer(Worker):
    """Does a step of some leads, so that they are next in line, blocks them, and claims over
    another connection with the acknowledgement barely received. Frees them, blocks them again,
    claims again: unless somebody snatches them in between, only the block keeps them from being
    handed out."""

    def where(self):
        return self.rng.choice(self.scene.campaigns)

    def run(self, first, second):
        while not self.scene.over():
            campaign = self.where()
            activities = self.took((yield self.claim(first, campaign, self.rng.randint(1, 4), 60)))
            for activity in activities:
                yield from self.complete(first, campaign, activity, "done")
            names = sorted({activity[2] for activity in activities if activity[4] < 3})
            if not names:
                names = self.scene.next_in_line(self.rng, campaign, 3)
            if self.rng.random() < 0.25:
                names = self.members_of(names) or names
            yield from self.pounce(first, second, campaign, names)

    def pounce(self, first, second, campaign, names):
        where = self.rng.choice([campaign, campaign, None])
        rounds = self.rng.randint(1, 12)
        while rounds and not self.scene.over():
            rounds -= 1
            acknowledged = yield self.block(first, where, names)
            answer = yield self.claim(second, campaign, self.rng.choice([1, 1, 2, 4]), 60)
            change = self.blocked(acknowledged)
            yield from self.work_off(second, campaign, self.took(answer))
            if rounds or self.rng.random() < 0.9:
                yield from self.lift(first, where, names, change)
            if self.rng.random() < 0.3:
                yield self.rng.uniform(0, 0.005)


class Ambusher(Pouncer):
    """Pounces in a campaign where nobody else claims, so that nobody snatches anything."""

    def where(self):
        return self.scene.ambush


class InstallationPouncer(Ambusher):
    """An ambusher beside an operator, who blocks in the installation's list."""

    OPERATORS = 1

    def run(self, first, second, operator):
        self.operator = operator
        yield from super().run(first, second)

    def pounce(self, first, second, campaign, names):
        rounds = self.rng.randint(1, 6)
        while rounds and not self.scene.over():
            rounds -= 1
            acknowledged = yield self.block(self.operator, INSTALLATION, names)
            answer = yield self.claim(second, campaign, self.rng.choice([1, 1, 2, 4]), 60)
            change = self.blocked(acknowledged)
            yield from self.work_off(second, campaign, self.took(answer))
            yield from self.lift(self.operator, INSTALLATION, names, change)


class Replier(Worker):
    """Reports replies where they block, of leads that would go on at once, and claims over another
    connection with the answer barely received. Frees most of them."""

    def run(self, first, second):
        while not self.scene.over():
            count = self.rng.randint(1, 4)
            activities = self.took((yield self.claim(first, plan.REPLYING, count, 60)))
            for activity in activities:
                if self.rng.random() < 0.6 and people.all_known(*activity[2:4]):
                    yield from self.reply(first, second, activity)
                else:
                    yield from self.complete(first, plan.REPLYING, activity, "done")
            if not activities:
                yield 0.005

    def reply(self, first, second, activity):
        acknowledged = yield from until_taken(
            first, lambda: calls.blocking_reply(activity, self.name))
        answer = yield self.claim(second, plan.REPLYING, self.rng.choice([1, 2, 4]), 60)
        change = self.blocked(acknowledged)
        for each in self.took(answer):
            yield from self.complete(second, plan.REPLYING, each, "done")
        if self.rng.random() < 0.9:
            yield from self.lift(first, None, [], change)


class Rival(Worker):
    """Claims in one of two campaigns that skip whom the other has contacted, and in the other, over
    another connection, with the answer barely received. The same people are next in both."""

    def run(self, first, second):
        while not self.scene.over():
            one, other = self.rng.sample(plan.SKIPPING, 2)
            count = self.rng.randint(1, 6)
            contacted = self.took((yield self.claim(first, one, count, 60)))
            answer = yield self.claim(second, other, count, 60)
            yield from self.work(first, one, contacted)
            others = self.took(answer)
            yield from self.work(second, other, others)
            if not contacted and not others:
                yield 0.005

    def work(self, channel, campaign, activities):
        """None is reported failed: that contact would count no longer, but only after a while."""
        for activity in activities:
            result = "replied" if self.rng.random() < 0.03 else "done"
            yield from self.complete(channel, campaign, activity, result)


class Stopper(Worker):
    """Does a step of people of one company, so that they are next in line, reports that another of
    them has replied, and claims over another connection with the answer barely received."""

    def run(self, first, second):
        while not self.scene.over():
            activities = self.took((yield self.claim(first, plan.STOPPING, 8, 60)))
            companies = collections.defaultdict(list)
            for activity in activities:
                companies[people.company_of(people.number_of(activity[2]))].append(activity)
            for colleagues in companies.values():
                yield from self.work(first, second, colleagues)
            if not activities:
                yield 0.005

    def work(self, first, second, colleagues):
        *others, last = colleagues
        for activity in others:
            yield from self.complete(first, plan.STOPPING, activity, "done")
        replies = others and self.rng.random() < 0.4
        yield from self.complete(first, plan.STOPPING, last, "replied" if replies else "done")
        if replies:
            answer = yield self.claim(second, plan.STOPPING, self.rng.choice([1, 2, 4]), 60)
            for activity in self.took(answer):
                yield from self.complete(second, plan.STOPPING, activity, "done")


class Unblocker(Worker):
    """Frees whom others have blocked, takes changes back, and takes back what took them back."""

    def run(self, channel):
        while not self.scene.over():
            way = self.rng.choice([self.by_name, self.by_record, self.by_undo])
            yield from way(channel)
            yield self.rng.uniform(0, 0.01)

    def by_name(self, channel):
        blocked = self.scene.blocked
        if blocked:
            campaign, name = blocked[self.rng.randrange(len(blocked))]
            names = sorted({name, *(each for where, each in list(blocked)[-5:]
                                    if where == campaign)})
            call = calls.unblock(self.rng, campaign, names, self.name)
            self.blocked((yield channel.send(call)))

    def by_record(self, channel):
        answer = yield channel.send(calls.workspace_records(30, self.name))
        records = answer.event.get("records")
        if records:
            records = self.rng.sample(records, self.rng.randint(1, min(8, len(records))))
            self.blocked((yield channel.send(calls.unblock_records(records, self.name))))

    def by_undo(self, channel):
        if self.scene.changes:
            change = self.rng.choice(self.scene.changes)
            self.blocked((yield channel.send(calls.undo(change, self.name))))


class Adder(Worker):
    """Keeps leads coming, and campaigns active, so that work never runs out."""

    def __init__(self, scene, rng, name, campaigns):
        super().__init__(scene, rng, name)
        self.campaigns = campaigns
        self.next = {campaign.id: campaign.first + campaign.stock for campaign in campaigns}

    def run(self, channel):
        while not self.scene.over():
            for campaign in self.campaigns:
                state = (yield channel.send(calls.campaign_state(campaign.id, self.name))).event
                if "state" in state:
                    yield from self.refill(channel, campaign, state["state"])
            yield 0.02

    def refill(self, channel, campaign, state):
        leads, stock = state["leads"], campaign.stock
        aside = leads["blocked"] + leads["skippedContacted"]
        missing = stock - (leads["waiting"] + leads["active"] - aside)
        if missing > 0:
            count = min(1000, missing + stock // 4)
            numbers = range(self.next[campaign.id], self.next[campaign.id] + count)
            self.next[campaign.id] += count
            yield channel.send(calls.add_leads(self.rng, campaign.id, numbers, self.name,
                                               by_other_names=campaign.by_other_names))
            yield channel.send(calls.link(numbers, self.name))
        if state["status"] != "active":
            yield channel.send(calls.activate(campaign.id, self.name))


class Editor(Worker):
    """Changes steps and variants of a campaign that is active. Steps that it adds come and go; of
    the third, which is a message, variants do, each with a text that no other has. Nobody else
    changes the steps of the campaign."""

    def __init__(self, scene, rng, name, campaign, message):
        super().__init__(scene, rng, name)
        self.campaign = campaign
        self.message = message  # the id of the third step
        self.variants = []  # [id, text], as far as they are known and enabled
        self.passing = []  # ids of the steps that it has added
        self.count = 0
        self.added = 0

    def run(self, channel):
        while not self.scene.over():
            ways = [self.add_variant, self.change_variant, self.delete_variant, self.switch,
                    self.add_step, self.delete_step]
            yield from self.rng.choice(ways)(channel)
            yield self.rng.uniform(0, 0.02)
        while self.passing:  # so that what is left has no more steps than at first
            yield from self.delete_step(channel)

    def text(self):
        self.count += 1
        return f"{self.campaign} {self.count}"

    def edit(self, channel, method, target, **more):
        return channel.send(calls.edit(method, target, self.campaign, self.name, **more))

    def add_variant(self, channel):
        text = self.text()
        if len(self.variants) < 5:
            answer = yield self.edit(channel, "POST", f"/{self.message}/variants",
                                     body={"body": text}, born=text)
            if "variants" in answer.event:
                self.variants.append([answer.event["variants"][-1], text])

    def some_variant(self):
        return self.rng.choice(self.variants) if self.variants else None

    def change_variant(self, channel):
        variant, text = self.some_variant(), self.text()
        if variant:
            yield self.edit(channel, "PUT", f"/{self.message}/variants/{variant[0]}",
                            body={"body": text}, born=text, dies=variant[1])
            variant[1] = text

    def delete_variant(self, channel):
        variant = self.some_variant()
        if variant:
            self.variants.remove(variant)
            yield self.edit(channel, "DELETE", f"/{self.message}/variants/{variant[0]}",
                            dies=variant[1])

    def switch(self, channel):
        """Disables a variant, and enables it with another text."""
        variant, text = self.some_variant(), self.text()
        if variant and len(self.variants) > 1:
            target = f"/{self.message}/variants/{variant[0]}"
            yield self.edit(channel, "PUT", target, body={"isDisabled": True}, dies=variant[1])
            yield self.rng.uniform(0, 0.02)
            yield self.edit(channel, "PUT", target, body={"isDisabled": False, "body": text},
                            born=text)
            variant[1] = text

    def add_step(self, channel):
        if len(self.passing) < 3 and self.added < STEPS_ADDED:
            self.added += 1
            body = {"type": "visit_profile", "order": self.rng.randint(1, 4)}
            answer = yield self.edit(channel, "POST", "", body=body)
            if answer.event.get("id"):
                self.passing.append(answer.event["id"])

    def delete_step(self, channel):
        if self.passing:
            step = self.passing.pop(self.rng.randrange(len(self.passing)))
            yield self.edit(channel, "DELETE", f"/{step}")


class ReAdder(Worker):
    """Adds leads again that are there, were handed out or are blocked: it must change nothing but
    that some learn their member id."""

    def run(self, channel):
        while not self.scene.over():
            campaign = self.rng.choice(self.scene.campaigns)
            front = self.scene.front[campaign]
            if front > 0:
                start = self.rng.randint(max(0, front - 300), front)
                numbers = range(start, min(front, start + self.rng.randint(0, 20)) + 1)
                call = calls.add_leads(self.rng, campaign, numbers, self.name, again=True)
                yield channel.send(call)
            yield self.rng.uniform(0, 0.02)


class Watcher(Worker):
    """Blocks leads while they are being claimed, and looks at once which activities are out.

    Only watchers claim in the watched campaign, so that all that is out fits a page."""

    def run(self, first, second):
        campaign, ready = plan.WATCHED, []
        while not self.scene.over():
            names = ready[-self.rng.randint(1, 6) :]
            names = names or self.scene.next_in_line(self.rng, campaign, 4)
            where = self.rng.choice([campaign, campaign, None])
            acknowledged = yield from self.meet(first, second, campaign, where, names)
            yield second.send(calls.claimed(campaign, self.name))
            change = self.blocked(acknowledged)
            activities = self.took((yield first))
            for activity in activities:
                yield from self.complete(first, campaign, activity, "done")
            if self.rng.random() < 0.9:
                yield from self.lift(second, where, names, change)
            # Those that have done a step are next in line, after those that were ready before.
            ready = [activity[2] for activity in activities if activity[4] < 3] or names[:1]
            yield self.rng.uniform(0, 0.01)

    def meet(self, first, second, campaign, where, names):
        """Sends a claim and a block at once; returns the block's answer as soon as it is there."""
        requests = [lambda: self.claim(first, campaign, self.rng.randint(3, 10), 60),
                    lambda: self.block(second, where, names)]
        self.rng.shuffle(requests)
        for request in requests:
            request()
        return (yield second)
