"""The writes of claim_cycles.py, one class each: what is sent, what its acknowledgement makes true,
and how to find out afterwards whether one that was not answered has happened.

A request is prepared, then sent, then answered, refused or cut off. Of one that was cut off
`happened` says whether it did, and fails when half of it did.
"""

import time
from datetime import datetime

from claim_model import Handout, Lead, Block, MAX_ATTEMPTS, STEPS, STOPS, WORKSPACE
from cycles import Failure


def milliseconds(text):
    """Since 1970, of a time in the API's form."""
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return round(at.timestamp() * 1000)


def all_or_nothing(flags, what):
    flags = list(flags)
    if any(flags) and not all(flags):
        raise Failure(f"half a request: {sum(flags)} of {len(flags)} of {what}")
    return all(flags)


class Request:
    order = 0  # requests that were cut off are settled in this order
    settles_by_looking = True  # false: whether it happened makes no difference

    def __init__(self, ledger):
        self.ledger = ledger
        self.sent = None
        self.sent_ms = None

    def prepare(self):
        self.sent = self.ledger.tick()
        self.sent_ms = int(time.time() * 1000)
        self.touch(self.sent)

    def leads(self):
        """Those of whom something changes."""
        return []

    def touch(self, when):
        for lead in self.leads():
            lead.touched = when

    def answered(self, response):
        if response.status != 200:
            raise Failure(f"{self}: {response}")
        answer = response.json()
        self.check(answer, response)
        self.apply()
        self.touch(self.ledger.tick())

    def check(self, answer, response):
        """Is this the answer that it must be?"""

    def apply(self):
        """It has happened."""

    def refused(self):
        """It has not happened, and will not."""

    def over(self):
        """It is not under way any more."""

    def settle(self, there):
        """It was cut off: finds out whether it happened (None: makes no difference)."""
        self.over()
        if not self.settles_by_looking:
            return None
        happened = self.happened(there)
        if happened:
            self.apply()
        else:
            self.refused()
        return happened

    def happened(self, there):
        raise NotImplementedError


class Add(Request):
    """People become leads of a campaign; some of them with their member ids."""

    def __init__(self, ledger, campaign, people, with_member_ids):
        super().__init__(ledger)
        self.campaign = campaign
        self.people = people
        self.with_member_ids = with_member_ids

    def __repr__(self):
        return f"adding {len(self.people)} to {self.campaign}"

    def call(self):
        leads = [{"publicIdentifier": person.identifier, "firstName": person.first_name(),
                  **({"memberId": person.member_id} if person in self.with_member_ids else {})}
                 for person in self.people]
        return "POST", f"/campaigns/{self.campaign}/leads", {"leads": leads}

    def prepare(self):
        for person in self.people:
            lead = Lead(self.campaign, person)
            lead.member_sent = person in self.with_member_ids
            self.ledger.leads[self.campaign, person.identifier] = lead
        super().prepare()

    def leads(self):
        return self.ledger.leads_of(self.campaign, self.people)

    def check(self, answer, response):
        if (answer["added"], answer["duplicates"]) != (len(self.people), 0):
            raise Failure(f"{self}, who were all new: {answer}")

    def apply(self):
        for lead in self.leads():
            lead.added = True
            if lead.member_sent:
                lead.member_since = self.ledger.tick()
                lead.person.link(lead.member_since)

    def refused(self):
        for lead in self.leads():
            if lead.activities:
                raise Failure(f"{lead} was handed out, but is not there")
            del self.ledger.leads[lead.campaign, lead.person.identifier]

    def happened(self, there):
        return all_or_nothing(((self.campaign, person.identifier) in there.leads
                               for person in self.people), f"{self}: in the list")


class Learn(Request):
    """Somebody is added again, with the member id that was not known."""

    def __init__(self, ledger, lead):
        super().__init__(ledger)
        self.lead = lead

    def __repr__(self):
        return f"adding {self.lead} again with a member id"

    def call(self):
        person = self.lead.person
        return "POST", f"/campaigns/{self.lead.campaign}/leads", {"leads": [
            {"publicIdentifier": person.identifier, "memberId": person.member_id}]}

    def prepare(self):
        self.lead.member_sent = True
        super().prepare()

    def leads(self):
        return [self.lead]

    def check(self, answer, response):
        if (answer["added"], answer["duplicates"]) != (0, 1):
            raise Failure(f"{self}: {answer}")

    def apply(self):
        self.lead.member_since = self.ledger.tick()
        self.lead.person.link(self.lead.member_since)

    def refused(self):
        self.lead.member_sent = False

    def happened(self, there):
        entry = there.leads.get((self.lead.campaign, self.lead.person.identifier), {})
        return entry.get("memberId") == self.lead.person.member_id


class Change(Request):
    """Names come onto a blocklist or leave it."""

    order = 2

    def __init__(self, ledger, which, names, people, on):
        super().__init__(ledger)
        self.which = which
        self.names = names
        self.people = people
        self.on = on
        self.change = None  # its id, to undo it
        self.ids = None  # of the entries to delete from the workspace's list
        self.undone = None  # the id of a change: this is its undoing

    def __repr__(self):
        what = "undo: " if self.undone else ""
        return (f"{what}{'blocking' if self.on else 'unblocking'} {', '.join(self.names)} in "
                f"{self.which or 'the workspace'}")

    def call(self):
        if self.undone:
            return "POST", f"/changes/{self.undone}/undo", None
        method = "POST" if self.on else "DELETE"
        if self.which is not WORKSPACE:
            path = f"/campaigns/{self.which}/blocked-leads"
            return method, path, {"publicIdentifiers": self.names}
        if self.on:
            body = {"leads": [{"publicIdentifier": name} for name in self.names]}
            return method, "/blocked-leads", body
        return method, "/blocked-leads", self.ids

    def keys(self):
        return [(self.which, name) for name in self.names]

    def leads(self):
        return self.ledger.leads_of(self.which, self.people)

    def prepare(self):
        super().prepare()
        if not self.on:
            for key in self.keys():
                self.ledger.blocks[key].leaving = True

    def check(self, answer, response):
        count = answer["blocked" if self.on else "unblocked"]
        if count != len(self.names):
            raise Failure(f"{self}: {answer}")
        self.change = response.header("x-change-id")

    def apply(self):
        for key in self.keys():
            if self.on:
                self.ledger.blocks[key] = Block(self.ledger.tick())
            else:
                del self.ledger.blocks[key]

    def refused(self):
        if not self.on:
            for key in self.keys():
                self.ledger.blocks[key].leaving = False

    def happened(self, there):
        listed = there.blocked[self.which]
        return all_or_nothing(((name in listed) == self.on for name in self.names), f"{self}")


class Claim(Request):
    """Each worker has a length of lease of its own, by which its claims are known afterwards."""

    order = 3

    def __init__(self, ledger, campaign, most, lease_s):
        super().__init__(ledger)
        self.campaign = campaign
        self.most = most
        self.lease_s = lease_s
        self.got = []  # Handouts
        self.found = []  # of one that was cut off: (Lead, step, entry of the list)

    def __repr__(self):
        return f"a claim of {self.most} for {self.lease_s} s in {self.campaign}"

    def call(self):
        return ("POST", f"/campaigns/{self.campaign}/activities/claim",
                {"max": self.most, "leaseSeconds": self.lease_s})

    def leads(self):
        return [handout.activity.lead for handout in self.got]

    def check(self, answer, response):
        if len(answer) > self.most:
            raise Failure(f"{self} got {len(answer)}")
        for item in answer:
            self.take(item)

    def take(self, item):
        lead = self.ledger.lead(self.campaign, item["publicIdentifier"])
        step = item["order"] - 1
        self.check_item(item, lead, step)
        handout = self.hand_out(lead, step, item["attempt"], item["leaseExpiresAt"])
        handout.token = item["leaseToken"]
        if item["leaseToken"] in self.ledger.tokens:
            raise Failure(f"{self} got a token that was given before: {item}")
        self.ledger.tokens.add(item["leaseToken"])

    def check_item(self, item, lead, step):
        lead.no = lead.no or item["leadId"]
        step_id = self.ledger.campaigns[self.campaign][step]
        member_ids = [lead.person.member_id] if lead.member_sent else []
        if not (lead.member_since and lead.member_since < self.sent):
            member_ids.append(None)
        first_name = lead.person.first_name()
        message = (None, f"Hello {first_name}",
                   f"{first_name}, a word: {lead.person.identifier}")[step]
        expected = {"id": f"ac_{lead.no[3:]}_{step_id[3:]}", "leadId": lead.no, "stepId": step_id,
                    "type": STEPS[step]["type"], "firstName": first_name, "message": message}
        if any(item[name] != value for name, value in expected.items()):
            raise Failure(f"{self} got {item}, not {expected}")
        if item["memberId"] not in member_ids:
            raise Failure(f"{self} got {item}, not with a member id of {member_ids}")

    def happened(self, there):
        self.found = there.unknown(self.ledger, self.campaign, self.lease_s)
        if len(self.found) > self.most or len({e["claimedAt"] for _, _, e in self.found}) > 1:
            raise Failure(f"{self} got {[entry for _, _, entry in self.found]}")
        return bool(self.found)

    def apply(self):
        for lead, step, entry in self.found:
            self.hand_out(lead, step, entry["attempts"], entry["leaseExpiresAt"])

    def hand_out(self, lead, step, attempt, lease_expires_at):
        until_ms = milliseconds(lease_expires_at)
        activity = self.ledger.activity(lead, step)
        handout = Handout(activity, attempt, until_ms - self.lease_s * 1000, until_ms)
        self.ledger.hand_out(lead, step, handout, self.sent)
        self.got.append(handout)
        return handout


class Complete(Request):
    """A report. `again`: the very report that was acknowledged, which changes nothing."""

    order = 1

    def __init__(self, ledger, handout, result, detail, again=False):
        super().__init__(ledger)
        self.handout = handout
        self.activity = handout.activity
        self.result = result
        self.detail = detail
        self.again = again
        self.late_reply = result == "replied" and bool(handout.report) and not again
        self.settles_by_looking = not again

    def __repr__(self):
        again = " again" if self.again else ""
        what = f"{self.activity} (attempt {self.handout.attempt})"
        return f"reporting {self.result}{again} for {what}"

    def call(self):
        lead = self.activity.lead
        step_id = self.ledger.campaigns[lead.campaign][self.activity.step]
        body = {"leaseToken": self.handout.token, "result": self.result, "detail": self.detail}
        return "POST", f"/activities/ac_{lead.no[3:]}_{step_id[3:]}/complete", body

    def leads(self):
        return [self.activity.lead]

    def prepare(self):
        super().prepare()
        self.activity.reports_under_way += 1
        self.activity.lead.late_reply |= self.late_reply
        if self.result == "retry" and not self.again:
            self.handout.retry_sent_ms = self.sent_ms

    def answered(self, response):
        if response.status == 409 and response.code == "lease_lost":
            self.lose(response)
        else:
            super().answered(response)

    def over(self):
        self.activity.reports_under_way -= 1

    def lose(self, response):
        """Only who holds an unreported activity may lose it, and only to somebody else."""
        if self.activity.final == self.handout.attempt:
            raise Failure(f"{self}: {response}")
        self.ledger.lost.append((self.activity, self.handout.attempt))
        self.refused()

    def refused(self):
        if self.result == "retry" and not self.again:
            self.handout.retry_sent_ms = None

    def check(self, answer, response):
        lead = self.activity.lead
        if answer["leadId"] != lead.no:
            raise Failure(f"{self}: {answer}")
        block = self.ledger.sure_block(lead, self.sent)
        if block and not answer["blocked"]:
            raise Failure(f"{self} does not say that the lead is blocked: {block}")
        if self.again or lead.late_reply or self.activity.reports_under_way > 1:
            return  # other reports may have changed the lead
        if answer["status"] != self.status_after():
            raise Failure(f"{self}: the lead is {answer['status']}, not {self.status_after()}")

    def status_after(self):
        step = self.activity.step
        if self.result == "failed":
            return "error"
        if self.result == "retry":
            return "error" if self.activity.retries + 1 >= MAX_ATTEMPTS else "active"
        stop = self.result == "replied" and STOPS[step]
        return "completed" if stop or step == len(STEPS) - 1 else "active"

    def apply(self):
        if self.again:
            return
        if self.late_reply:
            self.activity.state, self.activity.detail = "replied", self.detail
            self.handout.report = (self.result, self.detail)
        else:
            self.activity.take_report(self.handout, self.result, self.detail)
        status, _ = self.activity.lead.standing()
        if status in ("completed", "error") and self.activity.lead.ended is None:
            self.activity.lead.ended = self.ledger.tick()

    def happened(self, there):
        entry = there.activity(self.activity)
        if entry is None or entry["attempts"] != self.handout.attempt:
            return False
        return all_or_nothing((entry["detail"] == self.detail,
                               entry["state"] != self.activity.state), f"{self}: {entry}")


class Activate(Request):
    settles_by_looking = False

    def __init__(self, ledger, campaign):
        super().__init__(ledger)
        self.campaign = campaign

    def __repr__(self):
        return f"activating {self.campaign}"

    def call(self):
        return "PUT", f"/campaigns/{self.campaign}/activate", None
