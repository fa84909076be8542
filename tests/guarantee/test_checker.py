"""The checker finds what is wrong in a history, and nothing in one that is right.

Times are milliseconds; an operation `at=(a, b)` was sent at a and answered at b.
"""

import copy
import random

import pytest

import checker
import history
from blocklists import INSTALLATION, Operations
from simulated import MS, WALL, Simulation, iso

ACK = "never handed out after the acknowledgement of a block"
TWICE = "never handed out twice within a lease"
AFTER = "never handed out after it was completed"
ORDER = "steps in order, each done once"
LENGTH = "leases as long as was asked"
LOST = "every lead that is not blocked is finished"
SHOWN = "blocked leads are shown as blocked"
SUMS = "completed, with counts that add up"
LISTED = "what was claimed is listed when the block is acknowledged"
TOLD = "completing tells whether the lead is blocked"
AGAIN = "adding again adds nobody"
ERRORS = "no errors"
END = (LOST, SUMS)  # what a history without an end does not show
MEMBER = "ACoAA" + "m" * 32


class Story:
    """A history that a test tells, of campaign c with three steps."""

    def __init__(self):
        self.events = [{"op": "start", "at": 0, "wall": WALL, "seed": 0,
                        "campaigns": {"c": [True, False, True]}},
                       {"op": "end", "at": 10**12, "wall": WALL + 10**12}]
        self.changes = 0

    def note(self, op, at, **fields):
        sent, received = at
        self.events.append({"op": op, "worker": "w", "sent": round(sent * MS),
                            "received": None if received is None else round(received * MS),
                            "status": 200, **fields})
        return self.events[-1]

    def change(self, op, at, **fields):
        self.changes += 1
        return self.note(op, at, change=f"ch_{self.changes}", **fields)

    def block(self, at, *names, where="c", blocked=None):
        return self.change("block", at, campaign=where, names=list(names), asked=list(names),
                           blocked=len(names) if blocked is None else blocked)

    def unblock(self, at, *names, unblocked=None, **fields):
        return self.change("unblock", at, **{"campaign": "c", "names": list(names), **fields},
                           unblocked=len(names) if unblocked is None else unblocked)

    def unblock_records(self, at, *names, unblocked=None):
        return self.unblock(at, *names, unblocked=unblocked, campaign=None,
                            ids=[f"bl_{name}" for name in names])

    def undo(self, at, change, blocked=0, unblocked=0):
        return self.change("undo", at, of=change["change"], blocked=blocked, unblocked=unblocked)

    def claim(self, at, lead="john", order=1, token=None, lease=60, member=None, activity=None):
        token = token or f"t{len(self.events)}"
        activity = activity or f"ac_{lead}_{order}"
        return self.note("claim", at, campaign="c", max=1, lease=lease, activities=[
            [activity, f"ld_{lead}", lead, member, order, 1, token]])

    def nothing(self, at):
        return self.note("claim", at, campaign="c", max=1, lease=60, activities=[])

    def complete(self, at, claim, result="done", status="active", blocked=False):
        activity = claim["activities"][0]
        return self.note("complete", at, activity=activity[0], token=activity[6], result=result,
                         leadStatus=status, blocked=blocked)

    def refused(self, at, claim, result="done"):
        event = self.complete(at, claim, result)
        event.update(status=409, code="lease_lost")
        return event

    def add(self, at, *people, added=None, duplicates=0):
        return self.note("add", at, campaign="c", people=[list(person) for person in people],
                         added=len(people) - duplicates if added is None else added,
                         duplicates=duplicates, blocked=0)

    def list(self, at, *claims, whole=True):
        shown = [[claim["activities"][0][0], claim["activities"][0][1], "claimed"]
                 for claim in claims]
        return self.note("list", at, campaign="c", state="claimed", activities=shown, whole=whole)

    def finish(self, lead="john", at=1000, orders=(1, 2, 3)):
        """Takes a lead through these steps."""
        for order in orders:
            claim = self.claim((at, at + 1), lead, order)
            self.complete((at + 2, at + 3), claim,
                          status="completed" if order == 3 else "active")
            at += 10

    def end(self, *leads, status="completed", progress=100, counts=None):
        """The final look; a lead is (name, status, blocked)."""
        numbers = dict.fromkeys(("waiting", "active", "paused", "completed", "error", "blocked"), 0)
        for _, state, blocked in leads:
            numbers[state] += 1
            numbers["blocked"] += blocked and state not in ("completed", "error")
        at = (9000, 9001)
        self.note("campaign", at, campaign="c", final=True, state={
            "status": status, "progress": progress, "totalLeads": len(leads),
            "leads": counts or numbers})
        self.note("leads", at, campaign="c", final=True, total=len(leads), leads=[
            [f"ld_{name}", name, None, state, blocked] for name, state, blocked in leads])
        self.note("check", at, campaign="c", final=True, names=[name for name, _, _ in leads],
                  blocked=[name for name, _, blocked in leads if blocked])


def failures(events, wants_teeth=False):
    """The tests that have findings, without the campaign's name."""
    report = checker.check(events, wants_teeth)
    return {name.split(" (")[0]: texts for name, texts in report.tests.items() if texts}


def found(story, *ignored):
    return sorted(failures(story.events).keys() - {*END, *ignored})


# ---- (a) claims after acknowledgements ----


def test_a_claim_before_a_block_is_fine():
    story = Story()
    claim = story.claim((1, 2))
    story.block((3, 4), "john")
    story.complete((5, 6), claim, blocked=True)
    assert found(story) == []


def test_a_claim_after_an_acknowledgement_that_hands_out_is_found():
    story = Story()
    story.block((1, 2), "jane", "john")
    story.claim((3, 4))
    assert found(story) == [ACK]


def test_the_finding_says_who_and_when():
    story = Story()
    story.block((1, 2), "john")
    story.claim((3, 4))
    (text,) = failures(story.events)[ACK]
    assert "ld_john" in text and "'john'" in text and "1.000 ms after" in text
    assert "0.003000 s" in text and "0.002000 s" in text


@pytest.mark.parametrize("claim", [(1.5, 4), (0.5, 1.5), (0.5, 4), (1.2, 1.8)])
def test_a_claim_that_overlaps_the_block_may_hand_out(claim):
    story = Story()
    story.block((1, 2), "john")
    story.claim(claim)
    assert found(story) == []


def test_equal_times_count_as_overlapping():
    story = Story()
    story.block((1, 2), "john")
    story.claim((2, 4))
    assert found(story) == []
    story = Story()
    story.block((1, 2), "john")
    story.claim((2.000001, 4))
    assert found(story) == [ACK]


def test_another_leads_block_is_no_matter():
    story = Story()
    story.block((1, 2), "jane")
    story.claim((3, 4))
    assert found(story) == []


def test_a_block_of_another_campaign_is_no_matter():
    story = Story()
    story.block((1, 2), "john", where="other")
    story.claim((3, 4))
    assert found(story) == []


def test_a_block_in_the_workspace_counts():
    story = Story()
    story.block((1, 2), "john", where=None)
    story.claim((3, 4))
    assert found(story) == [ACK]


def test_a_block_in_the_installations_list_counts():
    story = Story()
    story.block((1, 2), "john", where=INSTALLATION)
    story.claim((3, 4))
    assert found(story) == [ACK]


def test_what_is_freed_in_a_workspace_stays_in_the_installations_list():
    story = Story()
    story.block((1, 2), MEMBER, where=INSTALLATION)
    story.unblock((2.2, 2.4), MEMBER)
    story.unblock((2.5, 2.6), MEMBER, campaign=None)
    story.claim((3, 4), member=MEMBER)
    assert found(story) == [ACK]


def test_an_unblock_in_the_installations_list_frees():
    story = Story()
    story.block((1, 2), "john", where=INSTALLATION)
    story.unblock((2.5, 2.6), "john", campaign=INSTALLATION)
    story.claim((3, 4))
    assert found(story) == []


def test_a_block_by_member_id_counts_when_the_activity_shows_it():
    story = Story()
    story.block((1, 2), MEMBER)
    story.claim((3, 4), member=MEMBER)
    assert found(story) == [ACK]


def test_a_block_by_member_id_counts_when_the_lead_was_added_with_it_before():
    story = Story()
    story.add((1, 2), ("john", MEMBER))
    story.block((3, 4), MEMBER, where=None)
    story.claim((5, 6))
    assert found(story) == [ACK]


def test_a_member_id_that_is_learnt_while_claiming_is_uncertain():
    story = Story()
    story.add((1, 2), ("john", None))
    story.block((3, 4), MEMBER)
    story.add((4.5, 5.5), ("john", MEMBER), duplicates=1)
    story.claim((5, 6))
    assert found(story) == []


def test_a_block_of_another_name_counts_when_the_link_was_made_before():
    story = Story()
    story.note("link", (1, 2), people=[["john", "johnny"]])
    story.block((3, 4), "johnny", where=None)
    story.claim((5, 6))
    assert found(story) == [ACK]


def test_a_link_that_is_made_after_the_block_counts_for_the_next_claim():
    story = Story()
    story.block((1, 2), "johnny")
    story.complete((2.7, 2.8), story.claim((2.5, 2.6)))
    story.note("link", (3, 4), people=[["john", "johnny"]])
    story.claim((5, 6), order=2)
    assert found(story) == [ACK]


def test_a_link_that_is_made_while_claiming_is_uncertain():
    story = Story()
    story.block((1, 2), "johnny")
    story.note("link", (4.5, 5.5), people=[["john", "johnny"]])
    story.claim((5, 6))
    assert found(story) == []


def test_a_block_that_found_the_lead_blocked_already_counts():
    story = Story()
    story.block((1, 2), "john", blocked=0)
    story.claim((3, 4))
    assert found(story) == [ACK]


def test_a_refused_block_does_not_count():
    story = Story()
    story.block((1, 2), "john").update(status=503, code="overloaded")
    story.claim((3, 4))
    assert found(story, ERRORS) == []


def test_a_block_without_an_answer_does_not_count():
    story = Story()
    story.block((1, None), "john").update(status=0)
    story.claim((3, 4))
    assert found(story, ERRORS) == []


def test_an_unblock_between_frees():
    story = Story()
    story.block((1, 2), "john")
    story.unblock((3, 4), "john")
    story.claim((5, 6))
    assert found(story) == []


@pytest.mark.parametrize("unblock", [(2.5, 3.5), (3.5, 3.6), (3.5, 5), (1.5, 1.7), (0.5, 1.5),
                                     (0.5, 9), (4, 5), (0.5, 1)])
def test_an_unblock_that_overlaps_block_or_claim_makes_it_uncertain(unblock):
    story = Story()
    story.block((1, 2), "john")
    story.unblock(unblock, "john")
    story.claim((3, 4))
    assert found(story) == []


@pytest.mark.parametrize("unblock", [(0.2, 0.9), (4.1, 5)])
def test_an_unblock_before_the_block_or_after_the_claim_does_not_excuse(unblock):
    story = Story()
    story.block((1, 2), "john")
    story.unblock(unblock, "john")
    story.claim((3, 4))
    assert found(story) == [ACK]


def test_an_unblock_without_an_answer_may_have_happened():
    story = Story()
    story.unblock((0.2, None), "john").update(status=0)
    story.block((1, 2), "john")
    story.claim((3, 4))
    assert found(story, ERRORS) == []


def test_an_unblock_that_freed_nobody_does_not_excuse():
    story = Story()
    story.block((1, 2), "john")
    story.unblock((2.5, 2.6), "john", unblocked=0)
    story.claim((3, 4))
    assert found(story) == [ACK]


def test_an_unblock_in_the_other_list_does_not_excuse():
    story = Story()
    story.block((1, 2), "john", where=None)
    story.unblock((2.5, 2.6), "john")
    story.claim((3, 4))
    assert found(story) == [ACK]


def test_an_unblock_of_one_name_does_not_excuse_the_other():
    story = Story()
    story.block((1, 2), "john", MEMBER)
    story.unblock((2.5, 2.6), "john")
    story.claim((3, 4), member=MEMBER)
    assert found(story) == [ACK]


def test_an_unblock_by_record_frees():
    story = Story()
    story.block((1, 2), "john", where=None)
    story.unblock_records((2.5, 2.6), "john")
    story.claim((3, 4))
    assert found(story) == []


def test_blocked_again_after_an_unblock():
    story = Story()
    story.block((1, 2), "john")
    story.unblock((3, 4), "john")
    story.block((5, 6), "john")
    story.claim((7, 8))
    assert found(story) == [ACK]


def test_a_second_block_that_the_unblock_cannot_have_lifted_counts():
    """The first block overlaps the unblock, the second does not."""
    story = Story()
    story.block((1, 3), "john")
    story.unblock((2, 4), "john")
    story.block((5, 6), "john", blocked=0)
    story.claim((7, 8))
    assert found(story) == [ACK]


def test_an_undone_block_frees():
    story = Story()
    block = story.block((1, 2), "john")
    story.undo((2.5, 2.6), block, unblocked=1)
    story.claim((3, 4))
    assert found(story) == []


def test_an_undo_that_changed_nothing_does_not_excuse():
    story = Story()
    block = story.block((1, 2), "john")
    story.undo((2.5, 2.6), block)
    story.claim((3, 4))
    assert found(story) == [ACK]


def test_an_undone_unblock_restores():
    story = Story()
    story.block((1, 2), "john")
    unblock = story.unblock((3, 4), "john")
    story.undo((5, 6), unblock, blocked=1)
    story.claim((7, 8))
    assert found(story) == [ACK]


def test_an_undo_that_restored_some_restores_nobody_for_certain():
    story = Story()
    story.block((1, 2), "john", "jane")
    unblock = story.unblock((3, 4), "john", "jane")
    story.undo((5, 6), unblock, blocked=1)
    story.claim((7, 8))
    assert found(story) == []


def test_an_undone_undo_of_an_unblock_frees_again():
    story = Story()
    story.block((1, 2), "john")
    unblock = story.unblock((3, 4), "john")
    undo = story.undo((5, 6), unblock, blocked=1)
    story.undo((7, 8), undo, unblocked=1)
    story.claim((9, 10))
    assert found(story) == []


def test_an_undone_undo_of_a_block_blocks_again():
    story = Story()
    block = story.block((1, 2), "john")
    undo = story.undo((3, 4), block, unblocked=1)
    story.undo((5, 6), undo, blocked=1)
    story.claim((7, 8))
    assert found(story) == [ACK]


def test_an_undo_of_a_change_that_changed_nothing_is_no_undo():
    story = Story()
    story.block((0.1, 0.2), "jane", blocked=0)["change"] = "ch_0"
    story.block((1, 2), "john")
    story.note("undo", (2.5, 2.6), of="ch_0", blocked=0, unblocked=0, change="ch_0")
    story.claim((3, 4))
    assert found(story) == [ACK]


def test_an_undo_of_an_unknown_change_is_no_matter():
    story = Story()
    story.block((1, 2), "john")
    story.note("undo", (2.5, 2.6), of="ch_99", blocked=0, unblocked=1, change="ch_100")
    story.claim((3, 4))
    assert found(story) == [ACK]


# ---- (b) leases ----


def test_a_second_claim_within_the_lease_is_found():
    story = Story()
    story.claim((1, 2), lease=60)
    story.claim((3, 4))
    assert found(story) == [TWICE]


def test_overlapping_claims_that_both_hand_out_are_found():
    story = Story()
    story.claim((1, 4))
    story.claim((2, 3))
    assert found(story) == [TWICE]


def test_one_claim_that_hands_out_twice_is_found():
    story = Story()
    claim = story.claim((1, 4))
    claim["activities"] *= 2
    assert found(story) == [TWICE]


def test_a_second_claim_after_the_lease_is_fine():
    story = Story()
    story.claim((1, 2), lease=1)
    story.claim((1003, 1004))
    assert found(story) == []


def test_at_the_end_of_the_lease_nothing_is_certain():
    story = Story()
    story.claim((1, 2), lease=1)
    story.claim((997, 998))
    assert found(story) == []
    story = Story()
    story.claim((1, 2), lease=1)
    story.claim((980, 981))
    assert found(story) == [TWICE]


def test_clocks_that_drift_apart_make_the_end_of_a_lease_uncertain():
    story = Story()
    story.events[1]["wall"] += 100 * MS
    story.claim((1, 2), lease=1)
    story.claim((930, 931))
    assert found(story) == []


def test_a_retry_that_was_sent_before_the_answer_lets_others_have_it():
    story = Story()
    first = story.claim((1, 2))
    story.complete((3, 4), first, "retry")
    second = story.claim((3.5, 5))
    story.complete((6, 7), second)
    assert found(story) == []


def test_a_retry_that_was_sent_after_the_answer_does_not():
    story = Story()
    first = story.claim((1, 2))
    story.claim((3, 4))
    story.complete((5, 6), first, "retry")
    assert found(story) == [TWICE]


def test_a_retry_that_was_refused_does_not():
    story = Story()
    first = story.claim((1, 2))
    story.refused((3, 4), first, "retry")
    story.claim((5, 6))
    assert found(story, ERRORS) == [TWICE]


def test_overlapping_claims_of_a_lease_that_may_have_ended_are_uncertain():
    """The second may have been first, and its lease may have ended when the first was taken up."""
    story = Story()
    story.claim((1, 1500))
    story.claim((2, 3), lease=1)
    assert found(story) == []


def test_a_lead_held_for_two_activities_is_found():
    story = Story()
    story.claim((1, 2), order=1, activity="ac_1")
    story.claim((3, 4), order=1, activity="ac_2")
    assert found(story) == [TWICE]


@pytest.mark.parametrize("result, status", [("done", "active"), ("failed", "error"),
                                            ("replied", "completed")])
def test_handed_out_after_it_was_completed_is_found(result, status):
    story = Story()
    first = story.claim((1, 2), lease=1)
    story.complete((3, 4), first, result, status)
    story.claim((2000, 2001))
    assert found(story) == [AFTER]


@pytest.mark.parametrize("sent, wanted", [(4, []), (4.000001, [AFTER])])
def test_a_claim_at_the_time_of_the_completions_answer_is_uncertain(sent, wanted):
    story = Story()
    first = story.claim((1, 2), lease=0)
    story.complete((3, 4), first)
    story.claim((sent, 2001))
    assert found(story) == wanted


def test_handed_out_after_retry_had_failed_for_good_is_found():
    story = Story()
    first = story.claim((1, 2), lease=1)
    story.complete((3, 4), first, "retry", "error")
    story.claim((2000, 2001))
    assert found(story) == [AFTER]


def test_a_claim_that_overlaps_a_late_completion_may_hand_out():
    story = Story()
    first = story.claim((1, 2), lease=1)
    story.claim((2000, 2002), token="t")
    story.refused((2001, 2003), first)
    assert found(story) == []
    story = Story()
    first = story.claim((1, 2), lease=1)
    story.complete((2001, 2003), first)
    story.claim((2002, 2004))
    assert found(story) == []


def test_another_step_after_the_lead_is_finished_is_found():
    story = Story()
    first = story.claim((1, 2))
    story.complete((3, 4), first, "replied", "completed")
    story.claim((5, 6), order=2)
    assert found(story) == [AFTER]


def test_steps_in_order_are_fine():
    story = Story()
    story.finish()
    assert found(story) == []


def test_a_step_before_the_one_before_it_is_done_is_found():
    story = Story()
    story.claim((1, 2), order=2)
    assert found(story) == [ORDER]


def test_a_step_that_was_skipped_is_found():
    story = Story()
    first = story.claim((1, 2))
    story.complete((3, 4), first)
    story.claim((5, 6), order=3)
    assert found(story) == [ORDER]


def test_the_next_step_while_the_report_is_under_way_is_fine():
    story = Story()
    first = story.claim((1, 2))
    story.claim((2.5, 3.5), order=2)
    story.complete((3, 4), first)
    assert found(story) == []


def test_the_next_step_at_the_time_of_the_report_is_uncertain():
    story = Story()
    first = story.claim((1, 2))
    story.claim((2.5, 3), order=2)
    story.complete((3, 4), first)
    assert ORDER not in found(story)


def test_the_next_step_before_the_report_was_sent_is_found():
    story = Story()
    first = story.claim((1, 2))
    story.claim((2.5, 3.5), order=2)
    story.complete((4, 5), first)
    assert found(story) == [TWICE, ORDER]


def test_a_step_that_only_a_refused_report_calls_done_is_not():
    story = Story()
    first = story.claim((1, 2), lease=1)
    story.claim((2000, 2001), lease=1)
    story.refused((2002, 2003), first)
    story.claim((4000, 4001), order=2)
    assert found(story) == [ORDER]


def test_a_step_done_by_two_leases_is_found():
    story = Story()
    first, second = story.claim((1, 2), lease=1), story.claim((2000, 2001))
    story.complete((2002, 2003), first)
    story.complete((2004, 2005), second)
    assert found(story) == [ORDER]


def test_leases_have_the_length_that_was_asked_for():
    story = Story()
    claim = story.claim((1, 3), lease=60)
    claim["expires"] = [iso(WALL + 2 * MS + 60 * 10**9)] * 2
    assert found(story) == []
    claim["expires"][1] = iso(WALL + 59 * 10**9)
    assert found(story) == [LENGTH]


# ---- (c) nothing is lost ----


def whole_story():
    """Two leads that go all the way, one that is blocked, one that fails, one that replies."""
    story = Story()
    story.add((0, 0.5), *((name, None) for name in ("john", "jane", "bob", "eve", "ann")))
    story.finish("john", 1000)
    story.finish("jane", 1100)
    story.block((1, 2), "bob")
    failed = story.claim((1200, 1201), "eve")
    story.complete((1202, 1203), failed, "failed", "error")
    replied = story.claim((1300, 1301), "ann")
    story.complete((1302, 1303), replied, "replied", "completed")
    return story


ENDS = [("john", "completed", False), ("jane", "completed", False), ("bob", "waiting", True),
        ("eve", "error", False), ("ann", "completed", False)]


def ends_with(story, **changes):
    """The story with its end; NAME=(status, blocked) ends otherwise, NAME=None is missing."""
    story.end(*[(name, *changes.get(name, (status, blocked))) for name, status, blocked in ENDS
                if changes.get(name, True)])
    return sorted(failures(story.events))


def test_a_whole_story_is_fine():
    assert ends_with(whole_story()) == []


def test_a_history_without_an_end_shows_nothing():
    assert {LOST, SUMS} == failures(whole_story().events).keys()


def test_a_lead_that_is_left_waiting_is_found():
    assert ends_with(whole_story(), john=("active", False)) == [LOST]


def test_a_lead_that_is_completed_without_all_its_steps_is_found():
    story = whole_story()
    story.events = [event for event in story.events
                    if not (event["op"] == "complete" and event["activity"] == "ac_jane_3")]
    assert ends_with(story) == [LOST]


def test_a_lead_in_error_that_did_not_fail_is_found():
    assert ends_with(whole_story(), john=("error", False)) == [LOST]


def test_a_reply_at_a_step_that_it_does_not_stop_is_no_end():
    story = whole_story()
    first = story.claim((1400, 1401), "pat")
    story.complete((1402, 1403), first)
    second = story.claim((1404, 1405), "pat", 2)
    story.complete((1406, 1407), second, "replied")
    story.add((0, 0.5), ("pat", None))
    story.end(*ENDS, ("pat", "completed", False))
    assert sorted(failures(story.events)) == [LOST]


@pytest.mark.parametrize("status, wanted", [("error", []), ("active", [LOST])])
def test_a_retry_ends_a_lead_when_it_was_the_last_attempt(status, wanted):
    story = whole_story()
    claim = story.claim((1400, 1401), "pat", lease=1)
    story.complete((1402, 1403), claim, "retry", status)
    story.add((0, 0.5), ("pat", None))
    story.end(*ENDS, ("pat", "error", False))
    assert sorted(failures(story.events)) == wanted


def test_a_lead_that_was_refused_need_not_be_there():
    story = whole_story()
    story.add((2, 3), ("pat", None)).update(status=503, code="overloaded")
    assert ends_with(story) == [ERRORS]


def test_a_blocked_lead_that_is_shown_as_not_blocked_is_found():
    assert SHOWN in ends_with(whole_story(), bob=("waiting", False))


def test_a_lead_that_was_never_blocked_and_is_shown_as_blocked_is_found():
    assert ends_with(whole_story(), john=("completed", True)) == [SHOWN]


def test_a_lead_that_was_freed_and_is_shown_as_blocked_is_found():
    story = whole_story()
    story.unblock((5000, 5001), "bob")
    assert ends_with(story) == [SHOWN]


def test_a_lead_whose_block_is_uncertain_may_be_shown_either_way():
    story = whole_story()
    story.unblock((1.5, 3), "bob")
    assert ends_with(story) == []


def test_a_list_that_differs_from_the_check_is_found():
    story = whole_story()
    story.unblock((1.5, 3), "bob")
    story.finish("bob", 1500)
    story.end(*[(name, "completed" if name == "bob" else status, False)
                for name, status, _ in ENDS])
    story.events[-1]["blocked"] = ["bob"]
    assert sorted(failures(story.events)) == [SHOWN]


def test_a_lead_that_has_vanished_is_found():
    assert ends_with(whole_story(), john=None) == [SUMS]


@pytest.mark.parametrize("end", [{"status": "active"}, {"progress": 99},
                                 {"counts": {"waiting": 1, "completed": 4, "blocked": 1}}])
def test_a_campaign_whose_end_does_not_add_up_is_found(end):
    story = whole_story()
    story.end(*ENDS, **end)
    assert sorted(failures(story.events)) == [SUMS]


def test_adding_again_that_adds_somebody_is_found():
    story = Story()
    story.add((1, 2), ("john", None))
    story.add((3, 4), ("john", MEMBER), added=1)
    assert found(story) == [AGAIN]


def test_adding_again_counts_duplicates():
    story = Story()
    story.add((1, 2), ("john", None))
    story.add((3, 4), ("john", None), ("jane", None), duplicates=1)
    assert found(story) == []


# ---- (d) what lists and completions say ----


def test_what_was_claimed_before_the_block_is_listed():
    story = Story()
    claim = story.claim((1, 2))
    story.block((3, 4), "john")
    story.list((5, 6), claim)
    assert found(story) == []


@pytest.mark.parametrize("answered", [2, 3.5, 5.5, 7])
def test_what_a_claim_handed_out_around_the_block_and_is_not_listed_is_found(answered):
    story = Story()
    story.claim((1, answered))
    story.block((3, 4), "john")
    story.list((5, 6))
    assert found(story) == [LISTED]


def test_an_unblock_that_lets_the_claim_come_later_excuses_the_list():
    story = Story()
    story.claim((1, 7))
    story.block((3, 4), "john")
    story.unblock((6.2, 6.5), "john")
    story.list((5, 6))
    assert found(story) == []


def test_a_list_that_overlaps_the_block_need_not_show_it():
    story = Story()
    story.claim((1, 7))
    story.block((3, 4), "john")
    story.list((4, 6))
    assert found(story) == []


@pytest.mark.parametrize("completed", [(3.5, 8), (5.5, 8)])
def test_what_is_being_completed_need_not_be_listed(completed):
    story = Story()
    claim = story.claim((1, 2))
    story.block((3, 4), "john")
    story.complete(completed, claim, blocked=True)
    story.list((5, 6))
    assert found(story) == []


def test_what_has_run_out_need_not_be_listed():
    story = Story()
    story.claim((1, 2), lease=1)
    story.block((3, 4), "john")
    story.list((1005, 1006))
    assert found(story) == []


@pytest.mark.parametrize("answered, wanted", [(5, []), (4.999999, [LISTED])])
def test_a_claim_that_is_answered_when_the_list_is_asked_for_is_uncertain(answered, wanted):
    story = Story()
    story.claim((1, answered))
    story.list((5, 6))
    assert found(story) == wanted


def test_a_page_that_is_not_all_shows_nothing():
    story = Story()
    story.claim((1, 2))
    story.block((3, 4), "john")
    story.list((5, 6), whole=False)
    assert found(story) == []


def test_a_completion_that_hides_the_block_is_found():
    story = Story()
    claim = story.claim((1, 2))
    story.block((3, 4), "john")
    story.complete((5, 6), claim, blocked=False)
    assert found(story) == [TOLD]


def test_a_completion_that_invents_a_block_is_found():
    story = Story()
    claim = story.claim((1, 2))
    story.block((3, 4), "jane")
    story.complete((5, 6), claim, blocked=True)
    assert found(story) == [TOLD]


def test_a_repeated_completion_answers_like_the_first():
    story = Story()
    claim = story.claim((1, 2))
    story.complete((3, 4), claim, blocked=False)
    story.block((5, 6), "john")
    story.complete((7, 8), claim, blocked=False)
    assert found(story) == []


def test_a_reply_that_follows_says_what_is_so_by_then():
    story = Story()
    claim = story.claim((1, 2))
    story.complete((3, 4), claim, blocked=False)
    story.block((5, 6), "john")
    story.complete((7, 8), claim, "replied", blocked=False)
    assert found(story) == [TOLD]


@pytest.mark.parametrize("blocked", [True, False])
def test_a_completion_that_overlaps_the_block_may_say_either(blocked):
    story = Story()
    claim = story.claim((1, 2))
    story.block((3, 5), "john")
    story.complete((4, 6), claim, blocked=blocked)
    assert found(story) == []


# ---- errors, and the figures ----


def test_an_error_is_found():
    story = Story()
    story.nothing((1, 2)).update(status=500, code="internal")
    assert found(story) == [ERRORS]


def test_a_request_without_an_answer_is_found():
    story = Story()
    story.nothing((1, None)).update(status=0)
    assert found(story) == [ERRORS]


def test_a_lease_that_is_lost_with_nobody_else_claiming_is_found():
    story = Story()
    claim = story.claim((1, 2), lease=1)
    story.refused((2000, 2001), claim)
    assert found(story) == [ERRORS]


def test_a_lease_that_was_lost_to_another_claim_is_fine():
    story = Story()
    first = story.claim((1, 2), lease=1)
    story.claim((2000, 2002))
    story.refused((2001, 2003), first)
    assert found(story) == []


@pytest.mark.parametrize("before", ["retry", "done"])
def test_a_lease_that_was_given_back_is_lost_for_a_later_report(before):
    story = Story()
    claim = story.claim((1, 2))
    story.complete((3, 4), claim, before)
    story.refused((5, 6), claim, "failed")
    assert found(story) == ([] if before == "retry" else [ERRORS])


# ---- (f) opt-outs, and texts that change ----


def opt_out(story, at, claim, status="completed", where=None):
    event = story.complete(at, claim, "opted_out", status, blocked=True)
    event.update(campaign=where, names=["john"], change=f"ch_{len(story.events)}")
    return event


@pytest.mark.parametrize("where", [None, "c"])
def test_a_claim_after_an_opt_out_is_found(where):
    story = Story()
    claim = story.claim((1, 2))
    opt_out(story, (3, 4), claim, "active", where)
    story.claim((5, 6))
    assert ACK in found(story)


def test_an_opt_out_in_another_campaign_is_no_matter():
    story = Story()
    opt_out(story, (3, 4), story.claim((1, 2)), "active", "other")
    story.claim((61_010, 61_020), token="late")
    assert ACK not in found(story)


def test_an_opt_out_that_was_undone_holds_no_more():
    story = Story()
    event = opt_out(story, (3, 4), story.claim((1, 2)), "active")
    story.undo((5, 6), event, unblocked=1)
    story.claim((61_010, 61_020))
    assert ACK not in found(story)


def test_a_lead_that_has_opted_out_is_finished():
    story = Story()
    story.add((1, 2), ("john", None))
    opt_out(story, (5, 6), story.claim((3, 4)))
    story.end(("john", "completed", True))
    assert found(story) == []


# ---- settings of campaigns ----

SKIPPED = "nobody handed out whom another campaign has contacted"
COLLEAGUE = "nobody handed out of whom a colleague has replied"


def settings(story, **of):
    """What campaigns are set to; nobody looks at campaign d in the end."""
    story.events[0]["settings"] = of
    return story


def contact(story, at, lead="john", order=2, campaign="d", **more):
    claim = story.claim(at, lead, order, activity=f"ac_{campaign}_{lead}_{order}", **more)
    claim["campaign"] = campaign
    claim["activities"][0][1] = f"ld_{campaign}_{lead}"
    return claim


SKIPS = {"skipContacted": {"days": 1}}


@pytest.mark.parametrize("at, order, campaign, wrong", [
    ((1, 2), 2, "d", True),
    ((1, 2), 3, "d", True),
    ((1, 2), 1, "d", False),  # a visit
    ((1, 2), 2, "c", False),  # its own
    ((1, 3.5), 2, "d", False),  # at the same time
])
def test_a_claim_after_a_contact_of_another_campaign_is_found(at, order, campaign, wrong):
    story = settings(Story(), c=SKIPS)
    contact(story, at, order=order, campaign=campaign)
    story.claim((3, 4))
    assert (SKIPPED in found(story)) is wrong


def test_without_the_setting_contacts_are_no_matter():
    story = settings(Story(), d=SKIPS)
    contact(story, (1, 2))
    story.claim((3, 4))
    assert SKIPPED not in found(story)


@pytest.mark.parametrize("result, at, wrong", [
    ("done", (3, 4), True),
    ("failed", (3, 4), False),
    ("retry", (3, 4), False),  # maybe for the last time
    ("failed", (7, 8), True),  # afterwards
])
def test_a_contact_that_was_reported_failed_is_no_matter(result, at, wrong):
    story = settings(Story(), c=SKIPS)
    story.complete(at, contact(story, (1, 2)), result)
    story.claim((5, 6))
    assert (SKIPPED in found(story)) is wrong


@pytest.mark.parametrize("linked, wrong", [((1, 2), True), ((6, 8), False)])
def test_a_contact_by_another_name_counts_when_the_link_was_made_before(linked, wrong):
    story = settings(Story(), c=SKIPS)
    story.note("link", linked, people=[["john", "johnny"]])
    contact(story, (3, 4), "johnny")
    story.claim((7, 9))
    assert (SKIPPED in found(story)) is wrong


def test_a_contact_by_member_id_counts():
    story = settings(Story(), c=SKIPS)
    contact(story, (1, 2), "johnny", member=MEMBER)
    story.claim((3, 4), member=MEMBER)
    assert SKIPPED in found(story)


@pytest.mark.parametrize("skipped, wrong", [(True, False), (False, True)])
@pytest.mark.parametrize("contacted", [True, False])
def test_a_lead_that_is_skipped_may_be_left(skipped, wrong, contacted):
    story = settings(Story(), c=SKIPS)
    if contacted:
        contact(story, (1, 2))
    story.add((3, 4), ("john", None))
    story.end(("john", "waiting", False))
    story.events[-2]["leads"][0].append(skipped)
    assert (LOST in failures(story.events)) is (wrong or not contacted)


def colleagues(story, result="replied", status=200, reply=(5, 6)):
    """John and jane work together; it is john who replies."""
    settings(story, c={"stopColleagues": True})
    story.add((1, 2), ("john", None), ("jane", None), ("joe", None))
    story.events[-1]["companies"] = ["Acme", "Acme", "Globex"]
    event = story.complete(reply, story.claim((3, 4)), result)
    event["status"] = status


@pytest.mark.parametrize("lead, order, wrong", [
    ("jane", 1, True), ("joe", 1, False), ("john", 2, False)])
def test_a_colleague_who_is_handed_out_after_a_reply_is_found(lead, order, wrong):
    story = Story()
    colleagues(story)
    story.claim((7, 8), lead, order)
    assert (COLLEAGUE in found(story)) is wrong


@pytest.mark.parametrize("more", [
    {"result": "done"}, {"status": 0}, {"reply": (5, 7.5)}], ids=lambda more: next(iter(more)))
def test_what_is_no_acknowledged_reply_stops_no_colleague(more):
    story = Story()
    colleagues(story, **more)
    story.claim((7, 8), "jane")
    assert COLLEAGUE not in found(story)


def test_a_colleague_who_has_replied_too_goes_on():
    story = Story()
    colleagues(story)
    story.complete((5, 6), story.claim((3, 4), "jane"), "replied")
    story.claim((7, 8), "jane", 2)
    assert COLLEAGUE not in found(story)


@pytest.mark.parametrize("result, wrong", [("replied", False), ("done", True)])
def test_a_colleague_may_be_completed_without_its_steps(result, wrong):
    story = Story()
    colleagues(story, result)
    story.end(("jane", "completed", False))
    assert (LOST in failures(story.events)) is wrong


def test_a_claim_after_a_reply_that_blocks_is_found():
    story = Story()
    event = story.complete((3, 4), story.claim((1, 2)), "replied", blocked=True)
    event.update(campaign=None, names=["john"], change="ch_1")
    story.claim((5, 6), order=2)
    assert ACK in found(story)


def edit(story, at, born=None, dies=None, status=200):
    return story.note("edit", at, campaign="c", born=born, dies=dies, status=status)


def get(story, at, text):
    claim = story.claim(at, order=3)
    claim["activities"][0].append(text)
    return claim


TEXTS = "texts that the step had at the claim"


@pytest.mark.parametrize("at, text, wrong", [
    ((1, 2), "one", True),  # before it was there
    ((1, 3.5), "one", False),
    ((5, 6), "one", False),
    ((5, 6), "own", True),  # though there is a variant
    ((1, 6), "own", False),
    ((7.5, 9), "one", False),
    ((9, 10), "one", True),  # after it was gone
    ((9, 10), "two", False),
    ((9, 10), "own", True),
    ((13, 14), "own", False),
])
def test_a_text_that_was_not_there_at_the_claim_is_found(at, text, wrong):
    story = Story()
    edit(story, (3, 4), born="one")
    edit(story, (7, 8), born="two", dies="one")
    edit(story, (11, 12), dies="two")
    get(story, at, text)
    assert (TEXTS in found(story)) is wrong


def test_an_edit_without_an_answer_is_uncertain():
    story = Story()
    edit(story, (3, 4), born="one", status=0)
    edit(story, (5, None), dies="one", status=0)
    get(story, (7, 8), "own")
    get(story, (9, 10), "one")
    assert TEXTS not in found(story)


def test_a_history_without_teeth_fails():
    assert "the test had teeth" in failures(whole_story().events, wants_teeth=True)


def test_a_report_says_whether_teeth_are_all_that_it_lacks():
    report = checker.Report(None)
    report.add("no errors", [])
    assert not report.lacks_teeth_alone
    report.add("the test had teeth", ["only 1 opt-outs; 6 are wanted"])
    assert report.lacks_teeth_alone
    report.add("the run itself", ["a server has ended"])
    assert not report.lacks_teeth_alone


def test_a_history_may_have_to_have_the_teeth_of_a_shorter_or_a_longer_one():
    for share, wanted in (0, "; 1 are wanted"), (1, "; 1000 are wanted"):
        assert checker.check(whole_story().events, share=share).tests["the test had teeth"][0].endswith(wanted)


def test_a_history_reads_as_it_was_written(tmp_path):
    story = whole_story()
    history.write(tmp_path / "history", story.events)
    assert history.read(tmp_path / "history") == story.events


# ---- generated histories ----


def brute_force(blocks, lifts, sent, received):
    """Is a block certainly in force? As it is defined, one by one."""
    return any(block["received"] < sent and all(
        lift["received"] < block["sent"] or lift["sent"] > received for lift in lifts)
        for block in blocks)


def test_certainty_is_what_its_definition_says():
    rng = random.Random(1)

    def operations():
        spans = [sorted(rng.sample(range(30), 2)) for _ in range(rng.randint(0, 5))]
        return [{"sent": sent, "received": received} for sent, received in spans]

    certain = 0
    for _ in range(20_000):
        blocks, lifts = operations(), operations()
        sent, received = sorted(rng.sample(range(30), 2))
        last = Operations(blocks).last_begun(sent)
        fast = last is not None and last["sent"] > Operations(lifts).last_over(received)
        assert fast == brute_force(blocks, lifts, sent, received), (blocks, lifts, sent, received)
        certain += fast
    assert certain > 500


@pytest.fixture(scope="module")
def good():
    """A generated history without faults."""
    return Simulation(seed=7).run().events


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_found_in_a_history_without_faults(seed):
    spread = [1, 5, 20, 60][seed % 4] * MS
    assert failures(Simulation(seed, spread).run().events) == {}


def of(events, op):
    return [event for event in events if event["op"] == op]


def shift_behind_a_block(events, rng):
    """Moves a claim behind the acknowledgement of a block of a lead that it handed out."""
    facts = checker.Facts(events)
    candidates = [(grant.claim, block) for grant in facts.grants for block in of(events, "block")
                  if grant.name in block["names"]
                  and block["campaign"] in (None, INSTALLATION, grant.claim["campaign"])
                  and facts.blocklists.in_force([(block["campaign"], grant.name)],
                                                block["received"] + 1, block["received"] + 2)]
    claim, block = rng.choice(candidates)
    claim["sent"], claim["received"] = block["received"] + 1, block["received"] + 2
    return ACK


def hand_out_twice(events, rng):
    """Puts an activity also into a claim of the same campaign that was answered in its lease."""
    first = rng.choice([event for event in of(events, "claim") if event["activities"]])
    again = list(rng.choice(first["activities"]))
    ended = next((event["sent"] for event in of(events, "complete") if event["token"] == again[6]),
                 first["sent"] + 900 * MS)
    others = [event for event in of(events, "claim") if event["campaign"] == first["campaign"]
              and first["received"] < event["sent"] and event["received"] < ended]
    other = rng.choice(others) if others else first
    other["activities"].append(again[:6] + (["another"] if others else [again[6]]))
    return TWICE


def forget_a_report(events, rng):
    """Takes the report of a first step away, though the second has been handed out."""
    seconds = [activity for event in of(events, "claim") for activity in event["activities"]
               if activity[4] == 2]
    first = rng.choice(seconds)[0].removesuffix("_2") + "_1"
    events[:] = [event for event in events
                 if not (event["op"] == "complete" and event["activity"] == first)]
    return ORDER


def lose_a_lead(events, rng):
    """A lead that is completed is said to be waiting."""
    leads = [lead for event in of(events, "leads") for lead in event["leads"]
             if lead[3] == "completed" and not lead[4]]
    rng.choice(leads)[3] = "active"
    return LOST


def hide_a_block(events, rng):
    """Some lead that is blocked in the end is shown as not blocked."""
    leads = [lead for event in of(events, "leads") for lead in event["leads"] if lead[4]]
    rng.choice(leads)[4] = False
    return SHOWN


def forget_in_a_list(events, rng):
    """A list lacks an activity that was claimed before it was asked for."""
    grants = {activity[0]: event for event in of(events, "claim")
              for activity in event["activities"] if event["lease"] == 60}
    completes = {event["activity"]: event["sent"] for event in reversed(of(events, "complete"))}
    candidates = [(event, shown) for event in of(events, "list") for shown in event["activities"]
                  if shown[0] in grants and grants[shown[0]]["received"] < event["sent"]
                  and completes.get(shown[0], 10**15) > event["received"]]
    event, shown = rng.choice(candidates)
    event["activities"].remove(shown)
    return LISTED


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("mutate", [shift_behind_a_block, hand_out_twice, forget_a_report,
                                    lose_a_lead, hide_a_block, forget_in_a_list])
def test_a_fault_put_into_a_good_history_is_found(good, mutate, seed):
    events = copy.deepcopy(good)
    wanted = mutate(events, random.Random(seed))
    assert wanted in failures(events)
