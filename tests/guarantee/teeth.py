"""How close a run came to what it looks for: a test that cannot bite proves nothing."""

from bisect import bisect_right

import promise
import restraints
from blocklists import FOREVER, INSTALLATION

CLOSE = 10_000_000  # nanoseconds
VERY_CLOSE = 1_000_000
BLOCKS_WANTED = 1000  # of leads with work left
CLOSE_WANTED = 100  # of these, acknowledged within CLOSE before a claim was sent
HELD_BACK_WANTED = 100  # of these, of a lead that the claim would have got but for the block
OVERLAPS_WANTED = 100  # activities that were handed out while their lead was being blocked
LISTED_WANTED = 30  # of these, activities that a list had to show after the acknowledgement
OPT_OUTS_WANTED = 30  # reports that block
EVERYWHERE_WANTED = 100  # blocks of these in the installation's list
EVERYWHERE_CLOSE_WANTED = 20  # of these, acknowledged within CLOSE before a claim was sent
EDITS_WANTED = 100  # of steps and variants of campaigns that are active
TEXTS_WANTED = 30  # different ones of variants that were handed out
REPLIES_WANTED = 30  # that block, acknowledged within CLOSE before a claim of the campaign
CONTACTS_WANTED = 30  # answered within CLOSE before a claim of another campaign that skips
COLLEAGUES_WANTED = 10  # replies that stop them, acknowledged within CLOSE before a claim
MINUTE = 60 * 10**9  # nanoseconds; all these are wanted of a run of a minute; of a shorter one, its share


class Lead:
    """When there was work left for a lead, and when it lay in wait for a claim."""

    def __init__(self, facts, campaign, name, added):
        self.campaign = campaign
        self.names = {name, *facts.maybe_bound.get(name, ())}
        self.since = added["received"]
        self.until = FOREVER  # when the report was sent that ended its sequence
        self.claimed, self.free = [], []  # when it was claimed, and when it was due again after

    def note(self, grant, completes):
        """Takes the next hand-out. A step that is done makes it due at once, since delays are 0."""
        self.claimed.append(grant.claim["sent"])
        due = FOREVER
        for event in completes:
            if event.get("leadStatus") in ("completed", "error"):
                self.until = min(self.until, event["sent"])
            elif event["status"] == 200 and event["result"] in ("done", "replied"):
                due = min(due, event["received"])
        self.free.append(due)

    def is_next(self, at):
        """Has it done a step, and would a claim that is sent now get it? Who is further in the
        sequence comes first."""
        index = bisect_right(self.claimed, at)
        return index > 0 and self.free[index - 1] < at < self.until


class Teeth:
    def __init__(self, facts):
        self.facts = facts
        self.claims = {}  # campaign -> when claims were sent
        for claim in facts.claims:
            self.claims.setdefault(claim["campaign"], []).append(claim["sent"])
        self.leads = self._leads()
        self.everywhere = self.everywhere_close = 0
        self.blocks = self.close = self.very_close = self.held_back = 0
        for event in facts.requests:
            if event["op"] in ("block", "undo") and event["status"] == 200 and event["blocked"]:
                self._note(event)
        self.unblocks = sum(event.get("unblocked", 0) > 0 for event in facts.requests)
        self.overlaps = self._overlaps()
        self.listed = promise.listed_at_acknowledgement(facts)
        self.replies = self.contacts = self.colleagues = 0
        self._note_settings()
        self.opt_outs = sum(event["result"] == "opted_out" and event["status"] == 200
                            for event in facts.completes)
        edits = [event for event in facts.requests if event["op"] == "edit"]
        self.edits = sum(event["status"] in (200, 201) for event in edits)
        born = {event["born"] for event in edits}
        self.texts = len({grant.text for grant in facts.grants if grant.text in born} - {None})

    def _leads(self):
        """name or member id -> the leads that have it."""
        leads = {key: Lead(self.facts, *key, added) for key, added in self.facts.people.items()}
        for grant in self.facts.grants:
            lead = leads.get((grant.claim["campaign"], grant.name))
            if lead:
                lead.note(grant, self.facts.completes_for(grant))
        self.workers = {}  # (campaign, company) -> leads
        for key, lead in leads.items():
            company = self.facts.companies.get(key)
            self.workers.setdefault((key[0], company), []).append(lead)
        named = {}
        for lead in leads.values():
            for name in lead.names:
                named.setdefault(name, []).append(lead)
        return named

    def _note(self, event):
        """Counts a block if one of its leads has work left, and how soon a claim followed."""
        resolved = self.facts.blocklists.resolve(event)
        if not resolved:
            return
        _, where, names = resolved
        leads = [lead for name in names for lead in self.leads.get(name, ())
                 if where in (None, INSTALLATION, lead.campaign) and lead.since < event["sent"]
                 and event["received"] < lead.until]
        if not leads:
            return
        follows = {lead.campaign: self._next_claim(lead.campaign, event["received"])
                   for lead in leads}
        gap = min(follows.values()) - event["received"]
        self.blocks += 1
        self.everywhere += where == INSTALLATION
        self.everywhere_close += where == INSTALLATION and gap <= CLOSE
        self.close += gap <= CLOSE
        self.very_close += gap <= VERY_CLOSE
        self.held_back += gap <= CLOSE and any(lead.is_next(follows[lead.campaign])
                                               for lead in leads)

    def _note_settings(self):
        """Counts what settings of campaigns held back: leads that had work left there, and that a
        claim right after would have got."""
        facts = self.facts
        for grant in facts.grants:
            campaign, answered = grant.claim["campaign"], grant.claim["received"]
            if grant.order in restraints.CONTACTS:
                self.contacts += any(
                    self._bites(lead, answered) for name in facts.certain_names(grant, answered)
                    for lead in self.leads.get(name, ()) if lead.campaign != campaign
                    and restraints.skips(facts, lead.campaign))
            for event in facts.completes_for(grant):
                if event["status"] != 200 or event["result"] != "replied":
                    continue
                own = self.leads.get(grant.name, ())
                self.replies += "names" in event and any(
                    self._bites(lead, event["received"], blocks=True) for lead in own)
                self.colleagues += restraints.stops(facts, campaign) and any(
                    self._bites(lead, event["received"])
                    for lead in self.workers.get((campaign, facts.company_of(grant)), ())
                    if lead not in own)

    def _bites(self, lead, at, blocks=False):
        """Was a claim of its campaign sent within CLOSE, for which the lead was next in line?"""
        claim = self._next_claim(lead.campaign, at)
        return claim - at <= CLOSE and (blocks or lead.is_next(claim))

    def _next_claim(self, campaign, received):
        """When the next claim was sent."""
        claims = self.claims.get(campaign, [])
        index = bisect_right(claims, received)
        return claims[index] if index < len(claims) else FOREVER

    def _overlaps(self):
        """How many activities were handed out by claims that overlap a block of their lead."""
        blocks = {}
        for event in self.facts.requests:
            if event["op"] == "block" and event["status"] == 200:
                for name in event["names"]:
                    blocks.setdefault((event["campaign"], name), []).append(event)
        sends = {key: [event["sent"] for event in events] for key, events in blocks.items()}
        count = 0
        for grant in self.facts.grants:
            claim = grant.claim
            for key in self.facts.possible_keys(grant):
                if key in blocks:
                    index = bisect_right(sends[key], claim["received"])
                    near = blocks[key][max(0, index - 4) : index]
                    if any(event["received"] > claim["sent"] for event in near):
                        count += 1
                        break
        return count

    def lines(self):
        yield (f"{self.blocks} blocks of leads with work left; acknowledged within 1 ms before a "
               f"claim was sent: {self.very_close}, within 10 ms: {self.close}")
        yield (f"{self.held_back} of these held back a lead that was next in line at that claim")
        yield (f"{self.everywhere} of the blocks were made in the installation's list, "
               f"{self.everywhere_close} of them within 10 ms before a claim was sent")
        yield f"{self.unblocks} unblocks and undone blocks"
        yield (f"{self.overlaps} activities were handed out by claims that overlap a block of "
               f"their lead; {self.listed} of these had to be listed right after it was "
               "acknowledged")

        yield (f"{self.opt_outs} opt-outs; {self.edits} changes of steps and variants, "
               f"{self.texts} texts of variants handed out")
        yield (f"within 10 ms before a claim: {self.replies} replies that block, {self.contacts} "
               f"contacts of people who are next in a campaign that skips them, "
               f"{self.colleagues} replies of colleagues of people who are next")

    def share(self):
        """How much of a minute blocks were sent."""
        sent = [event["sent"] for event in self.facts.requests if event["op"] == "block"]
        return min(1, (sent[-1] - sent[0]) / MINUTE) if sent else 1

    def missing(self, share=None):
        """`share`: of a minute, in place of the run's own."""
        share = self.share() if share is None else share
        for count, wanted, what in [
                (self.blocks, BLOCKS_WANTED, "blocks of leads with work left"),
                (self.close, CLOSE_WANTED, "of them acknowledged within 10 ms before a claim"),
                (self.held_back, HELD_BACK_WANTED, "of a lead that was next in line at that claim"),
                (self.everywhere, EVERYWHERE_WANTED, "of them in the installation's list"),
                (self.everywhere_close, EVERYWHERE_CLOSE_WANTED, "of these within 10 ms before a claim"),
                (self.overlaps, OVERLAPS_WANTED, "activities handed out during a block"),
                (self.listed, LISTED_WANTED, "of them to be listed after its acknowledgement"),
                (self.opt_outs, OPT_OUTS_WANTED, "opt-outs"),
                (self.replies, REPLIES_WANTED, "replies that block, within 10 ms before a claim"),
                (self.contacts, CONTACTS_WANTED, "contacts before a claim that has to skip them"),
                (self.colleagues, COLLEAGUES_WANTED, "replies before a claim that has to stop"),
                (self.edits, EDITS_WANTED, "changes of steps and variants"),
                (self.texts, TEXTS_WANTED, "texts of variants handed out")]:
            wanted = max(1, round(wanted * share))
            if count < wanted:
                yield f"only {count} {what}; {wanted} are wanted"
