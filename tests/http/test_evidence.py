"""GET /v1/evidence and `leadblock evidence`: signed statements about the blocklist log; and
`leadblock verify --evidence`, which compares them with a later log."""

import base64
import ctypes.util
import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from support import chain, expect, pages, people, postgres
from support.campaigns import unblock_everywhere
from support.moved_clock import MovedClock
from support.server import Server, run
from support.waiting import eventually

LEADS = "/blocked-leads"
SODIUM = ctypes.CDLL(ctypes.util.find_library("sodium"))


def is_signed(answer):
    """As anyone may look at it: the signature is over the bytes of the text."""
    text, signature, key = (answer["statement"].encode(), *(base64.b64decode(answer[name])
                                                            for name in ("signature", "publicKey")))
    assert len(signature) == 64 and len(key) == 32
    return SODIUM.crypto_sign_verify_detached(signature, text, ctypes.c_ulonglong(len(text)), key) == 0


def ask(api, person=None):
    answer = expect.ok(api.get("/evidence" + (f"?publicIdentifier={person}" if person else "")))
    assert answer.keys() == {"statement", "signature", "publicKey"}
    assert is_signed(answer)
    return answer


def stated(api, person=None):
    return json.loads(ask(api, person)["statement"])


def block(api, *names, campaign=None, reason=None):
    """Returns the id of the change."""
    body = {"leads": [{"publicIdentifier": name, "reason": reason} for name in names]}
    if campaign:
        body = {"publicIdentifiers": names, "reason": reason}
    response = api.post(f"/campaigns/{campaign}/blocked-leads" if campaign else LEADS, body)
    assert response.json()["blocked"] == len(names), response
    return response.header("x-change-id")


# What a statement says


def test_of_the_whole_log_it_says_where_it_ends(fresh):
    empty = stated(fresh.api)
    assert empty.keys() == {"format", "version", "program", "workspaceId", "at", "head"}
    assert (empty["format"], empty["version"]) == ("leadblock-evidence", 1)
    assert empty["workspaceId"] == fresh.workspace and expect.is_time(empty["at"])
    assert (empty["head"]["row"], empty["head"]["entry"]) == (0, 0)
    assert empty["head"]["digest"] == chain.begin(fresh.workspace.encode()).hex()
    block(fresh.api, "ada", "bob")
    block(fresh.api, *[f"person-{number}" for number in range(120)])
    head = stated(fresh.api)["head"]
    assert (head["row"], head["entry"]) == (103, 122)
    assert stated(fresh.api)["head"] == head, "asking changes nothing"


def test_of_a_person_it_says_what_happened_by_whom_and_why(server, fresh):
    member = people.person(server, "member", fresh.workspace)
    campaign = fresh.campaign(id="q1")
    block(fresh.api, "someone-else", "zoë", reason="asked by mail")
    first = block(member.api, "zoë", campaign=campaign)
    second = fresh.api.delete(f"/campaigns/{campaign}/blocked-leads",
                              {"publicIdentifiers": ["zoë"]}).header("x-change-id")
    third = fresh.api.post(f"/changes/{second}/undo").header("x-change-id")
    block(fresh.api, "one-more")
    statement = stated(fresh.api, "https://www.linkedin.com/in/ZO%C3%8B/")
    assert statement["publicIdentifier"] == "zoë" and statement["blocked"] is True
    events = statement["events"]
    assert [(event["row"], event["entry"], event["event"], event["scope"], event["campaignId"])
            for event in events] == [
                (1, 2, "block", "workspace", None), (3, 3, "block", "campaign", "q1"),
                (4, 3, "unblock", "campaign", "q1"), (5, 3, "restore", "campaign", "q1")]
    assert [event["changeId"] for event in events[1:]] == [first, second, third]
    assert [event["undoes"] for event in events] == [None, None, None, second]
    assert [event["reason"] for event in events] == ["asked by mail", None, None, None]
    assert {event["publicIdentifier"] for event in events} == {"zoë"}
    assert (events[0]["by"]["type"], events[1]["by"]["name"]) == ("key", member.email)
    assert all(expect.is_time(event["at"]) for event in events)
    assert statement["head"]["row"] == 6
    assert [(each["scope"], each["campaignId"], each["blocked"]) for each in statement["lists"]] == [
        ("workspace", None, True), ("campaign", "q1", True)]


def test_a_list_that_has_ended_does_not_block(fresh):
    campaign = fresh.campaign()
    block(fresh.api, "ada", campaign=campaign)
    assert stated(fresh.api, "ada")["blocked"] is True
    fresh.api.delete(f"/campaigns/{campaign}")
    statement = stated(fresh.api, "ada")
    assert statement["blocked"] is True and statement["events"][0]["campaignId"] == campaign
    fresh.api.delete(f"/campaigns/{campaign}?blocks=drop")
    statement = stated(fresh.api, "ada")
    assert statement["blocked"] is False
    assert len(statement["events"]) == 1 and statement["events"][0]["campaignId"] is None


def test_of_a_person_who_is_unknown_it_says_that(fresh):
    block(fresh.api, "ada")
    statement = stated(fresh.api, "grace")
    assert (statement["blocked"], statement["lists"], statement["events"]) == (False, [], [])
    assert statement["head"]["row"] == 1


def test_of_what_is_no_name_there_is_none(api):
    for name in ("%20", "a%2Fb%3F", "x" * 101):
        expect.error(api.get(f"/evidence?publicIdentifier={name}"), 400, "invalid_identifier")


# Names of other types: as they are blocked, the query that asks for them, and how they are stated.
TYPED = [
    ({"email": "Ada@Example.org"}, "type=email&value=ada%40EXAMPLE.org",
     {"type": "email", "value": "ada@example.org"}),
    ({"phone": "+49 170 1234567"}, "type=phone&value=0170%2F1234567&defaultCountry=de",
     {"type": "phone", "value": "+491701234567"}),
    ({"domain": "www.example.net"}, "type=domain&value=https%3A%2F%2FExample.net%2Fabout",
     {"type": "domain", "value": "example.net"}),
    ({"company": "Umbrella, Holding; GmbH"}, "type=company&value=UMBRELLA%20Holding%20AG",
     {"type": "company", "value": "umbrella holding"}),
    ({"company": "https://www.linkedin.com/company/Umbrella/"},
     "type=company&value=linkedin.com%2Fcompany%2Fumbrella",
     {"type": "company", "value": "umbrella", "companyUrl": "https://www.linkedin.com/company/umbrella"}),
]
ALL_TYPED = [entry for entry, _, _ in TYPED]


def of_name(api, query, path="/evidence"):
    answer = expect.ok(api.get(f"{path}?{query}"))
    assert is_signed(answer)
    return answer


@pytest.mark.parametrize("entry, query, name", TYPED, ids=lambda value: str(value)[:24])
def test_of_a_name_of_another_type_it_says_the_same(fresh, entry, query, name):
    said = json.loads(of_name(fresh.api, query)["statement"])
    assert said["events"] == said["lists"] == [] and said["blocked"] is False
    blocked = fresh.api.post("/blocklist", {"entries": [
        {"email": "before@example.com"}, {**entry, "reason": "asked by mail"}]})
    expect.ok(blocked)
    campaign = fresh.campaign(id="q1")
    expect.ok(fresh.api.post(f"/campaigns/{campaign}/blocklist", {"entries": [entry]}))
    freed = fresh.api.delete("/blocklist", {"entries": [entry]})
    said = json.loads(of_name(fresh.api, query)["statement"])
    assert said["version"] == 2 and said.items() >= name.items() and "publicIdentifier" not in said
    assert [(event["event"], event["entry"], event["scope"], event["reason"]) for event in said["events"]] == [
        ("block", 2, "workspace", "asked by mail"), ("block", 3, "campaign", None),
        ("unblock", 2, "workspace", None)]
    assert [said["events"][at]["changeId"] for at in (0, 2)] == [
        answer.header("x-change-id") for answer in (blocked, freed)]
    assert all(event.items() >= name.items() and "publicIdentifier" not in event for event in said["events"])
    assert [each["blocked"] for each in said["lists"]] == [False, True] and said["blocked"] is True


def test_a_linkedin_name_is_stated_alike_whichever_way_it_is_asked_for(fresh):
    block(fresh.api, "ada")
    said = [json.loads(of_name(fresh.api, query)["statement"]) for query in (
        "publicIdentifier=ada", "type=publicIdentifier&value=Ada",
        "type=linkedinUrl&value=https%3A%2F%2Fwww.linkedin.com%2Fin%2Fada")]
    for statement in said:
        del statement["at"]
    assert said[0] == said[1] == said[2] and said[0]["version"] == 1
    assert list(said[0]) == ["format", "version", "program", "workspaceId", "head", "publicIdentifier", "lists",
                             "blocked", "events"]
    assert list(said[0]["events"][0]) == [
        "row", "digest", "event", "entry", "publicIdentifier", "scope", "campaign", "campaignId", "at", "actor",
        "by", "changeId", "undoes", "reason"]


@pytest.mark.parametrize("query", [
    "type=email", "value=a%40b.com", "type=mail&value=a%40b.com", "type=&value=a", "type=email&value=",
    "type=email&value=jane", "type=phone&value=0170%201234567", "type=phone&value=0170%201234567&defaultCountry=xx",
    "type=company&value=X", "publicIdentifier=ada&type=email&value=a%40b.com",
    "publicIdentifier=ada&value=bob", "type=email&type=phone&value=a%40b.com"])
def test_what_names_nothing_or_several_is_refused(api, query):
    for path in ("/evidence", "/audit"):
        expect.error(api.get(f"{path}?{query}"), 400, "invalid_parameter", "invalid_identifier", "bad_request")


# Who sees it


def test_readers_of_the_workspace_see_it_and_others_do_not(server, fresh, other):
    block(other.api, "before")
    block(fresh.api, "only-here", reason="a secret")
    block(other.api, "after")
    viewer = people.person(server, "viewer", fresh.workspace)
    stranger = people.person(server, "viewer", other.workspace)
    read_only = server.api(fresh.new_key("--read-only"))
    for api in (fresh.api, viewer.api, read_only):
        assert len(stated(api, "only-here")["events"]) == 1
    for api in (other.api, stranger.api):
        statement = stated(api, "only-here")
        assert statement["workspaceId"] == other.workspace and statement["events"] == []
    foreign = stranger.api_for(fresh.workspace).get("/evidence?publicIdentifier=only-here")
    assert foreign.status in (403, 404) and b"secret" not in foreign.body, foreign
    expect.error(server.api().get("/evidence"), 401, "missing_api_key")


def test_a_name_is_stated_by_its_own_workspace_and_not_by_others(server, operator, fresh, other):
    mail = "type=email&value=secret-1%40example.org"
    entry = {"email": "secret-1@example.org", "reason": "a secret"}
    expect.ok(fresh.api.post("/blocklist", {"entries": [entry]}))
    assert len(json.loads(of_name(fresh.api, mail)["statement"])["events"]) == 1
    assert json.loads(of_name(other.api, mail)["statement"])["events"] == []
    expect.ok(operator.api.post("/installation/blocklist", {"entries": [{**entry, "reason": "for all"}]}))
    try:
        answer = of_name(other.api, mail)
        said = json.loads(answer["statement"])
        assert said["events"] == said["lists"] == [] and "for all" not in answer["statement"]
        (event,) = json.loads(of_name(operator.api, mail, "/installation/evidence")["statement"])["events"]
        assert (event["scope"], event["reason"], event["value"]) == (
            "installation", "for all", "secret-1@example.org")
    finally:
        expect.ok(operator.api.delete("/installation/blocklist", {"entries": [entry]}))


def test_a_person_is_found_between_the_rows_of_others(fresh, other):
    for number in range(3):
        block(fresh.api, "ada", f"filler-{number}")
        block(other.api, *[f"filler-{number}-{each}" for each in range(7500)])  # in 150 rows
        unblock_everywhere(fresh.api, "ada")
    events = stated(fresh.api, "ada")["events"]
    assert [event["event"] for event in events] == ["block", "unblock"] * 3


def test_a_long_log_is_read_in_turns_by_one_request_of_a_workspace(fresh):
    block(fresh.api, "first-of-all")
    for number in range(16):
        block(fresh.api, *[f"many-{number}-{each}" for each in range(10000)])
    block(fresh.api, "last-of-all")

    def get(_):
        return fresh.server.api(fresh.key).get("/evidence?publicIdentifier=first-of-all")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(get, range(16)))
    assert {answer.status for answer in answers} == {200, 429}
    for answer in answers:
        if answer.status == 429:
            expect.error(answer, 429, "overloaded")
        else:
            assert len(json.loads(answer.json()["statement"])["events"]) == 1
    assert len(stated(fresh.api, "last-of-all")["events"]) == 1


# The key


def test_there_is_one_key_for_good(own):
    first, second = own.tenant(), own.tenant()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: own.api(first.key).get("/evidence").json(), range(8)))
    keys = {answer["publicKey"] for answer in answers} | {ask(second.api)["publicKey"]}
    own.restart()
    keys |= {ask(own.api(first.key))["publicKey"], own.cli("evidence", "--public-key")}
    own.stop()
    keys |= {own.cli("evidence", "--public-key")}
    assert len(keys) == 1


# Commands


def place(server):
    return server.database or str(server.data)


def psql(server, statement):
    return postgres.shared().psql(f"SET search_path = leadblock; {statement}",
                                  postgres.database_of(server.database)).removeprefix("SET\n")


def alter(server, sqlite, shared):
    if server.database:
        psql(server, shared)
        return
    with pages.changed(server.data) as database:
        database.execute(sqlite)


def forge(server, change, number, monkeypatch):
    """Changes a row of the only workspace, and makes all digests after it anew, as one may who has the
    database. The seeds stay, and so the digests before it."""
    alter(server, f"UPDATE blocklist_log SET {change} WHERE number = {number}",
          f"UPDATE blocklist_log SET {change} WHERE id = {number}")
    if server.database:
        seeds = iter(psql(server, "SELECT encode(seed, 'hex') FROM blocklist_log ORDER BY id").split())
        monkeypatch.setattr(chain.os, "urandom", lambda _: bytes.fromhex(next(seeds)))
        chain.remake_shared(lambda statement: psql(server, statement),
                            lambda statement: psql(server, statement))
        return
    with pages.changed(server.data) as database:
        seals = iter(database.execute("SELECT seal FROM blocklist_log ORDER BY id").fetchall())
        monkeypatch.setattr(chain.os, "urandom", lambda _: next(seals)[0][32:])
        chain.remake(database)


class Scene:
    """A stopped server, and statements that it has made; more was recorded since."""

    def __init__(self, server, folder):
        self.server = server
        self.folder = folder
        tenant = server.tenant("agency")
        self.workspace = tenant.workspace
        block(tenant.api, "ada", "bob", reason="asked")
        block(tenant.api, "carol")
        unblock_everywhere(tenant.api, "ada")
        self.early = self.keep("early", ask(tenant.api))
        block(tenant.api, "dave")
        self.of_ada = self.keep("ada", ask(tenant.api, "ada"))
        block(tenant.api, "ada", "erin")
        self.key = tenant.key

    def keep(self, name, answer):
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(answer))
        return path

    def verify(self, path):
        return run("verify", place(self.server), "--evidence", path)

    def refused(self, path, *words):
        result = self.verify(path)
        assert result.code == 1 and not result.out, result
        assert all(word in result.err for word in words), result


@pytest.fixture
def scene(own, tmp_path):
    scene = Scene(own, tmp_path)
    own.stop()
    return scene


def test_commands_make_statements_with_a_server_and_without(scene):
    server = scene.server
    for runs in (False, True):
        if runs:
            server.start()
        for args in ([scene.workspace], [scene.workspace, "--lead", "in/Ada"]):
            answer = json.loads(server.cli("evidence", *args))
            assert is_signed(answer)
            path = scene.keep("made", answer)
            statement = json.loads(answer["statement"])
            assert statement["head"]["row"] == 6 and (len(args) == 1) == ("events" not in statement)
            assert runs or scene.verify(path).code == 0
    assert server.run("evidence", "ws_unknown").code == 1
    assert server.run("evidence").code == 2
    assert server.run("evidence", scene.workspace, "--public-key").code == 2


def test_a_later_log_holds_what_was_stated(scene):
    for path in (scene.early, scene.of_ada):
        result = scene.verify(path)
        assert result.code == 0 and "the log holds the statement" in result.out, result


@pytest.mark.parametrize("spelling", ["ada", "in/Ada", "https://de.linkedin.com/in/ADA/?trk=x"])
def test_a_person_is_one_in_every_spelling(scene, spelling):
    scene.server.start()
    answer = ask(scene.server.api(scene.key), quote(spelling, safe=""))
    scene.server.stop()
    events = json.loads(answer["statement"])["events"]
    assert [event["row"] for event in events] == [1, 4, 6]
    assert scene.verify(scene.keep("spelt", answer)).code == 0


def test_names_of_other_types_and_ends_leave_statements_right():
    """Of a person whose block has ended, between rows of names that are no LinkedIn name."""
    with MovedClock() as clock, Server(env=clock.env) as server:
        tenant = server.tenant("agency")
        expect.ok(tenant.api.post("/blocklist", {"entries": [
            {"email": "Ada@Example.org", "kind": "client"}, {"phone": "+49 170 1234567"},
            {"domain": "example.net", "expiresAt": "2090-01-01T00:00:00Z"},
            {"company": "Umbrella, Holding; GmbH", "reason": "a client"}]}))
        expect.ok(tenant.api.post("/blocklist", {"entries": [
            {"company": "Other, Inc"},
            {"publicIdentifier": "ada", "kind": "partner", "expiresAt": clock.in_seconds(60)}]}))
        clock.let_pass(61)
        eventually(lambda: not expect.ok(tenant.api.get(f"{LEADS}/ada"))["blocked"])
        of_ada, head = ask(tenant.api, "ada"), ask(tenant.api)
        expect.ok(tenant.api.post("/blocklist", {"entries": [{"domain": "later.example.com"}]}))
        said = json.loads(of_ada["statement"])
        assert [event["event"] for event in said["events"]] == ["block", "expired"]
        assert said["blocked"] is False
        server.stop()
        for answer in (of_ada, head):
            statement = server.data / "statement.json"
            statement.write_text(json.dumps(answer))
            result = run("verify", place(server), "--evidence", statement)
            assert result.code == 0 and "the log holds the statement" in result.out, result
            statement.unlink()


@pytest.fixture
def typed(own, tmp_path):
    """A stopped server, with statements about names of all types, and one of a person who was erased;
    more was recorded since."""
    tenant = own.tenant("agency")
    expect.ok(tenant.api.post("/blocklist", {"entries": [
        {**entry, "reason": "asked"} for entry in (*ALL_TYPED, {"publicIdentifier": "umbrella"})]}))
    expect.ok(tenant.api.delete("/blocklist", {"entries": ALL_TYPED[:2]}))
    expect.ok(tenant.api.post("/blocklist", {"entries": [{"email": "grace@example.org"}]}))
    expect.ok(tenant.api.post("/erasures", {"email": "grace@example.org"}))
    queries = [query for _, query, _ in TYPED] + ["type=email&value=Grace%40example.org"]
    scene = Scene.__new__(Scene)
    scene.server, scene.folder, scene.workspace = own, tmp_path, tenant.workspace
    scene.paths = [scene.keep(f"typed-{at}", of_name(tenant.api, query)) for at, query in enumerate(queries)]
    expect.ok(tenant.api.post("/blocklist", {"entries": ALL_TYPED}))
    own.stop()
    return scene


def test_statements_about_names_of_all_types_are_verified(typed):
    for path in typed.paths:
        result = typed.verify(path)
        assert result.code == 0 and "the log holds the statement" in result.out, result
    events = [json.loads(json.loads(path.read_text())["statement"])["events"] for path in typed.paths]
    assert [len(each) for each in events[:-1]] == [2, 2, 1, 1, 1]
    assert events[-1] and all("grace" not in event["value"] for event in events[-1])


@pytest.mark.parametrize("old, new, words", [
    ('"value":"ada@example.org"', '"value":"eve@example.org"', "does not say of the person"),
    ('"type":"email"', '"type":"domain"', "does not say of the person"),
    ('"type":"email"', '"type":"post"', "not a statement"),
    ('"entry":1,"type":"email","value":"ada@', '"entry":1,"type":"email","value":"eve@', "value is another"),
    ('"event":"unblock"', '"event":"restore"', "event is another"),
    ('"blocked":false', '"blocked":true', "what its own events do not say"),
    ('"version":2', '"version":3', "not a statement")])
def test_what_a_signed_statement_says_of_a_name_is_compared(typed, old, new, words):
    text = json.loads(typed.paths[0].read_text())["statement"]
    assert old in text
    typed.refused(typed.keep("changed", sign(typed.server, text.replace(old, new))), words)


def test_a_row_that_a_statement_about_a_name_leaves_out_is_found(typed):
    statement = json.loads(json.loads(typed.paths[0].read_text())["statement"])
    left = statement["events"].pop()
    typed.refused(typed.keep("less", sign(typed.server, json.dumps(statement))),
                  f"row {left['row']} of the log is about the person, and the statement leaves it out")


def test_a_companys_page_is_not_its_name(typed):
    text = json.loads(typed.paths[-2].read_text())["statement"]
    assert "companyUrl" in text
    statement = json.loads(text)
    for each in (statement, *statement["events"]):
        del each["companyUrl"]
    typed.refused(typed.keep("name", sign(typed.server, json.dumps(statement))), "does not say of the person")


def test_the_command_takes_one_name_of_any_type(typed):
    server = typed.server
    for runs in (False, True):
        if runs:
            server.start()
        for args, name in ((("--email", "ADA@example.org"), TYPED[0][2]),
                           (("--phone", "0170 1234567", "--country", "DE"), TYPED[1][2]),
                           (("--domain", "example.net"), TYPED[2][2]),
                           (("--company", "Umbrella Holding"), TYPED[3][2]),
                           (("--company", "linkedin.com/company/umbrella"), TYPED[4][2]),
                           (("--lead", "umbrella"), {"publicIdentifier": "umbrella"})):
            answer = json.loads(server.cli("evidence", typed.workspace, *args))
            said = json.loads(answer["statement"])
            assert is_signed(answer) and said.items() >= name.items() and said["events"]
            assert runs or typed.verify(typed.keep("made", answer)).code == 0
    for wrong in (("--email", "a@example.org", "--domain", "example.org"), ("--lead", "ada", "--phone", "+49170123456"),
                  ("--email", "a@example.org", "--country", "DE"), ("--lead", "ada", "--country", "DE"),
                  ("--country", "DE"), ("--public-key", "--country", "DE"),
                  ("--public-key", "--email", "a@example.org")):
        assert server.run("evidence", *([] if "--public-key" in wrong else [typed.workspace]), *wrong).code == 2


def test_a_signing_key_that_is_gone_or_another_one_is_noticed(scene):
    alter(scene.server, "DELETE FROM signing_key", "DELETE FROM signing_key")
    for path in (scene.early, scene.of_ada):
        scene.refused(path, "the log holds the statement", "has lost the key")
    scene.server.start()
    ask(scene.server.api(scene.key))
    scene.server.stop()
    scene.refused(scene.early, "signed with another key")


def test_a_signature_over_another_text_is_refused(scene):
    answer = json.loads(scene.of_ada.read_text())
    other = {**answer, "statement": answer["statement"].replace('"blocked":false', '"blocked":true')}
    assert other != answer and not is_signed(other)
    scene.refused(scene.keep("other", other), "the signature is not that of the statement")
    broken = {**answer, "signature": "AAAA"}
    scene.refused(scene.keep("broken", broken), "not a statement")


# Who has the key may sign anything: what is stated is compared all the same.
STATED = [('"reason":"asked"', '"reason":"was asked"', "row 1 of the log is not as the statement says: reason"),
          ('"event":"unblock"', '"event":"restore"', "row 4 of the log is not as the statement says: event"),
          ('"actor":1', '"actor":2', "row 1 of the log is not as the statement says: actor"),
          ('"blocked":false', '"blocked":true', "what its own events do not say"),
          ('"row":4,', '"row":3,', "row 3 of the log does not say of the person")]


def sign(server, text):
    """With the key that lies in the database."""
    if server.database:
        seed = psql(server, "SELECT encode(seed, 'hex') FROM signing_key")
    else:
        with pages.changed(server.data) as database:
            ((seed,),) = database.execute("SELECT hex(seed) FROM signing_key").fetchall()
    public, secret, signature = (ctypes.create_string_buffer(size) for size in (32, 64, 64))
    SODIUM.crypto_sign_seed_keypair(public, secret, bytes.fromhex(seed.strip()))
    SODIUM.crypto_sign_detached(signature, None, text.encode(), ctypes.c_ulonglong(len(text.encode())),
                                secret)
    return {"statement": text, "signature": base64.b64encode(signature.raw).decode(),
            "publicKey": base64.b64encode(public.raw).decode()}


def test_what_a_signed_statement_says_of_a_person_is_compared(scene):
    text = json.loads(scene.of_ada.read_text())["statement"]
    assert scene.verify(scene.keep("same", sign(scene.server, text))).code == 0
    for old, new, words in STATED:
        assert old in text
        scene.refused(scene.keep("changed", sign(scene.server, text.replace(old, new))), words)
    statement = json.loads(text)
    del statement["events"][1]
    scene.refused(scene.keep("less", sign(scene.server, json.dumps(statement))),
                  "row 4 of the log is about the person, and the statement leaves it out")


@pytest.mark.parametrize("change, number, head_alone", [
    ("items = 'ada,bo'", 1, "row 4"), ("at = at + 1", 1, "row 4"), ("reason = 'not asked'", 1, "row 4"),
    ("items = 'karol'", 3, "row 4")], ids=["name", "time", "reason", "another-person"])
def test_a_history_that_was_written_anew_is_noticed(scene, change, number, head_alone, monkeypatch):
    forge(scene.server, change, number, monkeypatch)
    assert run("verify", place(scene.server)).code == 0, "the digests alone do not tell"
    scene.refused(scene.early, f"{head_alone} of the log is not the statement's head")
    scene.refused(scene.of_ada, f"row {1 if number == 1 else 4} of the log is not as the statement says")


def test_what_was_recorded_after_the_statement_is_not_its_matter(scene, monkeypatch):
    forge(scene.server, "items = 'ada,frank'", 6, monkeypatch)
    assert scene.verify(scene.of_ada).code == 0


def test_a_log_that_was_put_back_ends_before_the_head(scene):
    alter(scene.server, "DELETE FROM blocklist_log WHERE workspace = 1 AND number > 3",
          "DELETE FROM blocklist_log WHERE workspace_id = 1 AND id > 3;"
          " UPDATE workspace SET head_row = 3, head_number = 3, head_digest ="
          " (SELECT digest FROM blocklist_log WHERE workspace_id = 1 AND id = 3)"
          " WHERE workspace_id = 1")
    assert run("verify", place(scene.server)).code == 0
    for path, row in ((scene.early, 4), (scene.of_ada, 5)):
        scene.refused(path, f"the log ends before the statement's head: after row 3, and the statement"
                            f" names row {row}")


def test_a_statement_of_another_installation_is_refused(scene):
    with Server() as other:
        tenant = other.tenant()
        answer = ask(tenant.api)
        scene.refused(scene.keep("theirs", answer), "the database has no workspace")
        text = answer["statement"].replace(tenant.workspace, scene.workspace)
        other.stop()
        scene.refused(scene.keep("ours", sign(other, text)), "signed with another key")


def test_a_file_that_is_no_statement_is_refused(scene):
    scene.refused(scene.folder / "absent.json", "No such file")
    for name, text in (("text", "what?"), ("object", "{}")):
        path = scene.folder / name
        path.write_text(text)
        scene.refused(path, "not a statement")
    for text in ("[]", '{"format":"other"}', '{"format":"leadblock-evidence","version":2}',
                 '{"format":"leadblock-evidence","version":3}'):
        scene.refused(scene.keep("odd", sign(scene.server, text)), "not a statement")


def test_a_statement_with_more_events_than_any_has_is_refused(scene):
    statement = json.loads(json.loads(scene.of_ada.read_text())["statement"])
    event = statement["events"][0]
    for count, words in ((10_000, "the log"), (10_001, "not a statement")):
        statement["events"] = [{**event, "publicIdentifier": f"ada-{number}"} for number in range(count)]
        scene.refused(scene.keep("many", sign(scene.server, json.dumps(statement))), words)


def test_a_backup_has_the_key(scene, tmp_path):
    server = scene.server
    if server.database:
        pytest.skip("of a folder alone: PostgreSQL has its own backups")
    folder = tmp_path / "restored"
    folder.mkdir(mode=0o700)
    server.cli("backup", folder / "leadblock.db")
    assert run("verify", folder, "--evidence", scene.of_ada).code == 0
    assert run("evidence", "--public-key", "--data", folder).out.strip() == \
        json.loads(scene.early.read_text())["publicKey"]
