"""Names of every type, in the list of the workspace beside that of a campaign: undos in every order, and two
at the same time, against the plain model of test_undo_model.py. Look-ups, lists and checks are compared."""

import copy
import random
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from support import expect
from support.server import Server
from test_asked_again import NOTHING, People
from test_undo_model import Deed, Model, blocked_of, check_counts, renew_imports, stands_again

MEMBER_ID = "ACoAABcD3fGhIjKlMnOpQrStUvWxYz0123456789"
PAGE = "https://www.linkedin.com/company/acme-inc"

# The type, the value as it is shown, spellings, and a lead whom a block of it excludes.
NAMES = {
    "ada": ("publicIdentifier", "ada-lee", ["Ada-Lee", "https://de.linkedin.com/in/ada%2Dlee/"],
            {"linkedinUrl": "in/ADA-LEE"}),
    "member": ("memberId", MEMBER_ID, [MEMBER_ID, f"urn:li:fsd_profile:{MEMBER_ID}"], {"memberId": MEMBER_ID}),
    "jane": ("email", "jane+x@xn--mller-kva.de", ["Jane+x@müller.de", "mailto:jane+x@MÜLLER.de"],
             {"email": "jane+x@müller.de"}),
    "phone": ("phone", "+4989123456", ["+49 (0)89 123456", "0049 89 123456"], {"phone": "+49/89/123456"}),
    "domain": ("domain", "acme.com", ["https://www.Acme.com/x", "@acme.com"], {"email": "bob@shop.acme.com"}),
    "company": ("company", "acme", ["ACME GmbH & Co. KG", "Acme"], {"companyName": "Acme Ltd."}),
    "page": ("company", PAGE, [PAGE + "/about/"], {"companyUrl": PAGE}),
}


class List(Model):
    """Of the workspace, or of a campaign."""

    def __init__(self, scope, path):
        super().__init__()
        self.scope, self.path = scope, path
        self.requests = {name: [] for name in NAMES}


class World:
    def __init__(self, tenant, draw):
        people = People(tenant)
        self.tenant, self.draw, self.people = tenant, draw, people
        self.lists = [List("workspace", "/blocklist"), List("campaign", f"/campaigns/{people.campaign}/blocklist")]
        self.of = {}  # change -> its list's place

    @property
    def api(self):
        return self.draw.choice(self.people.actors)

    def some(self):
        return self.draw.sample(list(NAMES), self.draw.randint(1, 4))

    def spelled(self, name):
        return {NAMES[name][0]: self.draw.choice(NAMES[name][2])}

    def record(self, place, response, deed):
        change = response.header("x-change-id")
        assert (change == NOTHING) == (not deed.items), response
        if deed.items:
            self.lists[place].record(change, deed)
            self.of[change] = place
        return change

    def check(self):
        """What all ways to ask say of all names."""
        shown = {name: [each.shown(name) for each in self.lists] for name in NAMES}
        for name, (kind, value, _, _) in NAMES.items():
            blocks = expect.ok(self.api.get(f"/blocklist/{kind}/{quote(value, safe='')}"))["blocks"]
            reasons = {block["scope"]: block["reason"] for block in blocks}
            assert [reasons.get(each.scope, False) for each in self.lists] == shown[name], name
        for place, each in enumerate(self.lists):
            listed = expect.ok(self.api.get(each.path))
            assert {(entry["type"], entry.get("companyUrl", entry["value"]).rstrip("/")): entry["reason"]
                    for entry in listed} == {NAMES[name][:2]: both[place] for name, both in shown.items()
                                             if both[place] is not False}
        asked = {"leads": [lead for *_, lead in NAMES.values()], "campaignId": self.people.campaign}
        answers = expect.ok(self.api.post("/check", asked))
        assert [answer["blocked"] for answer in answers] == [both != [False, False] for both in shown.values()]


# --- Acts ---


def block(world):
    place, names, actor = world.draw.randrange(2), world.some(), world.draw.randrange(3)
    target, reason = world.lists[place], world.draw.choice(["a", "b", None])
    deed = target.ask(names, actor, reason)
    new = sum(not target.standing(name) for name in names)
    entries = [{**world.spelled(name), **({"reason": reason} if reason else {})} for name in names]
    response = world.people.actors[actor].post(target.path, {"entries": entries})
    assert expect.ok(response)["blocked"] == new
    world.record(place, response, deed)


def unblock(world):
    place, names = world.draw.randrange(2), world.some()
    target = world.lists[place]
    deed = Deed(asks=False)
    deed.items = [(name, request) for name in names for request in target.standing(name)]
    response = world.api.delete(target.path, {"entries": [world.spelled(name) for name in names]})
    expect.unblocked_result(response, sum(bool(target.standing(name)) for name in names),
                            sum(len(target.standing(name)) > 1 for name in names))
    world.record(place, response, deed)


def send_file(world):
    place, names = world.draw.randrange(2), world.some()
    target = world.lists[place]
    source = f"{target.scope}-{world.draw.randrange(2)}"
    deed = target.ask(names, None, None, source=source)
    new = sum(not target.standing(name) for name in names)
    rows = [f"{NAMES[name][0]},{NAMES[name][1]}" for name in names]
    response = world.api.post(f"{target.path}/import?importId={source}",
                              "\n".join(["type,value", *rows, ""]).encode(), content_type="text/csv")
    assert expect.ok(response)["blocked"] == new
    changes, undone = target.imports.setdefault(source, ([], []))
    undone.clear()
    change = world.record(place, response, deed)
    if deed.items:
        changes.append(change)


def undo(world):
    if world.of:
        change = world.draw.choice(list(world.of))
        follow(world, change, world.api.post(f"/changes/{change}/undo"))


def follow(world, change, response):
    """The undo of a change answered so."""
    place = world.of[change]
    target = world.lists[place]
    deed, says = target.changes[change]
    before = blocked_of(target, deed)
    took = {name for name, request in deed.items if request.stands}
    body, by = expect.ok(response), response.header("x-change-id")
    if deed.holds != says:
        assert by == NOTHING and body["message"].endswith(f"was undone before, by {deed.by}"), (body, deed.by)
    else:
        assert by != NOTHING, body
        target.turn(deed, by)
        world.of[by] = place
        renew_imports(target, deed)
    after = blocked_of(target, deed)
    check_counts(body, before, after)
    stayed = took & after if by != NOTHING and not stands_again(deed) else set()
    assert body["stayed"] == len(stayed) and sorted(
        str(each["reason"]) for each in body["stayedBecause"]) == sorted(
        str(target.shown(name)) for name in stayed), body


def undo_two_at_once(world):
    """Of one change and what undid it, or of any two: as if one came after the other."""
    if not world.of:
        return
    first = world.draw.choice(list(world.of))
    deed, _ = world.lists[world.of[first]].changes[first]
    kin = [change for change, place in world.of.items() if world.lists[place].changes[change][0] is deed]
    both = first, world.draw.choice(kin if world.draw.random() < 0.7 else list(world.of))
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda turn: world.people.actors[turn].post(f"/changes/{both[turn]}/undo"), range(2)))
    before = world.lists, world.of
    world.lists, world.of = copy.deepcopy(before)
    try:
        for turn in (0, 1):
            follow(world, both[turn], answers[turn])
    except AssertionError:
        world.lists, world.of = before
        for turn in (1, 0):
            follow(world, both[turn], answers[turn])


def undo_import(world):
    place = world.draw.randrange(2)
    target = world.lists[place]
    if not target.imports:
        return
    source = world.draw.choice(list(target.imports))
    changes, undone = target.imports[source]
    deeds = [target.changes[change][0] for change in reversed(changes)]
    before = set().union(*(blocked_of(target, deed) for deed in deeds))
    body = expect.ok(world.api.post(f"/imports/{source}/undo"))
    for change, deed in zip(reversed(changes), deeds):
        if deed.holds:
            by = expect.ok(world.api.get(f"/changes/{change}"))["undoneBy"]
            target.turn(deed, by)
            world.of[by] = place
    check_counts(body, before, set().union(*(blocked_of(target, deed) for deed in deeds)))
    undone[:] = [True]


def restart(world):
    world.tenant.server.kill()
    world.tenant.server.start()
    world.people.connect()


ACTS = [block] * 6 + [unblock] * 2 + [send_file] * 2 + [undo] * 8 + [undo_two_at_once] * 4 + [undo_import] * 2 + [restart]


@pytest.mark.parametrize("seed", range(2))
def test_undos_of_names_of_every_type_do_what_a_plain_model_does(seed):
    draw = random.Random(seed)
    with Server() as server:
        world = World(server.tenant("agency"), draw)
        for _ in range(100):
            draw.choice(ACTS)(world)
            world.check()
