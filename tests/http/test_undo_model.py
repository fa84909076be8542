"""Undos of undos in every order, among requests of several actors, imports, unblocks, ends, deleted campaigns
and restarts, against a plain model.

What a change did is one thing, and so are all undos that follow it: each says that it holds, or that it does
not. The undo of a change that says what is so makes it otherwise; any other undo changes nothing, and says by
which one it was done before. A request to block stands while its change holds, unless an unblock that holds
ended it, its end has come, or there were too many of them for the person."""

import random

import pytest

from support import expect
from support.moved_clock import MovedClock
from support.server import Server
from support.waiting import eventually
from test_asked_again import AT_MOST, NOTHING, People

NAMES = [f"person-{n}" for n in range(8)]
HOUR = 3600


class Deed:
    """What a change did: it asked for people, or ended requests. `by`: the last change that says whether it holds."""

    def __init__(self, asks):
        self.asks, self.holds, self.items, self.by = asks, True, [], None


class Request:
    def __init__(self, deed, actor, reason, source=None, hours=0, end=0):
        self.deed, self.actor, self.reason, self.source = deed, actor, reason, source
        self.hours, self.end = hours, end
        self.ended_by, self.left_out, self.ended = [], False, False

    @property
    def stands(self):
        gone = self.left_out or self.ended or any(deed.holds for deed in self.ended_by)
        return self.deed.holds and not gone


class Model:
    """All requests for the people of a list, in order, and the deed of each change, and what it says."""

    def __init__(self):
        self.there, self.hours, self.lives = True, 0, 0
        self.end()

    def end(self):
        self.lives += 1
        self.requests = {name: [] for name in NAMES}
        self.changes, self.imports = {}, {}

    def standing(self, name):
        return [request for request in self.requests[name] if request.stands]

    def shown(self, name):
        requests = self.standing(name)
        return requests[0].reason if requests else False

    def leave_out(self, name):
        standing = self.standing(name)
        if len(standing) > AT_MOST:
            ends = [request for request in standing[1:] if request.end]
            (min(ends, key=lambda request: request.end) if ends else standing[1]).left_out = True

    def ask(self, names, *said, **more):
        """The deed that asks for them; without items when that only repeats what was asked for."""
        deed = Deed(asks=True)
        for name in names:
            request = Request(deed, *said, hours=self.hours, **more)
            if not any(repeats(request, each) for each in self.standing(name)):
                deed.items.append((name, request))
        return deed

    def record(self, change, deed):
        deed.by = change
        self.changes[change] = (deed, True)
        for name, request in deed.items:
            if deed.asks:
                self.requests[name].append(request)
                self.leave_out(name)
            else:
                request.ended_by.append(deed)

    def turn(self, deed, by):
        """Undoes what it did, or does it again."""
        deed.holds = not deed.holds
        deed.by = by
        self.changes[by] = (deed, deed.holds)
        for name, request in deed.items:
            if request.stands:
                self.leave_out(name)


def repeats(new, old):
    if new.source or old.source:
        return new.source == old.source
    return (new.actor, new.reason, new.hours, new.end) == (old.actor, old.reason, old.hours, old.end)


def shown(people, name):
    """Also in the list of a campaign that is deleted."""
    blocks = expect.ok(people.api.get(f"/blocked-leads/{name}"))["blocks"]
    return blocks[0]["reason"] if blocks else False


def standing(people, name):
    """By the history; oldest first."""
    events = expect.ok(people.api.get(f"/blocked-leads/{name}/history?take=100"))
    return [event["reason"] for event in reversed(events) if event["standing"]], len(events) < 100


def some(draw):
    return draw.sample(NAMES, draw.randint(1, 4))


# --- Acts ---


def block(people, model, draw):
    names, actor, reason = some(draw), draw.randrange(3), draw.choice("abc")
    end = draw.random() < 0.15 and people.clock.in_seconds(HOUR // 2)
    if not model.there:
        return
    end = end and model.ends.setdefault(model.hours, end)
    deed = model.ask(names, actor, reason, end=end or 0)
    new = sum(not model.standing(name) for name in names)
    body = {"publicIdentifiers": names, "reason": reason, **({"expiresAt": end} if end else {})}
    response = people.actors[actor].post(people.path, body)
    assert expect.ok(response)["blocked"] == new, response
    change = response.header("x-change-id")
    assert (change == NOTHING) == (not deed.items)
    if deed.items:
        model.record(change, deed)


def unblock(people, model, draw):
    names = some(draw)
    if not model.there:
        return
    deed = Deed(asks=False)
    deed.items = [(name, request) for name in names for request in model.standing(name)]
    response = people.api.delete(people.path, {"publicIdentifiers": names})
    expect.unblocked_result(response, sum(bool(model.standing(name)) for name in names),
                            sum(len(model.standing(name)) > 1 for name in names))
    if deed.items:
        model.record(response.header("x-change-id"), deed)


def send_file(people, model, draw):
    names, unblocks = some(draw), draw.random() < 0.3
    source = f"{'out' if unblocks else 'in'}-{draw.randrange(3)}-{model.lives}"
    if not model.there:
        return
    deed = model.ask(names, None, None, source=source)
    if unblocks:
        deed = Deed(asks=False)
        deed.items = [(name, request) for name in names for request in model.standing(name)]
    people_changed = sum(bool(model.standing(name)) == unblocks for name in names)
    query = f"?importId={source}&action={'unblock' if unblocks else 'block'}"
    file = "".join(f"https://www.linkedin.com/in/{name}\n" for name in names).encode()
    response = people.api.post(people.path + "/import" + query, file, content_type="text/plain")
    assert expect.ok(response)["unblocked" if unblocks else "blocked"] == people_changed
    changes, undone = model.imports.setdefault(source, ([], []))
    undone.clear()
    if deed.items:
        model.record(response.header("x-change-id"), deed)
        changes.append(response.header("x-change-id"))


def blocked_of(model, deed):
    return {name for name, _ in deed.items if model.standing(name)}


def check_counts(body, before, after):
    assert body["unblocked"] == len(before - after), body
    assert body["blocked"] == len(after - before), body


def undo(people, model, draw):
    if not model.changes:
        return
    change = draw.choice(list(model.changes))
    deed, says = model.changes[change]
    before = blocked_of(model, deed)
    took = {name for name, request in deed.items if request.stands}
    response = people.api.post(f"/changes/{change}/undo")
    body, by = expect.ok(response), response.header("x-change-id")
    if deed.holds != says:
        assert by == NOTHING
        assert body["message"] == f"Nothing left to undo: the change was undone before, by {deed.by}"
    elif by == NOTHING:  # of all that it would bring back the end has come
        assert body["message"] == "Nothing left to undo"
        assert deed.asks != says and all(request.end for _, request in deed.items)
    else:
        assert not body["message"].startswith("Nothing")
        model.turn(deed, by)
        renew_imports(model, deed)
    after = blocked_of(model, deed)
    check_counts(body, before, after)
    stayed = took & after if by != NOTHING and not stands_again(deed) else set()
    assert {each["publicIdentifier"]: each["reason"] for each in body["stayedBecause"]} == {
        name: model.shown(name) for name in stayed}
    assert body["stayed"] == len(stayed)


def stands_again(deed):
    return deed.asks == deed.holds


def renew_imports(model, deed):
    """The deed of an import holds again."""
    for changes, undone in model.imports.values():
        if deed.holds and any(model.changes[change][0] is deed for change in changes):
            undone.clear()


def undo_import(people, model, draw):
    if not model.imports:
        return
    source = draw.choice(list(model.imports))
    changes, undone = model.imports[source]
    deeds = [model.changes[change][0] for change in reversed(changes)]
    before = set().union(*(blocked_of(model, deed) for deed in deeds)) if deeds else set()
    body = expect.ok(people.api.post(f"/imports/{source}/undo"))
    for change, deed in zip(reversed(changes), deeds):
        if not deed.holds:
            continue
        by = expect.ok(people.api.get(f"/changes/{change}"))["undoneBy"]
        if by:
            model.turn(deed, by)
        else:
            assert not deed.asks and all(request.end for _, request in deed.items)
    after = set().union(*(blocked_of(model, deed) for deed in deeds)) if deeds else set()
    check_counts(body, before, after)
    undone[:] = [True]


def look_at_changes(people, model, draw):
    for change in draw.sample(list(model.changes), min(4, len(model.changes))):
        deed, says = model.changes[change]
        body = expect.ok(people.api.get(f"/changes/{change}"))
        assert body["undoneBy"] == (None if deed.holds == says else deed.by)
    for source, (_, undone) in model.imports.items():
        state = expect.ok(people.api.get(f"/imports/{source}"))["state"]
        assert state == ("undone" if undone else "done")


def let_an_hour_pass(people, model, draw):
    """And wait until what ends by then has ended: what ends last is a person of no other act."""
    if not model.there or not model.ends.get(model.hours):
        return
    last = people.clock.in_seconds(HOUR - 1)
    people.api.post(people.path, {"publicIdentifiers": ["ends-last"], "expiresAt": last})
    people.clock.let_pass(HOUR)
    eventually(lambda: shown(people, "ends-last") is False, 60)
    model.hours += 1
    for requests in model.requests.values():
        for request in requests:
            request.ended |= bool(request.end)


def turn_campaign(people, model, draw):
    path = f"/campaigns/{people.campaign}"
    if draw.random() < 0.2 and (model.there or model.changes):
        expect.ok(people.api.delete(path + "?blocks=drop"))
        ended, model.there = list(model.changes), False
        model.end()
        for change in ended[-1:]:
            expect.error(people.api.post(f"/changes/{change}/undo"), 404, "not_found")
    elif model.there:
        expect.ok(people.api.delete(path))
        model.there = False
    else:
        expect.ok(people.api.post("/campaigns", {"id": people.campaign, "name": "X"}), 201)
        model.there = True


def restart(people, model, draw):
    people.tenant.server.kill()
    people.tenant.server.start()
    people.connect()


ACTS = ([block] * 6 + [unblock] * 2 + [send_file] * 2 + [undo] * 12 + [undo_import] * 2 + [look_at_changes] * 2 +
        [let_an_hour_pass, turn_campaign, restart])


@pytest.mark.parametrize("seed", range(4))
def test_undos_of_undos_do_what_a_plain_model_does(seed):
    draw = random.Random(seed)
    model = Model()
    model.ends = {}  # of requests that were made in that hour
    with MovedClock() as clock, Server(env=clock.env) as server:
        people = People(server.tenant("agency"))
        people.clock = clock
        for step in range(160):
            draw.choice(ACTS)(people, model, draw)
            for name in draw.sample(NAMES, 3):
                assert shown(people, name) == model.shown(name), (seed, step)
        for name in NAMES:
            reasons, whole = standing(people, name)
            assert not whole or reasons == [request.reason for request in model.standing(name)], (seed, name)


# --- Erasure ---


def test_an_erasure_between_undos_takes_its_person_out_of_them(own):
    people = People(own.tenant())
    change = people.block("ada", "bob", reason="one", blocked=2)
    response = people.api.post(f"/changes/{change}/undo")
    assert expect.ok(response)["unblocked"] == 2
    expect.ok(people.api.post("/erasures", {"publicIdentifier": "ada"}))
    response = people.api.post(f"/changes/{response.header('x-change-id')}/undo")
    body = expect.ok(response)
    assert body["blocked"] == 1 and body["message"].endswith("1 whose name is not kept any more")
    body = people.undo(change)
    assert (body["unblocked"], body["message"]) == (1, "Undone: 1 lead unblocked")
    assert people.reason("ada") is False and people.reason("bob") is False


def test_no_undo_of_an_undo_frees_an_erased_person(own):
    people = People(own.tenant())
    change = people.block("ada", "bob", reason="one", blocked=2)
    undone = people.api.post(f"/changes/{change}/undo").header("x-change-id")
    expect.ok(people.api.post(f"/changes/{undone}/undo"))
    expect.ok(people.api.post("/erasures", {"publicIdentifier": "ada"}))
    assert people.undo(change)["unblocked"] == 1
    for again in (undone, change, undone, change):
        people.undo(again)
        assert expect.ok(people.api.get(f"{people.path}/ada"))["blocked"] is True
    assert people.reason("bob") is False


def test_an_undo_says_whom_it_leaves_blocked_as_they_were_erased(own):
    """The person was erased in another list, and is asked for twice in this one."""
    people = People(own.tenant())
    expect.ok(people.api.post("/blocked-leads", {"leads": [{"publicIdentifier": "ada"}]}))
    expect.ok(people.api.post("/erasures", {"publicIdentifier": "ada"}))
    one = people.block("ada", "bob", reason="one", blocked=2)
    two = people.block("ada", "bob", reason="two")
    assert people.undo(one)["message"] == "Undone: 0 leads unblocked, 2 blocked still by another request"
    assert people.undo(two)["message"] == "Undone: 1 lead unblocked, 1 whose name is not kept any more"
    assert expect.ok(people.api.get(f"{people.path}/ada"))["blocked"] is True
    assert people.reason("bob") is False
