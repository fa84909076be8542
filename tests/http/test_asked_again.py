"""Who is blocked and is asked for again: each request stands for itself, and a block holds as long as
one of them does."""

import random

import pytest

from support import expect
from support.moved_clock import MovedClock
from support.server import Server, on_postgresql

NOTHING = "ch_0"
HOUR = 3600
AT_MOST = 16  # requests that count for a person in a list


class People:
    """One campaign's list; `actor` is a key of the workspace."""

    def __init__(self, tenant):
        self.tenant = tenant
        self.campaign = tenant.campaign()
        self.path = f"/campaigns/{self.campaign}/blocked-leads"
        self.keys = [tenant.key] + [tenant.server.key(tenant.workspace, name=name)
                                    for name in ("crm", "partner")]
        self.connect()

    def connect(self):
        self.actors = [self.tenant.server.api(key) for key in self.keys]
        self.api = self.actors[0]

    def block(self, *names, reason=None, actor=0, blocked=0):
        body = {"publicIdentifiers": list(names), **({"reason": reason} if reason else {})}
        response = self.actors[actor].post(self.path, body)
        assert expect.ok(response)["blocked"] == blocked, response
        return response.header("x-change-id")

    def unblock(self, *names, asked_more=0):
        response = self.api.delete(self.path, {"publicIdentifiers": list(names)})
        expect.unblocked_result(response, len(names), asked_more)
        return response.header("x-change-id")

    def undo(self, change):
        response = self.api.post(f"/changes/{change}/undo")
        body = expect.ok(response)
        assert body.keys() == {"success", "message", "blocked", "unblocked", "stayed",
                               "stayedBecause"}
        return body

    def reason(self, name="ada"):
        """Of what is shown; False: the person is not blocked."""
        body = expect.ok(self.api.get(f"{self.path}/{name}"))
        listed = [entry["reason"] for entry in expect.ok(self.api.get(self.path + "?take=100&search=" + name))
                  if entry["publicIdentifier"] == name]
        assert listed == ([body["reason"]] if body["blocked"] else [])
        return body["blocked"] and body["reason"]


@pytest.fixture
def people(fresh):
    return People(fresh)


def test_an_undone_import_leaves_who_asked_to_stop_in_between(people):
    taken = people.block("ada", "bob", reason="a list", blocked=2)
    people.block("ada", reason="asked to stop", actor=1)
    body = people.undo(taken)
    assert (body["unblocked"], body["stayed"]) == (1, 1)
    [because] = body["stayedBecause"]
    assert because.keys() == {"publicIdentifier", "reason", "createdAt", "by"}
    assert because["publicIdentifier"] == "ada" and because["reason"] == "asked to stop"
    assert because["by"]["name"] == "crm"
    assert people.reason("ada") == "asked to stop"
    assert people.reason("bob") is False


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)])
def test_each_request_is_undone_by_itself(people, order):
    reasons = ["one", "two", "three"]
    changes = [people.block("ada", reason=reason, blocked=reason == "one") for reason in reasons]
    assert NOTHING not in changes and len(set(changes)) == 3
    standing = list(reasons)
    for n in order:
        assert people.reason() == standing[0]
        standing.remove(reasons[n])
        body = people.undo(changes[n])
        assert (body["unblocked"], body["stayed"]) == (not standing, bool(standing))
    assert people.reason() is False


def test_a_repetition_is_no_request(people):
    people.block("ada", reason="one", blocked=1)
    assert people.block("ada", reason="one") == NOTHING
    assert people.block("ada", "ada", reason="one") == NOTHING
    assert people.block("ada", reason="two") != NOTHING
    assert people.block("ada", reason="two") == NOTHING
    assert people.block("ada", reason="one") == NOTHING
    assert people.block("ada") != NOTHING  # no reason is another one
    assert people.block("ada") == NOTHING
    assert people.block("ada", reason="one", actor=1) != NOTHING
    assert people.block("ada", reason="one", actor=1) == NOTHING


def test_who_was_in_an_import_and_is_blocked_by_name_is_asked_for_again(people):
    """Also by the key that imported: the list says nothing of the person."""
    imported = people.api.post(people.path + "/import?importId=spring",
                               b"https://www.linkedin.com/in/ada\nhttps://www.linkedin.com/in/bob\n",
                               content_type="text/plain")
    assert expect.ok(imported)["blocked"] == 2
    assert people.block("ada") != NOTHING
    assert people.block("ada") == NOTHING
    body = expect.ok(people.api.post("/imports/spring/undo"))
    assert (body["unblocked"], body["stayed"]) == (1, 1)
    assert (people.reason("ada"), people.reason("bob")) == (None, False)


def test_an_import_that_is_sent_again_asks_for_nobody_twice(people):
    people.block("ada", reason="one", blocked=1)
    changes = []
    for _ in range(2):
        response = people.api.post(people.path + "/import?importId=spring",
                                   b"https://www.linkedin.com/in/ada\n", content_type="text/plain")
        assert expect.ok(response)["already"] == 1
        changes.append(response.header("x-change-id"))
    assert changes[0] != NOTHING and changes[1] == NOTHING
    people.unblock("ada", asked_more=1)


def test_a_person_twice_in_one_request_is_asked_for_once(people):
    first = people.block("ada", "ada", "bob", reason="one", blocked=2)
    again = people.block("ada", "bob", "ada", reason="two")
    people.undo(again)
    assert people.undo(first)["unblocked"] == 2
    assert people.reason("ada") is False


def test_after_an_hour_the_same_request_counts():
    with MovedClock() as clock, Server(env=clock.env) as server:
        people = People(server.tenant())
        first = people.block("ada", reason="one", blocked=1)
        clock.set(HOUR - 60)
        assert people.block("ada", reason="one") == NOTHING
        clock.set(HOUR + 60)
        second = people.block("ada", reason="one")
        assert second != NOTHING
        assert people.undo(first)["stayed"] == 1
        assert people.undo(second)["unblocked"] == 1


def test_an_unblock_ends_all_requests_and_its_undo_brings_all_back(people):
    first = people.block("ada", "bob", reason="one", blocked=2)
    second = people.block("ada", reason="two")
    ended = people.unblock("ada", "bob", asked_more=1)
    assert people.reason() is False
    assert people.undo(ended)["blocked"] == 2
    assert people.reason() == "one"
    assert people.undo(second)["stayed"] == 1
    assert people.undo(first)["unblocked"] == 2


def test_what_was_undone_stays_undone_when_an_unblock_is(people):
    first = people.block("ada", "bob", reason="one", blocked=2)
    second = people.block("ada", reason="two")
    ended = people.unblock("ada", "bob", asked_more=1)
    assert people.undo(first)["unblocked"] == 0
    assert people.undo(ended)["blocked"] == 1
    assert (people.reason("ada"), people.reason("bob")) == ("two", False)
    assert people.undo(second)["unblocked"] == 1


def test_an_undone_import_stays_undone_when_an_unblock_is(own):
    people = People(own.tenant())
    body = people.api.post(people.path + "/import?importId=spring",
                           b"https://www.linkedin.com/in/ada\n", content_type="text/plain")
    assert expect.ok(body)["blocked"] == 1
    ended = people.unblock("ada")
    expect.ok(people.api.post("/imports/spring/undo"))
    assert people.undo(ended)["blocked"] == 0
    own.restart()
    people.connect()
    assert people.reason("ada") is False


def test_what_comes_back_stands_beside_what_came_since(people):
    people.block("ada", reason="one", blocked=1)
    ended = people.unblock("ada")
    since = people.block("ada", reason="two", blocked=1)
    assert people.undo(ended)["blocked"] == 0
    assert people.reason() == "one"
    body = people.undo(since)
    assert (body["unblocked"], [each["reason"] for each in body["stayedBecause"]]) == (0, ["one"])
    people.unblock("ada")


def test_so_many_requests_count_the_first_and_the_latest(people):
    changes = [people.block("ada", reason=f"reason {n}", blocked=n == 0)
               for n in range(AT_MOST + 4)]
    forgotten = changes[1:5]
    for change in forgotten:
        body = people.undo(change)
        assert (body["unblocked"], body["stayed"]) == (0, 0)
    for n, change in enumerate(changes):
        if change not in forgotten:
            last = n == len(changes) - 1
            assert people.reason() == ("reason 0" if n == 0 else f"reason {max(n, 5)}")
            assert people.undo(change)["unblocked"] == last
    assert people.reason() is False


def test_requests_of_the_workspace_and_of_a_campaign_are_apart(people):
    people.block("ada", reason="one", blocked=1)
    body = {"leads": [{"publicIdentifier": "ada"}]}
    response = people.api.post("/blocked-leads", body)
    assert expect.ok(response)["blocked"] == 1
    assert people.undo(response.header("x-change-id"))["unblocked"] == 1
    people.unblock("ada")


def test_the_statistics_count_people(people):
    people.block("ada", reason="one", blocked=1)
    people.block("ada", reason="two")
    total = expect.ok(people.api.get("/statistics"))
    assert total["blockedLeads"]["total"] == 1
    assert sum(day["blocked"] for day in total["days"]) == 1


def test_the_days_count_people_who_were_freed_and_came_back():
    with Server() as server:
        people = People(server.tenant())
        taken = people.block("ada", "bob", reason="one", blocked=2)
        people.block("ada", reason="two")
        people.undo(taken)  # frees bob
        people.block("ada", reason="three")
        ended = people.unblock("ada", asked_more=1)
        people.undo(ended)
        for _ in range(2):
            days = expect.ok(people.api.get("/statistics"))["days"]
            assert sum(day["blocked"] for day in days) == 3
            assert sum(day["unblocked"] for day in days) == 2
            server.restart()
            people.connect()


def test_a_change_of_new_and_known_people_is_undone_whole(people):
    """Some in rows of the log of their own, and more than one row holds."""
    known = [f"known-{n}" for n in range(120)]
    people.block(*known, reason="one", blocked=120)
    new = [f"new-{n}" for n in range(120)]
    mixed = [name for pair in zip(known, new) for name in pair]
    both = people.block(*mixed, reason="two", blocked=120)
    body = people.undo(both)
    assert (body["unblocked"], body["stayed"]) == (120, 120)
    assert len(body["stayedBecause"]) == 100
    assert people.undo(both)["unblocked"] == 0
    assert {people.reason(name) for name in known[:3]} == {"one"}
    assert {people.reason(name) for name in new[:3]} == {False}


@pytest.mark.skipif(not on_postgresql(), reason="one process owns a folder")
def test_another_node_knows_all_requests(server, people):
    with Server(database=server.database) as other:
        there = other.api(people.tenant.key)
        first = people.block("ada", "bob", reason="one", blocked=2)
        again = there.post(people.path, {"publicIdentifiers": ["ada"], "reason": "two"})
        assert expect.ok(again)["blocked"] == 0
        assert people.undo(first)["stayed"] == 1
        assert people.reason("ada") == "two"
        undo = there.post(f"/changes/{again.header('x-change-id')}/undo")
        assert expect.ok(undo)["unblocked"] == 1
        assert people.reason("ada") is False


# --- against a plain model, over restarts ---


class Request:
    def __init__(self, order, actor, reason):
        self.order, self.actor, self.reason = order, actor, reason
        self.ended_by = set()  # changes that stand
        self.left_out = False

    @property
    def stands(self):
        return not self.ended_by and not self.left_out


class Model:
    """All requests for people of a list, and what each change did with them."""

    def __init__(self):
        self.made = 0
        self.there = True
        self.end()

    def end(self):
        self.requests = {}
        self.changes = {}  # ("asks", "ends" or "brings back", [(name, request)])

    def standing(self, name):
        return [request for request in self.requests.get(name, []) if request.stands]

    def people(self):
        return sum(bool(self.standing(name)) for name in self.requests)

    def shown(self, name):
        requests = self.standing(name)
        return requests[0].reason if requests else False

    def asked(self, names, actor, reason):
        """The requests that a change would make."""
        made = []
        for name in dict.fromkeys(names):
            if not any((each.actor, each.reason) == (actor, reason)
                       for each in self.standing(name)):
                self.made += 1
                made.append((name, Request(self.made, actor, reason)))
        return made

    def leave_out(self, name):
        if len(self.standing(name)) > AT_MOST:
            self.standing(name)[1].left_out = True

    def block(self, change, made):
        for name, request in made:
            self.requests.setdefault(name, []).append(request)
            self.leave_out(name)
        self.changes[change] = ("asks", made)

    def unblock(self, change, items):
        for _, request in items:
            request.ended_by.add(change)
        self.changes[change] = ("ends", items)

    def undo(self, change, by):
        kind, items = self.changes.pop(change)
        for name, request in items:
            if kind == "ends":
                request.ended_by.discard(change)
                self.leave_out(name)
            else:
                request.ended_by.add(by)
        self.changes[by] = ("brings back" if kind == "ends" else "ends", items)


@pytest.mark.parametrize("seed", range(4))
def test_random_changes_do_what_a_plain_model_does(seed):
    draw = random.Random(seed)
    model = Model()
    with Server() as server:
        people = People(server.tenant("agency"))
        acts = [block_as_the_model] * 9 + [unblock_as_the_model] * 2 + [undo_as_the_model] * 7 + [
            turn_campaign_as_the_model] * 2 + [restart_as_the_model]
        for step in range(200):
            draw.choice(acts)(people, model, draw)
            for name in draw.sample(NAMES, 4):
                assert shown(people, name) == model.shown(name), (seed, step)
        assert {name: shown(people, name) for name in NAMES} == {
            name: model.shown(name) for name in NAMES}


NAMES = [f"person-{n}" for n in range(12)]


def shown(people, name):
    """Also in the list of a campaign that is deleted."""
    blocks = expect.ok(people.api.get(f"/blocked-leads/{name}"))["blocks"]
    return blocks[0]["reason"] if blocks else False


def block_as_the_model(people, model, draw):
    names, actor, reason = some(draw), draw.randrange(3), draw.choice(["a", "b", "c"])
    if not model.there:
        return
    made = model.asked(names, actor, reason)
    new = sum(not model.standing(name) for name, _ in made)
    change = people.block(*names, actor=actor, reason=reason, blocked=new)
    assert (change == NOTHING) == (not made)
    if made:
        model.block(change, made)


def unblock_as_the_model(people, model, draw):
    names = some(draw)
    if not model.there:
        return
    ended = [(name, request) for name in names for request in model.standing(name)]
    response = people.api.delete(people.path, {"publicIdentifiers": names})
    expect.unblocked_result(response, sum(bool(model.standing(name)) for name in names),
                            sum(len(model.standing(name)) > 1 for name in names))
    if ended:
        model.unblock(response.header("x-change-id"), ended)


def undo_as_the_model(people, model, draw):
    if not model.changes:
        return
    change = draw.choice(list(model.changes))
    kind, items = model.changes[change]
    before = {name: bool(model.standing(name)) for name, _ in items}
    took = {name for name, request in items if request.stands}
    response = people.api.post(f"/changes/{change}/undo")
    body = expect.ok(response)
    model.undo(change, response.header("x-change-id"))
    after = {name: bool(model.standing(name)) for name in before}
    assert body["unblocked"] == sum(before[name] and not after[name] for name in before)
    assert body["blocked"] == sum(after[name] and not before[name] for name in before)
    if kind == "asks":
        assert body["stayed"] == sum(after[name] for name in took)
        assert {each["publicIdentifier"]: each["reason"] for each in body["stayedBecause"]} == {
            name: model.shown(name) for name in took if after[name]}


def turn_campaign_as_the_model(people, model, draw):
    path = f"/campaigns/{people.campaign}"
    if draw.random() < 0.3 and (model.there or model.changes):
        expect.ok(people.api.delete(path + "?blocks=drop"))
        ended, model.there = list(model.changes), False
        model.end()
        for change in ended[:1]:
            expect.error(people.api.post(f"/changes/{change}/undo"), 404, "not_found")
    elif model.there:
        expect.ok(people.api.delete(path))
        model.there = False
    else:
        body = expect.ok(people.api.post("/campaigns", {"id": people.campaign, "name": "X"}), 201)
        assert body.get("carriedOver", 0) == model.people()
        assert ("carriedOver" in body) == bool(model.changes)
        model.there = True


def restart_as_the_model(people, model, draw):
    people.tenant.server.kill()
    people.tenant.server.start()
    people.connect()


def some(draw):
    return draw.sample(NAMES, draw.randint(1, 6))
