#!/usr/bin/env python3
"""Damages the files of a server that was killed or stopped, in one place or two each time, and looks what
the next start makes of it.

A server is filled (blocks and unblocks in a campaign and in the workspace, of LinkedIn names and of
e-mail addresses, phone numbers, domains and companies, some with an end that has come; keys that hold
and keys that were revoked, campaigns that are there and deleted ones, activities claimed and done) and
killed, or sometimes stopped. Then, again and again, on a copy of its folder: one flipped bit in the
database, the log or the mark, or one of them cut, emptied or removed, sometimes two such; or an older
copy of the database in its place, or rows of the blocklist log that are deleted; and a start. Either

- the start refuses, with a reason; and if it says that a loss may be accepted, then the start that
  accepts it refuses with a reason, or has a state that there was, and not more commits ago than were
  said; or
- the server ends by itself after an answer of 503, with a line about damage in its log; or
- it answers every check, key, campaign and claim rightly.

Anything else, a lost block first of all, is a failure.

usage: damage.py [--damages 100] [--seed N]
"""

import argparse
import os
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import pages  # noqa: E402
from support.campaigns import Campaign, names  # noqa: E402
from support.ends import block_for_a_moment  # noqa: E402
from support.expect import next_link  # noqa: E402
from support.server import CommandFailed, Server, key_id  # noqa: E402

FILES = ("", "-wal", "-mark")
OPTIONS = ("--checkpoint-pages", "200", "--log-level", "info")
PER_FOLDER = 34  # damages of one filled folder
PEOPLE = 400
LEADS = 40  # the first of the people; each has one of the names of other types
ENDED = 6  # people whose blocks end while the folder is filled
END_WITHIN = 30.0  # seconds
LONG = "2090-01-01T00:00:00.000Z"
EXIT_LIMIT = 5.0  # seconds
AT_MOST = re.compile(r"at most (\d+) (?:commit|change)s?")


class Failure(Exception):
    """The server said something that is not so."""


class Ended(Exception):
    """The server answered 503, or nothing."""


def call(api, method, path, body=None, **options):
    try:
        response = api.call(method, path, body, **options)
    except OSError as error:
        raise Ended() from error
    if response.status == 503:
        raise Ended()
    return response


def read_names(api, target):
    found = []
    while target:
        response = call(api, "GET", target, base="")
        if response.status != 200:
            raise Failure(f"{target}: {response}")
        found += names(response.json())
        target = next_link(response)
    return found


# Names of other types: of each, what an entry says, what the list shows of it, and what a lead has.
OTHERS = [entry for number in range(LEADS // 4) for entry in (
    (("email", f"Mail-{number}@Example.com"), f"mail-{number}@example.com", "email"),
    (("phone", f"+49 170 55500{number:02}"), f"+4917055500{number:02}", "phone"),
    (("domain", f"www.site-{number}.example.org"), f"site-{number}.example.org", "website"),
    (("company", f"Company {number} GmbH"), f"company {number}", "companyName"))]
KINDS = (None, "client", "competitor", "legal")


def other_lead(number):
    """A lead that OTHERS[number] excludes."""
    (_, value), _, field = OTHERS[number]
    return {"publicIdentifier": f"person-{number}", field: value}


def read_others(api, scope):
    """What a list has of OTHERS, by number: kind and end."""
    numbers = {(kind, value): number for number, ((kind, _), value, _) in enumerate(OTHERS)}
    found = {}
    target = f"/v1/campaigns/{scope}/blocklist?take=100" if scope else "/v1/blocklist?take=100"
    while target:
        response = call(api, "GET", target, base="")
        if response.status != 200:
            raise Failure(f"{target}: {response}")
        for entry in response.json():
            if entry["type"] != "publicIdentifier":
                number = numbers[entry["type"], entry["value"]]
                found[number] = (entry["kind"], entry["expiresAt"])
        target = next_link(response)
    return found


class Filled:
    """What was acknowledged, and the files that a killed server left."""

    def __init__(self, rng):
        self.random = rng
        self.server = Server(*OPTIONS).start()
        self.older = self.server.data.with_name("older.db")
        self.stopped = rng.random() < 0.3
        try:
            self.fill()
            if self.stopped:
                self.server.stop()
        finally:
            self.server.kill()

    def fill(self):
        tenant = self.server.tenant("agency")
        self.key = tenant.key
        self.good = [tenant.key, *(tenant.new_key() for _ in range(2))]
        self.revoked = tenant.new_key()
        api = tenant.api
        self.server.cli("key", "revoke", key_id(self.revoked))
        self.people = [f"person-{number}" for number in range(PEOPLE)]
        self.campaign = Campaign(tenant, *map(other_lead, range(LEADS)))
        self.gone = tenant.campaign()
        assert api.delete(f"/campaigns/{self.gone}").status == 200
        self.blocked = {"": set(), self.campaign.id: set()}
        self.others = {"": {}, self.campaign.id: {}}  # of OTHERS by number: kind and end
        self.history = [self.state(self.blocked, self.others)]
        changes = self.random.randrange(30, 120)
        copied_at = self.random.randrange(changes)
        ended_at = self.random.randrange(changes)
        for number in range(changes):
            if number == copied_at:
                self.server.stop()
                shutil.copy(self.server.data / "leadblock.db", self.older)
                self.server.start()
                api = self.campaign.api = self.server.api(self.key)
            self.random.choice((self.change, self.change, self.change_others))(api)
            if number == ended_at:
                self.block_until_the_end(api)
            state = self.state(self.blocked, self.others)
            if state != self.history[-1]:  # else there may have been no commit
                self.history.append(state)
        self.claim()
        self.campaigns = sorted(entry["id"] for entry in api.get("/campaigns").json())
        api.close()

    def change(self, api):
        scope = self.random.choice(list(self.blocked))
        on = self.blocked[scope]
        path = f"/campaigns/{scope}/blocked-leads" if scope else "/blocked-leads"
        chosen = self.random.sample(self.people, self.random.choice((1, 2, 5, 30)))
        if scope and self.random.random() < 0.3:
            response = api.call("DELETE", path, {"publicIdentifiers": chosen},
                                headers=[("Prefer", "handling=lenient")])
            on.difference_update(chosen)
        else:
            body = ({"publicIdentifiers": chosen} if scope
                    else {"leads": [{"publicIdentifier": name} for name in chosen]})
            response = api.post(path, body)
            on.update(chosen)
        assert response.status == 200, response

    def change_others(self, api):
        """Blocks and unblocks names of other types."""
        scope = self.random.choice(list(self.others))
        on = self.others[scope]
        path = f"/campaigns/{scope}/blocklist" if scope else "/blocklist"
        if on and self.random.random() < 0.3:
            gone = self.random.choice(list(on))
            entries = [dict([OTHERS[gone][0]])]
            assert call(api, "DELETE", path, {"entries": entries}).status == 200
            del on[gone]
            return
        entries = []
        for number in self.random.sample(range(LEADS), self.random.choice((1, 2, 5))):
            if number not in on:  # or kind and end would be those of the first request
                says = (self.random.choice(KINDS), self.random.choice((None, LONG)))
                on[number] = says
                more = zip(("kind", "expiresAt"), says)
                entries.append(dict([OTHERS[number][0]], **{name: said for name, said in more if said}))
        assert not entries or call(api, "POST", path, {"entries": entries}).status == 200

    def block_until_the_end(self, api):
        """Blocks that hold for a moment, and the server has written their ends."""
        ended = [f"ended-{number}" for number in range(ENDED)]
        block_for_a_moment(api, *ended)
        limit = time.monotonic() + END_WITHIN
        while any(api.get(f"/blocked-leads/{name}").json()["blocked"] for name in ended):
            assert time.monotonic() < limit, "blocks do not end"
            time.sleep(0.02)

    def claim(self):
        self.done = set()
        for activity in self.campaign.claim(5):
            self.campaign.complete(activity)
            self.done.add(activity["publicIdentifier"])

    @staticmethod
    def state(blocked, others):
        return tuple((frozenset(blocked[scope]), frozenset(others[scope].items()))
                     for scope in sorted(blocked))

    # What must be so.

    def changes_lost(self, server):
        """How many of the last changes a server has not got; all but those must be there."""
        api = server.api(self.key)
        now, others = {}, {}
        for scope in self.blocked:
            path = f"/campaigns/{scope}/blocked-leads" if scope else "/blocked-leads"
            if call(api, "GET", path).status in (401, 404):
                return len(self.history) - 1  # from before the key or the campaign was made
            found = read_names(api, f"/v1{path}?take=100" if scope else f"/v1{path}?limit=1000")
            # What has ended may hold once more, until the server has written that again.
            now[scope] = {name for name in found if not name.startswith("ended-")}
            others[scope] = read_others(api, scope)
        for lost, state in enumerate(reversed(self.history)):
            if state == self.state(now, others):
                return lost
        raise Failure("a loss was accepted, and what is left never was")

    def check(self, server):
        api = server.api(self.key)
        everywhere = self.blocked[""]
        for scope, on in self.blocked.items():
            self.check_list(api, scope, on, on | everywhere)
            self.check_others(api, scope)
        for key in self.good:
            if call(server.api(key), "GET", "/campaigns").status != 200:
                raise Failure("a key is lost")
        if call(server.api(self.revoked), "GET", "/campaigns").status != 401:
            raise Failure("a key that was revoked is valid")
        listed = sorted(entry["id"] for entry in call(api, "GET", "/campaigns").json())
        if listed != self.campaigns:
            raise Failure(f"campaigns {listed} for {self.campaigns}")
        self.check_claims(api)

    def check_list(self, api, scope, on, excluded):
        if scope:
            answer = call(api, "POST", f"/campaigns/{scope}/blocked-leads/check",
                          {"publicIdentifiers": self.people}).json()
            if set(answer["blocked"]) != excluded:
                raise Failure(f"checks differ: {sorted(set(answer['blocked']) ^ excluded)[:5]}")
        path = f"/campaigns/{scope}/blocked-leads" if scope else "/blocked-leads"
        listed = set(read_names(api, f"/v1{path}?take=100" if scope else f"/v1{path}?limit=1000"))
        if listed != on:
            raise Failure(f"lists differ: {sorted(listed ^ on)[:5]}")

    def check_others(self, api, scope):
        on, everywhere = self.others[scope], self.others[""]
        listed = read_others(api, scope)
        if listed != on:
            raise Failure(f"names of other types differ: {sorted(set(listed.items()) ^ set(on.items()), key=str)[:5]}")
        leads = [{field: value} for (_, value), _, field in OTHERS]
        body = {"leads": leads, **({"campaignId": scope} if scope else {})}
        answers = call(api, "POST", "/check", body).json()
        blocked = {answer["index"] for answer in answers if answer["blocked"]}
        if blocked != set(on) | set(everywhere):
            raise Failure(f"checks of other types differ: {sorted(blocked ^ (set(on) | set(everywhere)))[:5]}")

    def check_claims(self, api):
        excluded = self.blocked[self.campaign.id] | self.blocked[""]
        for on in self.others.values():
            excluded = excluded | {self.people[number] for number in on}
        wanted = set(self.people[:LEADS]) - self.done - excluded
        response = call(api, "POST", f"{self.campaign.path}/activities/claim", {"max": 100})
        claimed = [activity["publicIdentifier"] for activity in response.json()]
        if len(claimed) != len(set(claimed)) or set(claimed) != wanted:
            raise Failure(f"claims differ: {sorted(set(claimed) ^ wanted)[:5]}")


def copy_files(folder, copy):
    copy.mkdir(mode=0o700)
    for suffix in FILES:
        shutil.copy(folder / f"leadblock.db{suffix}", copy)
    shutil.copy(folder / "lock", copy)
    return copy


# --- Damage -----------------------------------------------------------------------------------------


def used_bytes(path, suffix):
    """Most of a preallocated log is zeros, in which nothing can be lost."""
    size = os.path.getsize(path)
    if suffix != "-wal":
        return size
    data = Path(path).read_bytes().rstrip(b"\0")
    return min(size, len(data) + 4120)


def flip(rng, path, suffix):
    bit = rng.randrange(8 * used_bytes(path, suffix))
    with open(path, "r+b") as file:
        file.seek(bit // 8)
        byte = file.read(1)[0] ^ 1 << bit % 8
        file.seek(bit // 8)
        file.write(bytes([byte]))
    return f"bit {bit % 8} of byte {bit // 8}"


def cut(rng, path, suffix):
    size = rng.randrange(used_bytes(path, suffix))
    os.truncate(path, size)
    return f"cut to {size} bytes"


def empty(rng, path, suffix):
    os.truncate(path, 0)
    return "emptied"


def remove(rng, path, suffix):
    os.unlink(path)
    return "removed"


def damage(rng, folder, files=FILES, hows=(flip, cut, empty, remove)):
    how = rng.choices(hows, [{flip: 80, cut: 16}.get(each, 2) for each in hows])[0]
    weights = {"": 50, "-wal": 45, "-mark": 5}
    suffix = rng.choices(files, [weights[file] if how is flip else 1 for file in files])[0]
    name = "leadblock.db" + suffix
    path = os.path.join(folder, name)
    if not used_bytes(path, suffix):
        return name, how.__name__, "is empty anyway"
    return name, how.__name__, how(rng, path, suffix)


def put_older_copy(folder, filled):
    """Of the database alone. A log of what came after it is left there, or the stop has written it back."""
    shutil.copy(filled.older, folder / "leadblock.db")
    if filled.stopped:
        os.unlink(folder / "leadblock.db-wal")
    return "leadblock.db", "older copy", "leadblock.db is an older copy"


def delete_rows(rng, folder):
    """Of the end of the blocklist log, after a stop, with checksums that are right."""
    with pages.changed(folder, in_secret=True) as database:
        ids = [row[0] for row in database.execute("SELECT id FROM blocklist_log ORDER BY id DESC"
                                                  " LIMIT ?", (rng.randrange(1, 20),))]
        database.execute("DELETE FROM blocklist_log WHERE id >= ?", (ids[-1],))
    return "leadblock.db", "rows deleted", f"leadblock.db lacks {len(ids)} rows"


def damage_some(rng, folder, filled):
    """One place, or two: the log and the newest half of the mark together are too much."""
    kind = rng.random()
    if kind < 0.06:
        return put_older_copy(folder, filled)
    if kind < 0.15 and filled.stopped:
        return delete_rows(rng, folder)
    if rng.random() < 0.8:
        where, how, what = damage(rng, folder)
        return where, how, f"{where} {what}"
    first = damage(rng, folder, ("", "-wal"), (flip, cut, empty))
    second = rng.choice((lambda: damage(rng, folder, ("", "-wal"), (flip, cut, empty)),
                         lambda: damage(rng, folder, ("-mark",), (empty, remove))))()
    return "two places", "any", f"{first[0]} {first[2]} and {second[0]} {second[2]}"


# --- Looking ----------------------------------------------------------------------------------------


def exits_with_a_reason(server):
    """The server has answered 503: it must say why and end."""
    limit = time.monotonic() + EXIT_LIMIT
    while server.process.poll() is None and time.monotonic() < limit:
        time.sleep(0.02)
    code = server.process.poll()
    if code is None:
        raise Failure("it answers 503 and does not end")
    server.process = None
    if code == 0 or " error damage " not in server.log_text():
        raise Failure(f"it ended with {code} and did not say why")


def start(server):
    """The reason of a start that refuses, or None."""
    try:
        server.start()
    except CommandFailed as error:
        if "leadblock: " not in str(error) or "Sanitizer" in str(error):
            raise Failure(f"it refuses without a reason: {error}") from error
        return str(error)
    return None


def accept_loss(filled, server, reason):
    """Not more may be lost than the refusal said."""
    server.args.append("--accept-loss")
    if start(server):
        return "refused for good"
    most = AT_MOST.search(reason)
    try:
        lost = filled.changes_lost(server)
    except Ended:
        exits_with_a_reason(server)
        return "ended"
    if "not known what is lost" not in reason and lost > (int(most.group(1)) if most else 0):
        raise Failure(f"{lost} changes are lost after: {reason}")
    return "refused, then accepted"


def trial(filled, server):
    """refused, ended or right."""
    reason = start(server)
    if reason:
        return accept_loss(filled, server, reason) if "--accept-loss" in reason else "refused"
    try:
        filled.check(server)
    except Ended:
        exits_with_a_reason(server)
        return "ended"
    return "right"


def run(options):
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    rng = random.Random(seed)
    print(f"seed {seed}", flush=True)
    results, failed, filled = Counter(), 0, None
    for number in range(options.damages):
        if number % PER_FOLDER == 0:
            if filled:
                filled.server.remove()
            filled = Filled(rng)
        with tempfile.TemporaryDirectory(prefix="leadblock-damage-") as place:
            data = copy_files(filled.server.data, Path(place) / "data")
            server = Server(*OPTIONS, data=data)
            where, how, what = damage_some(rng, data, filled)
            try:
                results[where, how, trial(filled, server)] += 1
            except (Failure, OSError, AssertionError) as error:
                failed += 1
                print(f"damage {number} (seed {seed}): {what}: {error}", flush=True)
            server.kill()
            server.remove()
    filled.server.remove()
    for (where, how, result), count in sorted(results.items()):
        print(f"{where}, {how}: {result} {count} times")
    noticed = sum(count for key, count in results.items() if key[2] != "right")
    if options.damages >= 50 and noticed < options.damages / 4:
        print("too little was noticed for this to show anything")
        failed += 1
    print(f"{sum(results.values())} passed, {failed} failed")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--damages", type=int, default=int(os.environ.get("LEADBLOCK_DAMAGES", 100)))
    parser.add_argument("--seed", type=int)
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
