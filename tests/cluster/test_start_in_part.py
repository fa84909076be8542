"""A node starts while a part of the database is away: it serves what it could read, refuses the rest,
and reads that when it is back. The proxy refuses what wants rows of these workspaces."""

import time
from contextlib import closing, contextmanager

import pytest

from support import expect
from support.campaigns import Campaign, names
from support.nodes import Nodes
from support.parts import Parts, database_in_parts
from support.server import Server, Tenant
from support.waiting import eventually
from test_trouble import status

WORKSPACES = 8
SILENT = 48  # workspaces where every second one is silent
TIMEOUT = 2  # seconds until a node gives up a connection
START_LIMIT = 60.0  # of a start that waits for it
NOTICED = 5.0
BACK = 15.0
LATE = 90.0  # more than LB_RETRY_LATE_MS: a busy machine may be taken for a part that is silent
FAR = 0.3  # seconds until an answer is there
MANY = 25000  # more than is read in one piece
AT_ONCE = 5000
ROUNDS = 20


class Tenancy:
    """A workspace, as it is seen from the node that was there before and from the late one."""

    def __init__(self, tenant):
        self.tenant = tenant
        self.workspace = tenant.workspace
        self.campaign = Campaign(tenant, "early", "meanwhile", "free")
        self.path = f"/campaigns/{self.campaign.id}/blocked-leads"
        expect.blocked_result(tenant.api.post(self.path, {"publicIdentifiers": ["early"]}), 1)

    def at(self, node):
        return closing(node.api(self.tenant.key, timeout=20))

    def seen_from(self, node, key=None):
        there = Tenant(node, self.workspace, key or self.tenant.key)
        return self.campaign.seen_from(there)

    def is_blocked(self, api, name):
        return expect.ok(api.get(f"{self.path}/{name}"))["blocked"]

    def is_refused(self, node):
        """Nothing is said about it, and nothing written."""
        with self.at(node) as api:
            for answer in (api.get(f"{self.path}/early"), api.get(f"{self.path}/free"),
                           api.post(self.path, {"publicIdentifiers": ["lost"]}),
                           api.post(f"{self.campaign.path}/activities/claim",
                                    {"max": 10, "leaseSeconds": 60}),
                           api.get(self.path),
                           api.get("/campaigns"), api.get(f"/campaigns/{self.campaign.id}")):
                expect.error(answer, 503, "storage_unavailable")
                assert int(answer.header("Retry-After")) > 0, answer

    def is_back(self, node):
        with self.at(node) as api:
            answer = api.get(f"{self.path}/early")
        if answer.status != 200:
            expect.error(answer, 503, "storage_unavailable")
            return False
        assert answer.json()["blocked"], answer
        return True


class Scene(Parts):
    def __init__(self, database, proxy, first, *options, workspaces=WORKSPACES):
        super().__init__(database, proxy)
        self.first = first
        self.all = [Tenancy(first.tenant("agency")) for _ in range(workspaces)]
        self.here, self.there = self.all[::2], self.all[1::2]
        self.late = Server(*options, database=proxy.uri(database))

    def here_is_served(self, name):
        for one in self.here:
            with one.at(self.late) as api:
                assert one.is_blocked(api, "early")
                assert not one.is_blocked(api, name)
                expect.blocked_result(api.post(one.path, {"publicIdentifiers": [name]}), 1)
                assert one.is_blocked(api, name)


@contextmanager
def scenery(*options, **more):
    with database_in_parts() as (database, proxy), Nodes(1, database=database) as nodes:
        scene = Scene(database, proxy, nodes[0], *options, **more)
        try:
            yield scene
            assert scene.late.alive() and scene.late.starts == 1, scene.late.log_text()
            scene.late.stop()
        finally:
            scene.late.kill()
            scene.late.remove()


@pytest.fixture
def scene():
    with scenery() as scene:
        yield scene


@pytest.fixture
def silent():
    """The part that is away does not refuse, and gives no answer. It has more workspaces than the start
    can wait for."""
    with scenery("--database-timeout", TIMEOUT, workspaces=SILENT) as scene:
        scene.proxy.away, scene.proxy.silent = scene.numbers(scene.there), True
        scene.late.spawn()
        scene.late.wait_ready(START_LIMIT)
        yield scene


def says(node, text):
    return lambda: text in node.log_text()


def go_on_elsewhere(scene, one):
    """What another node does with a workspace that the late one cannot ask for."""
    api = one.tenant.api
    expect.blocked_result(api.post(one.path, {"publicIdentifiers": ["meanwhile"]}), 1)
    return one.tenant.campaign("Younger"), one.tenant.new_key()


def all_is_there(scene, one, younger, key):
    eventually(lambda: one.is_back(scene.late), BACK)
    with closing(scene.late.api(key, timeout=20)) as api:
        assert one.is_blocked(api, "early") and one.is_blocked(api, "meanwhile")
        assert not one.is_blocked(api, "free")
        expect.ok(api.get(f"/campaigns/{younger}"))
        expect.blocked_result(api.post(one.path, {"publicIdentifiers": ["after"]}), 1)
        assert names(one.seen_from(scene.late, key).claim()) == ["free"]


def test_what_can_be_read_is_served_and_the_rest_when_it_is_back(scene):
    scene.proxy.away = scene.numbers(scene.there)
    scene.late.start()
    assert f"{len(scene.there)} workspaces cannot be read" in scene.late.log_text()
    for path in ("/readyz", "/readyz?for=checks"):
        eventually(lambda path=path: status(scene.late, path) == 200, NOTICED)
    for round_ in range(3):
        scene.here_is_served(f"here-{round_}")
        for one in scene.there:
            one.is_refused(scene.late)
    made = [go_on_elsewhere(scene, one) for one in scene.there]
    for one, (_, key) in zip(scene.there, made):
        with closing(scene.late.api(key)) as api:
            expect.error(api.get(f"{one.path}/meanwhile"), 503, "storage_unavailable")
    scene.proxy.away = set()
    for one, (younger, key) in zip(scene.there, made):
        all_is_there(scene, one, younger, key)
    eventually(says(scene.late, "served; 0 are left"), BACK)
    scene.here_is_served("later")


def test_a_half_of_what_was_away_comes_back(scene):
    scene.proxy.away = scene.numbers(scene.there)
    scene.late.start()
    back, gone = scene.there[:2], scene.there[2:]
    scene.proxy.away = scene.numbers(gone)
    eventually(says(scene.late, f"served; {len(gone)} are left"), BACK)
    for one in back:
        eventually(lambda one=one: one.is_back(scene.late), BACK)
    for one in gone:
        one.is_refused(scene.late)
    scene.here_is_served("here")


def test_a_part_that_goes_away_in_the_middle_of_the_start(scene):
    """The node knows its keys and campaigns, and none of its blocks."""
    scene.proxy.goes_away(b"workspace_id BETWEEN", scene.numbers(scene.there))
    scene.late.start()
    assert scene.proxy.away, "the start has read the logs by another statement"
    scene.here_is_served("here")
    for one in scene.there:
        one.is_refused(scene.late)
    made = [go_on_elsewhere(scene, one) for one in scene.there]
    scene.proxy.away = set()
    for one, (younger, key) in zip(scene.there, made):
        all_is_there(scene, one, younger, key)


def test_a_long_list_that_is_back_is_read_whole_before_it_answers(scene):
    one = scene.there[0]
    for first in range(0, MANY, AT_ONCE):
        many = [f"many-{number}" for number in range(first, first + AT_ONCE)]
        expect.ok(one.tenant.api.post(one.path, {"publicIdentifiers": many}))
    scene.proxy.away = scene.numbers(scene.there)
    scene.late.start()
    one.is_refused(scene.late)
    scene.proxy.away = set()
    with one.at(scene.late) as api:
        eventually(lambda: api.get(f"{one.path}/many-{MANY - 1}").status == 200, BACK)
        assert all(one.is_blocked(api, f"many-{number}")
                   for number in (0, AT_ONCE, 12345, MANY - 1))
        assert not one.is_blocked(api, f"many-{MANY}")


def test_what_is_to_be_done_in_all_workspaces_waits_for_those_that_are_away(scene):
    """A change of the installation's list is noted until leads are set aside in all of them."""
    noted = "SELECT count(*) FROM leadblock.lead_pending WHERE workspace_id = 0"
    scene.first.kill()
    scene.sql("INSERT INTO leadblock.lead_pending (workspace_id, campaign, key, token)"
              " VALUES (0, 0, 'free', 1)")
    scene.proxy.away = scene.numbers(scene.there)
    scene.late.start()
    for number in range(ROUNDS):  # after each write it looks for what is noted
        scene.here_is_served(f"here-{number}")
    for one in scene.there:
        one.is_refused(scene.late)
    assert scene.sql(noted) == "1"
    scene.proxy.away = set()
    eventually(lambda: scene.sql(noted) == "0", LATE)
    for one in scene.all:
        eventually(lambda one=one: one.is_back(scene.late), BACK)


def test_without_the_list_of_the_installation_there_is_no_start(scene):
    scene.proxy.away = {0}
    scene.late.spawn()
    assert scene.late.wait_end(30) != 0
    scene.proxy.away = set()
    scene.late.starts = 0
    scene.late.start()


def writes_go_on(one, node):
    """What looks through all workspaces from time to time does not hold them up."""
    began = time.monotonic()
    with one.at(node) as api:
        for number in range(ROUNDS):
            expect.blocked_result(api.post(one.path, {"publicIdentifiers": [f"new-{number}"]}), 1)
    assert time.monotonic() - began < TIMEOUT * ROUNDS / 2


def test_a_database_that_is_far_is_not_taken_for_one_that_is_silent():
    """Each answer takes longer than a near one is waited for, and others never come."""
    with scenery("--database-timeout", TIMEOUT, workspaces=4) as scene:
        scene.proxy.away, scene.proxy.silent = scene.numbers(scene.there), True
        scene.proxy.delay(FAR / 2, FAR / 2)
        scene.late.spawn()
        scene.late.wait_ready(START_LIMIT)
        for one in scene.here:
            eventually(lambda one=one: one.is_back(scene.late), BACK)
        scene.proxy.delay()
        scene.proxy.away = set()


def test_nothing_waits_for_a_silent_part_but_what_is_in_it(silent):
    """The last workspaces are read after more silent ones than could be waited for."""
    assert f"{len(silent.there)} workspaces cannot be read" not in silent.late.log_text(), (
        "the start has asked for all of them")
    writes_go_on(silent.here[0], silent.late)
    began = time.monotonic()
    in_vain = TIMEOUT * len(silent.there)
    for one in reversed(silent.here):
        eventually(lambda one=one: one.is_back(silent.late), in_vain / 2)
    assert time.monotonic() - began < in_vain / 2
    for one in silent.there[:2] + silent.there[-2:]:
        one.is_refused(silent.late)
    silent.proxy.away = set()
    for one in silent.all:
        eventually(lambda one=one: one.is_back(silent.late), BACK)
    eventually(says(silent.late, "served; 0 are left"), BACK)
