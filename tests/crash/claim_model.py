"""What the clients of claim_cycles.py know together: what was acknowledged, and what follows.

Each sending and each answer has a number from one clock, so that "acknowledged before it was sent"
is a comparison. Nothing depends on the order in which the threads of two clients get to read their
answers: claims of one activity are told apart by their attempt, and what may overlap is allowed
either outcome. Times of leases are the server's own, so no pace is assumed.
"""

import threading

from cycles import Failure

STEPS = (
    {"type": "visit_profile"},
    {"type": "invitation", "stopOnReply": False, "genericBody": "Hello {{firstName}}"},
    {"type": "message", "genericBody": "{{firstName}}, {{topic|a word}}: {{publicIdentifier}}"},
)
STOPS = [step.get("stopOnReply", True) for step in STEPS]  # is a reply the end?
BACKOFF_MS = 1000
MAX_ATTEMPTS = 3  # the third time that it is given back it has failed
WORKSPACE = None  # the list of the workspace, beside those of the campaigns
RESULTS = ("done", "replied", "failed")  # after these nobody gets the activity again


class Person:
    """Somebody whom one worker adds and blocks; a lead in one campaign or in both."""

    def __init__(self, worker, number):
        self.worker = worker
        self.number = number
        self.identifier = f"w{worker}-{number}"
        self.member_id = f"ACoAA{worker}{number:033d}"
        self.linked_since = None  # a lead of any campaign was acknowledged with both names

    def link(self, now):
        self.linked_since = self.linked_since or now

    def first_name(self):
        return f"F{self.worker}-{self.number}"


class Block:
    def __init__(self, since):
        self.since = since  # its acknowledgement
        self.leaving = False  # an unblock is under way


class Handout:
    """An activity as one claim gave it away."""

    def __init__(self, activity, attempt, at_ms, until_ms):
        self.activity = activity
        self.attempt = attempt
        self.at_ms = at_ms
        self.until_ms = until_ms
        self.token = None  # unknown when the claim was not answered
        self.report = None  # (result, detail) that was acknowledged
        self.retry_sent_ms = None

    def was_retried(self):
        return bool(self.report) and self.report[0] == "retry"

    def free_at_ms(self, retries):
        """When somebody else may have it, at the earliest. retries: known ones up to this one."""
        if self.was_retried():
            return self.retry_sent_ms + (BACKOFF_MS << (retries - 1))
        if self.retry_sent_ms:  # under way
            return min(self.until_ms, self.retry_sent_ms + BACKOFF_MS)
        return self.until_ms


class Activity:
    """A step of one lead, from its first claim on."""

    def __init__(self, lead, step):
        self.lead = lead
        self.step = step
        self.handouts = {}  # attempt -> Handout
        self.state = None  # claimed, done, replied, failed, or retry: given back
        self.detail = None
        self.final = None  # the attempt that was reported done, replied or failed
        self.gave_up = False
        self.retries = 0
        self.reports_under_way = 0

    def __repr__(self):
        return f"step {self.step + 1} of {self.lead}"

    def attempts(self):
        return max(self.handouts)

    def check_leases(self):
        """Nobody gets an activity until the lease of the one before has run out."""
        retries = 0
        known = [self.handouts[attempt] for attempt in sorted(self.handouts)]
        for before, after in zip(known, known[1:]):
            retries += before.was_retried()
            early = before.free_at_ms(retries) - after.at_ms
            if early > 0:
                raise Failure(f"{self} was claimed again {early} ms before it was free: attempts "
                              f"{before.attempt} and {after.attempt}")

    def check_final(self):
        if self.final is not None and self.attempts() > self.final:
            raise Failure(f"{self} was handed out again, attempt {self.attempts()}, though attempt "
                          f"{self.final} was reported {self.state}: done twice")

    def give_to(self, handout):
        if handout.attempt in self.handouts:
            raise Failure(f"attempt {handout.attempt} of {self} was handed out twice")
        last = handout.attempt > max(self.handouts, default=0)
        self.handouts[handout.attempt] = handout
        self.check_final()
        self.check_leases()
        if last:
            self.state, self.detail = "claimed", None

    def take_report(self, handout, result, detail):
        """A first report for this handout has happened."""
        handout.report = (result, detail)
        if result == "retry":
            self.take_retry(handout)
        else:
            self.final, self.state = handout.attempt, result
            self.gave_up = result == "failed"
        if self.attempts() == handout.attempt:
            self.detail = detail
        self.check_final()
        self.check_leases()

    def take_retry(self, handout):
        self.retries += 1
        if self.retries >= MAX_ATTEMPTS:
            self.final = max(attempt for attempt, other in self.handouts.items()
                             if other.was_retried())
            self.state, self.gave_up = "failed", True
        elif self.attempts() == handout.attempt:
            self.state = "retry"


class Lead:
    def __init__(self, campaign, person):
        self.campaign = campaign
        self.person = person
        self.added = False  # acknowledged
        self.member_sent = False  # its member id was sent
        self.member_since = None  # and acknowledged
        self.no = None  # its id, when that is known
        self.activities = {}  # step -> Activity
        self.late_reply = False  # one was sent: it may have ended the sequence at any time
        self.ended = None  # when a report was acknowledged that ends its sequence
        self.touched = 0  # when somebody last sent or learned something of it

    def __repr__(self):
        return f"{self.person.identifier} in {self.campaign}"

    def names(self, before=None):
        """The names by which blocks find it; before: those that were known by then. What one campaign has
        learned of a person holds in all."""
        names = [self.person.identifier]
        linked = self.person.linked_since
        if linked is not None and (before is None or linked < before):
            names.append(self.person.member_id)
        return names

    def standing(self):
        """Its status, and the step that is next (None: it is finished)."""
        activities = self.activities
        if any(a.state == "replied" and STOPS[step] for step, a in activities.items()):
            return "completed", None
        for step in range(len(STEPS)):
            activity = activities.get(step)
            if activity is None:
                return "active" if activities else "waiting", step
            if activity.gave_up:
                return "error", None
            if activity.state in ("claimed", "retry"):
                return "active", step
        return "completed", None

    def check_order(self, step, handout):
        """Is it this step's turn? Reports that are under way may have happened."""
        for earlier in range(step):
            activity = self.activities.get(earlier)
            if activity is None or not (activity.state in RESULTS or activity.reports_under_way):
                raise Failure(f"step {step + 1} of {self} was handed out before step "
                              f"{earlier + 1} was reported")
        for later, activity in self.activities.items():
            if later > step and any(handout.at_ms > other.at_ms
                                    for other in activity.handouts.values()):
                raise Failure(f"step {step + 1} of {self} was handed out after step {later + 1}")


class Ledger:
    """All of it. Whoever calls holds `lock`, or is alone."""

    def __init__(self, campaigns):
        self.lock = threading.RLock()
        self.campaigns = campaigns  # id -> ids of its steps
        self.leads = {}  # (campaign, identifier) -> Lead
        self.blocks = {}  # (list, name) -> Block
        self.clock = 0
        self.tokens = set()
        self.lost = []  # (Activity, attempt): refused, because somebody else has claimed it since
        self.late_claims = False  # one was not answered for longer than its lease

    def tick(self):
        self.clock += 1
        return self.clock

    def lead(self, campaign, identifier):
        try:
            return self.leads[campaign, identifier]
        except KeyError:
            raise Failure(f"{identifier} was never added to {campaign}") from None

    def leads_of(self, which, people):
        campaigns = self.campaigns if which is WORKSPACE else [which]
        leads = (self.leads.get((campaign, person.identifier))
                 for campaign in campaigns for person in people)
        return [lead for lead in leads if lead]

    def sure_block(self, lead, sent):
        """A block of the lead that was acknowledged before `sent` and that nobody has tried to take
        away since."""
        for which in (WORKSPACE, lead.campaign):
            for name in lead.names(before=sent):
                block = self.blocks.get((which, name))
                if block and block.since < sent and not block.leaving:
                    return f"{name} on the list of {which or 'the workspace'}"
        return None

    def scope(self, lead):
        """Where it is blocked, when nothing is under way; None: nowhere."""
        for which, scope in ((WORKSPACE, "workspace"), (lead.campaign, "campaign")):
            if any((which, name) in self.blocks for name in lead.names()):
                return scope
        return None

    def hand_out(self, lead, step, handout, sent):
        """A claim that was sent at `sent` has given this away; all the promises are checked."""
        block = self.sure_block(lead, sent)
        if block:
            raise Failure(f"{lead} was handed out though it was blocked before the claim was sent: "
                          f"{block}")
        if lead.ended is not None and lead.ended < sent:
            raise Failure(f"{lead} was handed out though its sequence had ended")
        lead.check_order(step, handout)
        handout.activity.give_to(handout)

    def activity(self, lead, step):
        return lead.activities.setdefault(step, Activity(lead, step))
