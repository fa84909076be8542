"""The SQLite file of claim_cycles.py: does it agree with itself? And how to damage it."""

from collections import Counter

from cycles import Failure, copied_file
from support import pages
from support.ids import shown

# Recounts of what a campaign keeps of its leads: column -> condition.
COUNTS = {
    "leads_waiting": "status = 0",
    "leads_active": "status = 1",
    "leads_paused": "status = 2",
    "leads_completed": "status = 3",
    "leads_error": "status = 4",
    "leads_set_aside": "set_aside = 1 AND contacted_at IS NULL AND status <= 2",
    "leads_skipped": "contacted_at IS NOT NULL AND status <= 2",
    "leads_invited": "marks & 1",
    "leads_accepted": "marks & 2",
    "leads_contacted": "marks & 4",
    "leads_replied": "marks & 8",
}

# What must not be there: why -> query.
NEVER = {
    "an activity without a lead":
        "SELECT lead, step FROM activity WHERE (lead, campaign, workspace) NOT IN "
        "(SELECT no, campaign, workspace FROM lead)",
    "a claimed activity that is not what its lead waits for":
        "SELECT a.lead, a.step, a.lease_until, l.queue, l.step, l.since FROM activity a "
        "JOIN lead l ON l.no = a.lead WHERE a.state = 1 "
        "AND (l.queue, l.step, l.since) != (1, a.step, a.lease_until)",
    "an activity to be retried that is not what its lead waits for":
        "SELECT a.lead, a.step, l.queue, l.step FROM activity a JOIN lead l ON l.no = a.lead "
        "WHERE a.state = 0 AND (l.queue, l.step) != (2, a.step)",
    "a lead that waits for an activity that is not out":
        "SELECT l.no, l.queue, l.step, a.state FROM lead l "
        "LEFT JOIN activity a ON a.lead = l.no AND a.step = l.step "
        "WHERE (l.queue = 1 AND a.state IS NOT 1) OR (l.queue = 2 AND a.state IS NOT 0)",
    "an open lead whose next step has been reported":
        "SELECT l.no, l.step, a.state FROM lead l JOIN activity a ON a.lead = l.no "
        "AND a.step = l.step WHERE l.status <= 2 AND a.state >= 2",
    "a lead in error without a failure":
        "SELECT l.no FROM lead l WHERE l.status = 4 AND NOT EXISTS (SELECT 1 FROM activity a "
        "WHERE a.lead = l.no AND a.step = l.step AND a.state >= 3)",
    "a waiting lead with activities, or another open one without":
        "SELECT l.no, l.status FROM lead l WHERE l.status <= 1 AND (l.status = 0) = "
        "EXISTS (SELECT 1 FROM activity a WHERE a.lead = l.no)",
    "a completed campaign with leads left, or an active one without":
        "SELECT id, status FROM (SELECT *, leads_waiting + leads_active + leads_paused "
        "- leads_set_aside - leads_skipped AS still_open FROM campaign WHERE deleted_at IS NULL) "
        "WHERE (status = 'completed' AND still_open > 0) OR (status = 'active' AND still_open = 0)",
}


STATES = ("retry", "claimed", "done", "replied", "failed")


class Row:
    """An activity as it is stored."""

    def __init__(self, columns):
        (self.campaign, self.identifier, self.step_id, state, self.attempts, self.retries,
         self.token, self.detail, self.lead_is_open) = columns
        self.state = STATES[state]

    def listed(self):
        """It as an entry of the API's lists, as far as it is asked for."""
        return {"state": self.state, "attempts": self.attempts, "detail": self.detail,
                "leaseExpiresAt": None, "claimedAt": None, "stepId": self.step_id,
                "publicIdentifier": self.identifier}


def read(connection):
    connection.create_function("shown", 1, shown)
    return [Row(row) for row in connection.execute(
        "SELECT c.id, l.identifier, 'st_' || shown(a.step), a.state, a.attempts, a.retries, "
        "a.lease_token, a.detail, l.status <= 2 FROM activity a JOIN lead l ON l.no = a.lead "
        "JOIN campaign c ON c.no = a.campaign")]


def check(folder):
    """Fails when something in the file contradicts something else in it. Returns its activities."""
    with copied_file(folder) as connection:
        result = connection.execute("PRAGMA integrity_check").fetchall()
        if result != [("ok",)]:
            raise Failure(f"the SQLite file is damaged: {result[:5]}")
        check_counts(connection)
        check_names(connection)
        check_set_aside(connection)
        for why, query in NEVER.items():
            found = connection.execute(query).fetchmany(5)
            if found:
                raise Failure(f"{why}: {found}")
        return read(connection)


def check_counts(connection):
    counted = ", ".join(f"(SELECT count(*) FROM lead WHERE campaign = c.no AND {condition})"
                        for condition in COUNTS.values())
    for row in connection.execute(f"SELECT id, {', '.join(COUNTS)}, {counted} FROM campaign c"):
        kept, recounted = row[1 : len(COUNTS) + 1], row[len(COUNTS) + 1 :]
        if kept != recounted:
            wrong = [f"{column} is {number}, counted {again}"
                     for column, number, again in zip(COUNTS, kept, recounted) if number != again]
            raise Failure(f"campaign {row[0]}: {', '.join(wrong)}")


def check_names(connection):
    kept = Counter(connection.execute("SELECT workspace, name, campaign, lead FROM lead_name"))
    names = Counter(connection.execute(
        "SELECT workspace, identifier, campaign, no FROM lead UNION ALL "
        "SELECT workspace, member_id, campaign, no FROM lead WHERE member_id IS NOT NULL"))
    if kept != names:
        raise Failure(f"lead_name: missing {list(names - kept)[:5]}, too many "
                      f"{list(kept - names)[:5]}")


def linked_names(connection):
    """{(workspace, name): the names that were linked with it}. A person has one member id here, so no chains."""
    pairs = {}
    for workspace, link, name in connection.execute(
            "SELECT workspace_id, link, identifier FROM link_history WHERE event = 'link' AND link NOT IN "
            "(SELECT link FROM link_history WHERE event = 'link_end')"):
        pairs.setdefault((workspace, link), set()).add(name)
    linked = {}
    for (workspace, _), names in pairs.items():
        for name in names:
            linked.setdefault((workspace, name), set()).update(names)
    return linked


def check_set_aside(connection):
    linked = linked_names(connection)
    blocked = set(connection.execute(
        "SELECT workspace_id, campaign_id, identifier FROM blocklist_live"))
    leads = connection.execute(
        "SELECT w.id, c.id, l.identifier, l.member_id, l.set_aside FROM lead l "
        "JOIN campaign c ON c.no = l.campaign JOIN workspace w ON w.no = l.workspace")
    for workspace, campaign, identifier, member_id, set_aside in leads:
        names = {identifier, member_id} | linked.get((workspace, identifier), set())
        is_blocked = any((workspace, which, name) in blocked
                         for which in (None, campaign) for name in names)
        if is_blocked != bool(set_aside):
            raise Failure(f"set_aside of {identifier} in {campaign} is {set_aside}, but the "
                          f"blocklists say {is_blocked}")


# --- Damage ---


def numbers(connection, ledger, activity):
    """Of its lead and its step."""
    lead = activity.lead
    step_id = ledger.campaigns[lead.campaign][activity.step]
    connection.create_function("shown", 1, shown)
    return connection.execute(
        "SELECT l.no, s.no FROM lead l JOIN campaign c ON c.no = l.campaign "
        "JOIN step s ON s.campaign = c.no WHERE c.id = ? AND l.identifier = ? "
        "AND 'st_' || shown(s.no) = ?", (lead.campaign, lead.person.identifier, step_id)).fetchone()


def lose(connection, ledger, activity):
    """An acknowledged report is gone."""
    connection.execute("DELETE FROM activity WHERE lead = ? AND step = ?",
                       numbers(connection, ledger, activity))


def double(connection, ledger, activity):
    """An activity that was done looks as if its lease had run out."""
    lead, step = numbers(connection, ledger, activity)
    connection.execute("UPDATE activity SET state = 1, completed_at = NULL, detail = NULL, "
                       "lease_until = claimed_at WHERE lead = ? AND step = ?", (lead, step))
    connection.execute("UPDATE lead SET queue = 1, step = ?1, since = (SELECT lease_until FROM "
                       "activity WHERE lead = ?2 AND step = ?1) WHERE no = ?2", (step, lead))


def revive(connection, ledger, lead):
    """The blocks of a lead are taken away, and it is in its campaign's queue."""
    person = lead.person
    entries = connection.execute(
        "SELECT b.entry, coalesce(c.no, 0), w.no FROM blocklist_live b "
        "JOIN workspace w ON w.id = b.workspace_id LEFT JOIN campaign c ON c.id = b.campaign_id "
        "WHERE b.identifier IN (?, ?)", (person.identifier, person.member_id)).fetchall()
    for entry, campaign, workspace in entries:
        connection.execute("INSERT INTO blocklist_log (id, workspace, number, campaign, kind, "
                           "continues, key, at, items, seal) SELECT max(id) + 50, ?1, "
                           "(SELECT max(number) + 50 FROM blocklist_log WHERE workspace = ?1), ?2, "
                           "1, 0, 0, 0, ?3, zeroblob(48) FROM blocklist_log",
                           (workspace, campaign, str(entry)))
    connection.execute("UPDATE lead SET set_aside = 0 WHERE identifier = ?", (person.identifier,))
    connection.execute("UPDATE campaign SET leads_set_aside = (SELECT count(*) FROM lead WHERE "
                       "campaign = campaign.no AND set_aside = 1 AND status <= 2)")


def candidates(ledger, how, due):
    """What was acknowledged and could be damaged so. due: the leads of active campaigns that nobody
    has claimed, by the file: what is made of them is in the queue."""
    for key, lead in ledger.leads.items():
        _, step = lead.standing()
        if how == "revive" and key in due and ledger.sure_block(lead, ledger.tick()):
            yield lead
        for activity in lead.activities.values():
            if how == "lose" and activity.final is not None:
                yield activity
            if (how == "double" and key in due and activity.state == "done"
                    and activity.step + 1 == step and not ledger.scope(lead)):
                yield activity


def damage(folder, how, ledger, uncertain, rng):
    """Damages the file in one place, away from the people who are uncertain. Returns what was
    damaged, None when there is nothing."""
    with pages.changed(folder) as connection:
        return damage_one(connection, how, ledger, uncertain, rng)


def damage_one(connection, how, ledger, uncertain, rng):
    due = set(connection.execute("SELECT c.id, identifier FROM lead l JOIN campaign c ON c.no = "
                                 "l.campaign AND c.status = 'active' "
                                 "WHERE l.status <= 1 AND l.queue = 0"))
    possible = [target for target in candidates(ledger, how, due)
                if getattr(target, "lead", target).person not in uncertain]
    target = rng.choice(possible) if possible else None
    if target:
        {"lose": lose, "double": double, "revive": revive}[how](connection, ledger, target)
    return target
