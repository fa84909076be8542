"""Proves or refutes from a history (see history.py) what docs/guarantee.md promises.

usage: checker.py HISTORY

Only what is certain counts: each request took effect at some moment between its sending and its
answer, and where the order of two is open, nothing is said about them. The checks are in promise.py
(blocks and claims), restraints.py (what else keeps from being handed out), leases.py (who holds
what) and outcome.py (what became of each lead). The last line is the sum: N passed, N failed; each
check of each campaign counts as one test.
"""

import gc
import sys
from collections import Counter

import history
import leases
import outcome
import promise
import restraints
from blocklists import FOREVER, INSTALLATION, Blocklists
from teeth import Teeth

EXAMPLES = 5  # findings that are printed of each test
TEETH = "the test had teeth"


class Grant:
    """An activity that a claim handed out."""

    __slots__ = ("claim", "activity", "lead", "name", "member", "order", "attempt", "token",
                 "text")

    def __init__(self, claim, fields):
        self.claim = claim
        (self.activity, self.lead, self.name, self.member, self.order, self.attempt,
         self.token) = fields[:7]
        self.text = fields[7] if len(fields) > 7 else None


class Findings:
    """What is wrong, and how to say when."""

    def __init__(self, origin):
        self.origin = origin
        self.texts = []

    def time(self, at):
        return "never" if at is None else f"{(at - self.origin) / 1e9:.6f} s"

    def event(self, event):
        return (f"{event['op']} by {event.get('worker')} (sent {self.time(event['sent'])}, "
                f"answered {self.time(event['received'])})")

    def grant(self, grant):
        return (f"lead {grant.lead} '{grant.name or grant.member}': activity {grant.activity} "
                f"(step {grant.order}) by {self.event(grant.claim)}")

    def add(self, text):
        self.texts.append(text)


class Facts:
    """A history, sorted and indexed."""

    def __init__(self, events):
        self.start = next(event for event in events if event["op"] == "start")
        self.finish = next(event for event in events if event["op"] == "end")
        self.origin = self.start["at"]
        self.campaigns = self.start["campaigns"]
        self.settings = self.start.get("settings", {})
        requests = [event for event in events if "sent" in event]
        requests.sort(key=lambda event: event["sent"])
        self.requests = requests
        self.blocklists = Blocklists(requests)
        self.claims = self._of("claim")
        self.completes = self._of("complete")
        self.adds = self._of("add")
        self.lists = self._of("list")
        self.grants = [Grant(claim, fields) for claim in self.claims
                       for fields in claim.get("activities", [])]
        self.completes_of = {}  # token of a lease -> completes, as they were sent
        for event in self.completes:
            self.completes_of.setdefault((event["activity"], event["token"]), []).append(event)
        self.grants_of = {}  # lead -> grants, as their claims were sent
        self.grants_as = {}  # activity -> grants
        for grant in self.grants:
            self.grants_of.setdefault(grant.lead, []).append(grant)
            self.grants_as.setdefault(grant.activity, []).append(grant)
        self._learn_names()
        self.contacts = {}  # name -> grants of invitations and messages, as the claims show them
        for grant in self.grants:
            if grant.order in restraints.CONTACTS:
                self.contacts.setdefault(grant.name, []).append(grant)
        self._replies = {}

    def _of(self, op):
        return [event for event in self.requests if event["op"] == op]

    def _learn_names(self):
        """Which leads were added, and by what names they were known since when."""
        self.people = {}  # (campaign, name) -> event of the first acknowledged add
        self.bound = {}  # (campaign, name) -> (since when at the latest, member id)
        self.maybe_bound = {}  # name -> member ids, and names by links, that it may have had
        self.linked = {}  # name -> (since when at the latest, its other name)
        self.companies = {}  # (campaign, name) -> where the person works
        for event in self.adds:
            names = [(event["campaign"], name) for name, _ in event["people"]]
            self.companies.update(zip(names, event.get("companies", [])))
            for name, member in event["people"]:
                key = (event["campaign"], name)
                if member:
                    self.maybe_bound.setdefault(name, set()).add(member)
                if event["status"] != 200:
                    continue
                known = self.people.get(key)
                if not known or event["received"] < known["received"]:
                    self.people[key] = event
                if member and (key not in self.bound or event["received"] < self.bound[key][0]):
                    self.bound[key] = (event["received"], member)
        for event in self._of("link"):
            for names in event["people"]:
                for name, other in (names, reversed(names)):
                    self.maybe_bound.setdefault(name, set()).add(other)
                    if event["status"] == 200 and event["received"] < self.linked_since(name):
                        self.linked[name] = (event["received"], other)

    def linked_since(self, name):
        return self.linked.get(name, (FOREVER, None))[0]

    def other_name(self, name, sent):
        """By which other name the person was certainly known at `sent`."""
        return self.linked[name][1] if self.linked_since(name) < sent else None

    def completes_for(self, grant):
        return self.completes_of.get((grant.activity, grant.token), [])

    def keys(self, campaign, *names):
        """Where these names may be blocked for the campaign."""
        return [(where, name) for name in names if name
                for where in (campaign, None, INSTALLATION)]

    def certain_names(self, grant, sent):
        """By which names this lead was certainly known at `sent`."""
        since, member = self.bound.get((grant.claim["campaign"], grant.name), (None, None))
        if since is not None and since >= sent:
            member = None
        return {grant.name, self.other_name(grant.name, sent), grant.member, member} - {None}

    def certain_keys(self, grant, sent):
        """Under which (campaign, name) a block certainly excluded this lead at `sent`."""
        return self.keys(grant.claim["campaign"], *self.certain_names(grant, sent))

    def company_of(self, grant):
        return self.companies.get((grant.claim["campaign"], grant.name))

    def replies(self, campaign):
        """See restraints.replies_by_company."""
        if campaign not in self._replies:
            self._replies[campaign] = restraints.replies_by_company(self, campaign)
        return self._replies[campaign]

    def possible_keys(self, grant):
        """Under which (campaign, name) a block may have excluded this lead at any time."""
        members = self.maybe_bound.get(grant.name, set()) | {grant.member}
        return self.keys(grant.claim["campaign"], grant.name, *members)


class Report:
    """The tests with their findings."""

    def __init__(self, facts):
        self.facts = facts
        self.tests = {}  # name -> findings (texts)
        self.lines = []  # the summary

    def add(self, name, texts):
        self.tests[name] = list(texts)

    def run(self, name, check, *arguments):
        findings = Findings(self.facts.origin)
        check(self.facts, findings, *arguments)
        self.add(name, findings.texts)

    @property
    def failed(self):
        return sum(bool(texts) for texts in self.tests.values())

    @property
    def passed(self):
        return len(self.tests) - self.failed

    @property
    def lacks_teeth_alone(self):
        return self.failed == 1 and bool(self.tests.get(TEETH))

    def sum(self):
        return f"{self.passed} passed, {self.failed} failed"

    def print(self):
        for line in self.lines:
            print(line)
        for name, texts in self.tests.items():
            print(f"{'FAILED' if texts else 'ok    '} {name}")
            for text in texts[:EXAMPLES]:
                print(f"       {text}")
            if len(texts) > EXAMPLES:
                print(f"       ... and {len(texts) - EXAMPLES} more")


def expected(facts, event):
    """Is this error one that a client brings about by itself?"""
    return event.get("code") == "lease_lost" and leases.may_be_lost(facts, event)


def errors(facts, findings, refusals=()):
    """Nothing was refused or went wrong but leases that others have taken over. `refusals`: codes of
    those that are right all the same."""
    for event in facts.requests:
        if event["status"] not in (200, 201) and not expected(facts, event) and (
                event.get("code") not in refusals):
            findings.add(f"{findings.event(event)}: {event['status']} {event.get('code', '')} "
                         f"{event.get('message', '')}")


def summary(facts):
    """What happened, in figures."""
    count = Counter(event["op"] for event in facts.requests)
    statuses = Counter(f"{event['status']} {event.get('code') or ''}".strip()
                       for event in facts.requests if event["status"] not in (200, 201))
    times = [event["sent"] for event in facts.requests] or [0]
    yield (f"{len(facts.requests)} requests in {(times[-1] - times[0]) / 1e9:.1f} s: "
           + ", ".join(f"{number} {op}" for op, number in count.most_common()))
    yield f"{len(facts.grants)} activities handed out"
    yield "answers other than 200: " + (", ".join(
        f"{number} x {status}" for status, number in statuses.most_common()) or "none")


def check(events, wants_teeth=True, refusals=(), share=None):
    """Runs all checks; returns the Report. `refusals`: see errors; `share`: see Teeth.missing."""
    facts = Facts(events)
    report = Report(facts)
    teeth = Teeth(facts)
    report.lines = [*summary(facts), *teeth.lines()]
    for campaign in facts.campaigns:
        for name, test in {
            "never handed out after the acknowledgement of a block": promise.no_hand_out,
            "nobody handed out whom another campaign has contacted": restraints.no_second_contact,
            "nobody handed out of whom a colleague has replied": restraints.no_colleague,
            "never handed out twice within a lease": leases.no_double,
            "never handed out after it was completed": leases.not_after_completion,
            "steps in order, each done once": leases.in_order,
            "leases as long as was asked": leases.as_long_as_asked,
            "texts that the step had at the claim": promise.texts,
            "every lead that is not blocked is finished": outcome.nothing_lost,
            "blocked leads are shown as blocked": outcome.shown_as_blocked,
            "completed, with counts that add up": outcome.adds_up,
        }.items():
            report.run(f"{name} ({campaign})", test, campaign)
    report.run("what was claimed is listed when the block is acknowledged", promise.listed)
    report.run("completing tells whether the lead is blocked", promise.told)
    report.run("adding again adds nobody", outcome.added_once)
    report.run("no errors", errors, refusals)
    if wants_teeth:
        report.add(TEETH, teeth.missing(share))
    return report


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__.strip())
        return 2
    gc.disable()
    report = check(history.read(sys.argv[1]))
    report.print()
    print(report.sum())
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
