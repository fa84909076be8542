"""leadblock mcp: framing, hostile input, and a server that does what a test needs. tests/openapi has it with the
protocol's own client, and a real server."""

import json
import os
import subprocess
import threading
import time

import pytest

from fake import KEY, Fake
from tests.support.server import binary, clean_environment, run

BEGIN = {"method": "initialize", "params": {"protocolVersion": "2025-11-25", "capabilities": {},
                                            "clientInfo": {"name": "test", "version": "1"}}}
META = {"io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {}}
NOBODY = {"LEADBLOCK_URL": "http://127.0.0.1:9", "LEADBLOCK_KEY": KEY}  # no server there


def line(message):
    return json.dumps({"jsonrpc": "2.0", **message})


def tool(name, number=2, **arguments):
    return {"id": number, "method": "tools/call", "params": {"name": name, "arguments": arguments}}


def read_lines(text):
    *lines, last = text.split("\n")  # str.splitlines would also split at U+2028
    assert last == ""
    return [json.loads(text) for text in lines]


def talk(*lines, env=NOBODY, options=()):
    """Sends lines after `initialize`, and the end of the input; returns what was answered to them."""
    sent = "".join(f"{text}\n" for text in [line({"id": "begin", **BEGIN}), *lines])
    result = run("mcp", *options, stdin=sent, env=env)
    assert result.code == 0, result
    assert KEY not in result.out + result.err
    begin, *answers = read_lines(result.out)
    assert begin["id"] == "begin"
    return answers


def call(fake, name, options=(), **arguments):
    (answer,) = talk(line(tool(name, **arguments)), env=fake.env, options=options)
    assert answer["id"] == 2
    return answer["result"]


def text_of(result):
    assert result["isError"] is True and "structuredContent" not in result
    return result["content"][0]["text"]


class Session:
    """A process that is talked to line by line."""

    def __init__(self, env, *options):
        self.process = subprocess.Popen([binary(), "mcp", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, env=clean_environment(env), text=True)

    def __enter__(self):
        self.send({"id": 0, **BEGIN})
        assert self.read()["id"] == 0
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def send(self, message):
        self.process.stdin.write(line(message) + "\n")
        self.process.stdin.flush()

    def read(self):
        return json.loads(self.process.stdout.readline())


def verdicts(request):
    names = request["json"]["publicIdentifiers"]
    return 200, [{"publicIdentifier": name, "blocked": name == "john-doe", "scope": None, "reason": None,
                  "createdAt": None} for name in names], {}


# --- versions ---


@pytest.mark.parametrize("asked, answered", [("2024-11-05", "2024-11-05"), ("2025-06-18", "2025-06-18"),
                                             ("2026-07-28", "2025-11-25"), ("1999-01-01", "2025-11-25")])
def test_initialize_agrees_on_a_revision(asked, answered):
    (answer,) = talk(line({"id": 1, "method": "initialize", "params": {"protocolVersion": asked}}))
    result = answer["result"]
    assert result["protocolVersion"] == answered
    assert result["capabilities"] == {"tools": {}}
    assert result["serverInfo"]["name"] == "leadblock" and result["serverInfo"]["version"]
    assert "check" in result["instructions"]


def test_a_request_may_name_the_newest_revision_itself():
    result = run("mcp", stdin=line({"id": 1, "method": "server/discover", "params": {"_meta": META}}), env=NOBODY)
    found = json.loads(result.out)["result"]
    assert found["resultType"] == "complete"
    assert found["supportedVersions"][0] == "2026-07-28"
    assert found["cacheScope"] == "private" and found["ttlMs"] > 0
    assert found["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "leadblock"


@pytest.mark.parametrize("meta, code", [
    ({**META, "io.modelcontextprotocol/protocolVersion": "1900-01-01"}, -32022),
    ({**META, "io.modelcontextprotocol/protocolVersion": 7}, -32602),
    ({"io.modelcontextprotocol/protocolVersion": "2026-07-28"}, -32602),
])
def test_a_revision_that_is_not_known_is_refused(meta, code):
    (answer,) = talk(line({"id": 1, "method": "tools/list", "params": {"_meta": meta}}))
    assert answer["error"]["code"] == code
    if code == -32022:
        assert answer["error"]["data"]["requested"] == "1900-01-01"
        assert "2026-07-28" in answer["error"]["data"]["supported"]


def test_nothing_is_answered_before_a_revision_is_agreed():
    sent = [line({"id": 1, "method": "tools/list"}), line({"id": 2, "method": "ping"})]
    result = run("mcp", stdin="\n".join(sent), env=NOBODY)
    first, second = read_lines(result.out)
    assert first["error"]["code"] == -32602 and "initialize" in first["error"]["message"]
    assert second["result"] == {}


def test_ping_is_not_part_of_the_newest_revision():
    assert talk(line({"id": 1, "method": "ping"}))[0]["result"] == {}
    (answer,) = talk(line({"id": 1, "method": "ping", "params": {"_meta": META}}))
    assert answer["error"]["code"] == -32601


# --- framing ---


WRONG = [
    ("{", -32700),
    ("nothing", -32700),
    ('{"jsonrpc":"2.0","id":1,"method":"ping"} x', -32700),
    ('{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', -32700),
    ("[" * 5000, -32700),
    ('"ping"', -32600),
    ("{}", -32600),
    ("[]", -32600),
    ('[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600),
    ('{"id":1,"method":"ping"}', -32600),
    ('{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600),
    ('{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600),
    ('{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600),
    ('{"jsonrpc":"2.0","id":99999999999999999999,"method":"ping"}', -32600),
    ('{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600),
    ('{"jsonrpc":"2.0","id":1,"method":7}', -32600),
    ('{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', -32600),
    ('{"jsonrpc":"2.0","id":1,"method":"resources/list"}', -32601),
    ('{"jsonrpc":"2.0","id":1,"method":"server/discover"}', -32601),
    ('{"jsonrpc":"2.0","id":1,"method":"initialize"}', -32602),
    ('{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"x"}}', -32602),
    ('{"jsonrpc":"2.0","id":1,"method":"tools/call"}', -32602),
    ('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"nothing"}}', -32602),
    ('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"check","arguments":[]}}', -32602),
]


def test_what_is_wrong_is_answered_with_a_code_and_the_next_message_counts():
    alive = line({"id": "alive", "method": "ping"})
    answers = iter(talk(*[text for sent, _ in WRONG for text in (sent, alive)]))
    for sent, code in WRONG:
        answer = next(answers)
        assert answer["jsonrpc"] == "2.0", sent
        assert answer["error"]["code"] == code and answer["error"]["message"], (sent, answer)
        assert answer["id"] == 1 or code not in (-32601, -32602), sent
        assert next(answers) == {"jsonrpc": "2.0", "id": "alive", "result": {}}, sent


def test_bytes_that_are_no_text_are_a_parse_error():
    alive = line({"id": 5, "method": "ping"}).encode()
    for sent in [b"\xff\xfe", b'{"jsonrpc":"2.0","id":1,"method":"\xff"}', b"\x00\x00", b"{\x00}"]:
        done = subprocess.run([binary(), "mcp"], input=sent + b"\n" + alive, capture_output=True,
                              env=clean_environment(NOBODY), check=True)
        first, second = read_lines(done.stdout.decode())
        assert (first["id"], first["error"]["code"]) == (None, -32700), sent
        assert second["id"] == 5


def test_notifications_answers_and_blank_lines_are_not_answered():
    assert talk(line({"method": "notifications/initialized"}), line({"method": "notifications/cancelled"}),
                line({"method": "anything"}), line({"id": 4, "result": {}}),
                line({"id": 4, "error": {"code": 1, "message": ""}}), "", "  \t \r") == []


def test_ids_come_back_as_they_were():
    ids = [0, -7, 9007199254740993, "", 'a"\\\n\u2028é', "7"]
    assert [answer["id"] for answer in talk(*[line({"id": i, "method": "ping"}) for i in ids])] == ids


def test_a_line_has_a_bound_and_what_follows_it_counts():
    most = 1 << 20
    fits = line({"id": 1, "method": "ping", "params": {"x": ""}})
    fits = fits.replace('""', '"' + "a" * (most - len(fits)) + '"')
    first, second, third = talk(fits, fits + " ", line({"id": 3, "method": "ping"}))
    assert first["result"] == {}
    assert second["id"] is None and second["error"]["code"] == -32600
    assert "1048576 bytes" in second["error"]["message"]
    assert third["id"] == 3


def test_a_line_without_an_end_takes_bounded_memory():
    if "asan" in binary():
        pytest.skip("the checked build reserves addresses")
    begin = "ulimit -v 300000; { head -c 400000000 /dev/zero | tr '\\0' a; echo; cat; } | \"$0\" mcp"
    done = subprocess.run(["sh", "-c", begin, binary()], input=line({"id": 3, "method": "ping"}), text=True,
                          capture_output=True, timeout=60, env=clean_environment(NOBODY))
    first, second = read_lines(done.stdout)
    assert first["error"]["code"] == -32600 and second["id"] == 3
    assert done.returncode == 0


def test_batches_are_answered_in_the_revision_that_has_them():
    begin = {**BEGIN, "params": {**BEGIN["params"], "protocolVersion": "2025-03-26"}}
    batch = [{"jsonrpc": "2.0", "id": 1, "method": "ping"}, {"jsonrpc": "2.0", "method": "notifications/x"}, 7,
             {"jsonrpc": "2.0", "id": 2, "method": "ping"}]
    _, answers = talk(line({"id": 0, **begin}), json.dumps(batch))
    assert [(answer["id"], "result" in answer) for answer in answers] == [(1, True), (None, False), (2, True)]
    _, none = talk(line({"id": 0, **begin}), json.dumps(batch[1:2]), json.dumps([7] * 51))
    assert none["error"]["code"] == -32600


def test_the_last_line_needs_no_line_feed():
    result = run("mcp", stdin=line({"id": 1, "method": "ping"}), env=NOBODY)
    assert json.loads(result.out)["id"] == 1 and result.out.endswith("}\n")


def test_the_end_of_the_input_ends_it():
    with Session(NOBODY) as session:
        session.process.stdin.close()
        assert session.process.wait(30) == 0


def test_a_closed_output_ends_it():
    with Session(NOBODY) as session:
        session.process.stdout.close()
        session.send({"id": 1, "method": "ping"})
        assert session.process.wait(30) != 0


def test_without_a_key_it_says_so_at_once():
    result = run("mcp", env={"LEADBLOCK_URL": "http://127.0.0.1:9"})
    assert result.code == 1 and "LEADBLOCK_KEY" in result.err and result.out == ""


# --- tools ---


def test_tools_that_write_are_absent_unless_they_are_allowed():
    (answer,) = talk(line({"id": 1, "method": "tools/list"}))
    tools = {entry["name"]: entry for entry in answer["result"]["tools"]}
    assert list(tools) == ["check", "explain", "list", "history"]
    assert all(entry["annotations"]["readOnlyHint"] for entry in tools.values())
    (answer,) = talk(line({"id": 1, "method": "tools/list"}), options=["--allow-writes"])
    tools = {entry["name"]: entry for entry in answer["result"]["tools"]}
    assert list(tools) == ["check", "explain", "list", "history", "block", "unblock"]
    hints = {name: tools[name]["annotations"] for name in ("block", "unblock")}
    assert not any(hint["readOnlyHint"] for hint in hints.values())
    assert [hints[name]["destructiveHint"] for name in hints] == [False, True]
    for entry in tools.values():
        assert entry["description"] and entry["title"]
        assert entry["inputSchema"]["additionalProperties"] is False
        assert all(schema["description"] for schema in entry["inputSchema"]["properties"].values())


@pytest.mark.parametrize("name", ["block", "unblock"])
def test_what_is_not_allowed_cannot_be_called(name):
    with Fake([]) as fake:
        (answer,) = talk(line(tool(name, publicIdentifiers=["john-doe"])), env=fake.env)
        assert answer["error"]["code"] == -32602 and "--allow-writes" in answer["error"]["message"]
        assert fake.requests == []


WRONG_ARGUMENTS = [
    ("check", {}, "publicIdentifiers or names must be given"),
    ("check", {"publicIdentifiers": ["a"], "names": [{"type": "email", "value": "a@b.de"}]}, "not both"),
    ("check", {"names": []}, "1 to 100"),
    ("check", {"names": ["a@b.de"]}, "the type in each of names"),
    ("check", {"names": [{"type": "fax", "value": "1"}]}, "the type in each of names"),
    ("check", {"names": [{"type": "email"}]}, "the value in each of names"),
    ("block", {"names": [{"type": "email", "value": "a@b.de"}], "defaultCountry": "DEU"}, "2 to 2"),
    ("check", {"publicIdentifiers": []}, "1 to 100"),
    ("check", {"publicIdentifiers": ["a"] * 101}, "1 to 100"),
    ("check", {"publicIdentifiers": "john-doe"}, "must be an array"),
    ("check", {"publicIdentifiers": ["a", 7]}, "must be a string"),
    ("check", {"publicIdentifiers": ["a", ""]}, "must be a string"),
    ("check", {"publicIdentifiers": ["a" * 2001]}, "1 to 2000"),
    ("check", {"publicIdentifiers": ["a"], "campaign": "q1"}, "no argument 'campaign'"),
    ("check", {"publicIdentifiers": ["a"], "campaignId": None}, "campaignId must be a string"),
    ("check", {"publicIdentifiers": ["a"], "campaignId": ""}, "campaignId must be a string"),
    ("check", {"publicIdentifiers": ["a"], "reason": "x"}, "no argument 'reason'"),
    ("list", {"take": 101}, "1 to 100"),
    ("list", {"take": 0}, "1 to 100"),
    ("list", {"take": "5"}, "1 to 100"),
    ("list", {"cursor": "c2&search=x"}, "cursor"),
    ("list", {"cursor": "c2\u0000"}, "cursor"),
    ("history", {}, "publicIdentifier is missing"),
    ("block", {"publicIdentifiers": ["a"], "reason": "é" * 501}, "500"),
]


def test_wrong_arguments_are_told_to_the_model_and_nothing_is_asked():
    with Fake([]) as fake:
        answers = talk(*[line(tool(name, **arguments)) for name, arguments, _ in WRONG_ARGUMENTS], env=fake.env,
                       options=["--allow-writes"])
        for answer, (name, arguments, words) in zip(answers, WRONG_ARGUMENTS, strict=True):
            assert words in text_of(answer["result"]), (name, arguments)
        assert fake.requests == []


def test_check_asks_with_the_key_and_answers_in_both_ways():
    with Fake(verdicts) as fake:
        result = call(fake, "check", publicIdentifiers=["john-doe", "jané"], campaignId="../x?y#z")
        assert fake.requests[0]["path"] == "/v1/campaigns/%2E%2E%2Fx%3Fy%23z/blocked-leads/check?details=true"
        assert fake.requests[0]["headers"]["x-api-key"] == KEY
        assert fake.requests[0]["json"] == {"publicIdentifiers": ["john-doe", "jané"]}
        assert [lead["blocked"] for lead in result["structuredContent"]["leads"]] == [True, False]
        assert result["isError"] is False
        assert result["content"][0]["text"].startswith("john-doe: BLOCKED\njané: not blocked\n")
        assert json.loads(result["content"][1]["text"]) == result["structuredContent"]


@pytest.mark.parametrize("body", [[], {}, [{"publicIdentifier": "jane-smith", "blocked": False}],
                                  [{"publicIdentifier": "john-doe"}],
                                  [{"publicIdentifier": "john-doe", "blocked": "no"}],
                                  [{"publicIdentifier": "john-doe", "blocked": False}, {"publicIdentifier": "x"}]])
def test_a_check_that_leaves_somebody_out_is_a_failure(body):
    with Fake([(200, body, {})]) as fake:
        assert "do not contact them" in text_of(call(fake, "check", publicIdentifiers=["john-doe"]))


def test_block_and_unblock_send_what_was_given():
    options = ["--allow-writes"]
    done = {"success": True, "message": "1 lead blocked", "blocked": 1}
    with Fake(lambda request: (200, done, {"X-Change-Id": "ch_7_abc"})) as fake:
        result = call(fake, "block", options, publicIdentifiers=["john-doe"], reason='said "no"')
        assert result["structuredContent"] == {"message": "1 lead blocked", "blocked": 1, "changeId": "ch_7_abc"}
        assert fake.requests[0]["path"] == "/v1/blocked-leads"
        assert fake.requests[0]["json"] == {"leads": [{"publicIdentifier": "john-doe", "reason": 'said "no"'}]}
        call(fake, "block", options, publicIdentifiers=["john-doe"], campaignId="q1")
        assert fake.requests[1]["json"] == {"publicIdentifiers": ["john-doe"]}
        call(fake, "unblock", options, publicIdentifiers=["john-doe"], campaignId="q1")
        assert (fake.requests[2]["method"], fake.requests[2]["path"]) == ("DELETE", "/v1/campaigns/q1/blocked-leads")


TYPED = [{"type": "email", "value": "ann@acme.com"}, {"type": "domain", "value": "acme.com"},
         {"type": "company", "value": "Acme Ltd"}, {"type": "company", "value": "linkedin.com/company/acme"},
         {"type": "phone", "value": "030 123456"}, {"type": "publicIdentifier", "value": "ann"}]


def test_names_of_every_type_are_checked_in_one_request():
    verdicts = [{"index": i, "blocked": i == 0, "scope": "workspace" if i == 0 else None, "createdAt": None,
                 "matched": {"type": "domain", "value": "acme.com"} if i == 0 else None, "reason": None}
                for i in range(len(TYPED))]
    with Fake([(200, verdicts, {}), (200, verdicts[1:], {})]) as fake:
        result = call(fake, "check", names=TYPED, campaignId="q1", defaultCountry="DE")
        assert fake.requests[0]["json"] == {"campaignId": "q1", "defaultCountry": "DE", "leads": [
            {"email": "ann@acme.com"}, {"website": "acme.com"}, {"companyName": "Acme Ltd"},
            {"companyUrl": "linkedin.com/company/acme"}, {"phone": "030 123456"}, {"publicIdentifier": "ann"}]}
        leads = result["structuredContent"]["leads"]
        assert [(lead["type"], lead["value"]) for lead in leads] == [(name["type"], name["value"]) for name in TYPED]
        assert [lead["blocked"] for lead in leads] == [True] + [False] * 5
        assert leads[0]["matched"] == {"type": "domain", "value": "acme.com"}
        assert result["content"][0]["text"].startswith("email ann@acme.com: BLOCKED in the workspace\ndomain acme.com: not")
        assert "do not contact them" in text_of(call(fake, "check", names=TYPED))


def test_names_of_every_type_are_blocked_and_unblocked():
    entries = [{"type": "email", "value": "ann@acme.com", "leads": 3}]
    done = {"success": True, "message": "ok", "blocked": 1, "unblocked": 1, "entries": entries}
    with Fake(lambda request: (200, done, {"X-Change-Id": "ch_7_abc"})) as fake:
        result = call(fake, "block", ["--allow-writes"], names=TYPED[:1], reason="no", defaultCountry="DE")
        assert result["structuredContent"] == {"message": "ok", "blocked": 1, "changeId": "ch_7_abc", "entries": entries}
        call(fake, "unblock", ["--allow-writes"], names=TYPED[:2], campaignId="q1")
        assert [(request["method"], request["path"], request["json"]) for request in fake.requests] == [
            ("POST", "/v1/blocklist", {"entries": [{"email": "ann@acme.com", "reason": "no"}], "defaultCountry": "DE"}),
            ("DELETE", "/v1/campaigns/q1/blocklist", {"entries": [{"email": "ann@acme.com"}, {"domain": "acme.com"}]})]


def test_unblock_in_the_workspace_takes_the_names_on_its_own_list_alone():
    blocks = {"john-doe": [{"scope": "workspace", "id": "bl_1_x"}, {"scope": "campaign", "id": None}],
              "jane-smith": [{"scope": "campaign", "id": None}], "bob": []}

    def answers(request):
        if request["method"] == "DELETE":
            return 200, {"success": True, "message": "1 lead unblocked", "unblocked": 1}, {}
        name = request["path"].rsplit("/", 1)[1]
        return 200, {"publicIdentifier": name, "blocked": bool(blocks[name]), "blocks": blocks[name]}, {}
    with Fake(answers) as fake:
        call(fake, "unblock", ["--allow-writes"], publicIdentifiers=list(blocks))
        assert (fake.requests[-1]["path"], fake.requests[-1]["json"]) == (
            "/v1/blocklist", {"entries": [{"publicIdentifier": "john-doe"}]})
        result = call(fake, "unblock", ["--allow-writes"], publicIdentifiers=["bob"])
        assert result["structuredContent"]["unblocked"] == 0
        assert fake.requests[-1]["method"] == "GET"  # nothing was to be done


def test_unblock_in_the_workspace_ends_no_entry_of_another_name():
    other = {"scope": "workspace", "id": "bl_1_x", "matched": {"type": "publicIdentifier", "value": "anna-old"}}
    blocks = [{"scope": "installation", "id": None}, other]
    still = [{"publicIdentifier": "anna-new", "names": ["anna-old"]}]

    def answers(request):
        if request["method"] == "DELETE":
            return 200, {"success": True, "message": "1 lead unblocked", "unblocked": 1, "stillBlocked": still}, {}
        return 200, {"publicIdentifier": "anna-new", "blocked": True, "blocks": blocks}, {}
    with Fake(answers) as fake:
        result = call(fake, "unblock", ["--allow-writes"], publicIdentifiers=["anna-new"])
        assert result["structuredContent"]["unblocked"] == 0
        assert "'anna-new': is blocked in the installation's list\n" in result["content"][0]["text"]
        assert "in the workspace by another name: anna-old\n" in result["content"][0]["text"]
        assert len(fake.requests) == 1
        blocks.append({"scope": "workspace", "id": "bl_2_x"})
        result = call(fake, "unblock", ["--allow-writes"], publicIdentifiers=["anna-new"])
        assert fake.requests[-1]["json"] == {"entries": [{"publicIdentifier": "anna-new"}]}
        assert result["structuredContent"]["stillBlocked"] == still
        assert "is still blocked by another name: anna-old\n" in result["content"][0]["text"]


def test_explain_says_by_which_other_names_a_person_is_blocked():
    def block(name):
        return {"scope": "campaign", "matched": {"type": "publicIdentifier", "value": name}}
    blocks = [{"scope": "workspace"}, block("anna-old"), block("anna-older"), block("anna-old")]
    person = {"publicIdentifier": "anna-new", "blocked": True, "blocks": blocks, "blocksTotal": 4}
    with Fake([(200, person, {}), (200, [], {})]) as fake:
        text = call(fake, "explain", publicIdentifier="anna-new")["content"][0]["text"]
        assert text.startswith("anna-new: BLOCKED in 4 lists (by another name: anna-old, anna-older). "), text


@pytest.mark.parametrize("name, arguments, bodies", [
    ("unblock", {"publicIdentifiers": ["x"]}, [{}]),
    ("explain", {"publicIdentifier": "x"}, [{"publicIdentifier": "x", "blocks": []}]),
    ("explain", {"publicIdentifier": "x"}, [{"publicIdentifier": "x", "blocked": False, "blocks": []}, {}])])
def test_an_answer_that_does_not_say_who_is_blocked_is_a_failure(name, arguments, bodies):
    with Fake([(200, body, {}) for body in bodies]) as fake:
        assert "Nothing is known for certain" in text_of(call(fake, name, ["--allow-writes"], **arguments))
        assert len(fake.requests) == len(bodies)


def test_pages_lead_to_the_next():
    link = '<http://elsewhere.example/v1/blocked-leads?limit=2&cursor=c%2B2>; rel="next"'
    with Fake([(200, [], {"Link": link, "X-Total-Count": "7"}), (200, [], {})]) as fake:
        result = call(fake, "list", take=2, search="a b&c")
        assert result["structuredContent"] == {"entries": [], "nextCursor": "c%2B2", "total": 7}
        call(fake, "history", publicIdentifier="john/doe", cursor="c%2B2")
        assert [request["path"] for request in fake.requests] == [
            "/v1/blocked-leads?limit=2&search=a%20b%26c",
            "/v1/blocked-leads/john%2Fdoe/history?limit=20&cursor=c%2B2"]


def test_a_refusal_says_what_to_do():
    errors = [{"index": 1, "value": "a b", "reason": "contains white space"}]
    body = {"success": False, "code": "invalid_identifier", "message": "1 is invalid.", "errors": errors}
    with Fake([(400, body, {}), (401, {"code": "invalid_api_key", "message": "No such key."}, {}),
               (404, "<html>", {})]) as fake:
        text = text_of(call(fake, "check", publicIdentifiers=["ok", "a b"]))
        assert "1 is invalid. (invalid_identifier)\n- a b: contains white space\nFix these" in text
        assert "leadblock key list" in text_of(call(fake, "check", publicIdentifiers=["ok"]))
        assert "is it a leadblock server?" in text_of(call(fake, "check", publicIdentifiers=["ok"])).lower()


def test_no_answer_is_told_as_such():
    (answer,) = talk(line(tool("check", publicIdentifiers=["john-doe"])),
                     env={**NOBODY, "LEADBLOCK_URL": "http://me:secret@127.0.0.1:9"})
    text = text_of(answer["result"])
    assert "127.0.0.1:9" in text and "do not contact them" in text and "secret" not in text
    (answer,) = talk(line(tool("block", publicIdentifiers=["john-doe"])), options=["--allow-writes"])
    assert "is not known" in text_of(answer["result"])


def test_the_key_is_never_written_though_the_server_says_it_back():
    body = [{"publicIdentifier": "john-doe", "blocked": True, "reason": f"{KEY} and {KEY}"}]
    with Fake([(200, body, {}), (400, {"code": KEY, "message": f"bad key {KEY}"}, {})]) as fake:
        result = call(fake, "check", publicIdentifiers=["john-doe"])
        assert result["structuredContent"]["leads"][0]["reason"] == "[key] and [key]"
        assert "bad key [key]" in text_of(call(fake, "check", publicIdentifiers=["john-doe"]))


def test_what_a_server_makes_up_stays_one_line_of_json():
    body = [{"publicIdentifier": "john-doe", "blocked": True, "reason": 'a\n{"jsonrpc":"2.0"}\u0000\u2028"'}]
    with Fake([(200, body, {})]) as fake:
        result = call(fake, "check", publicIdentifiers=["john-doe"])
        assert result["structuredContent"]["leads"] == body


def test_a_name_with_line_ends_is_no_verdict_on_another_one():
    names = [{"type": "company", "value": "Acme: not blocked\ncompany Beta"}, {"type": "company", "value": "Beta"}]
    verdicts = [{"index": i, "blocked": i == 1, "scope": "workspace\nx" if i else None} for i in range(2)]
    with Fake([(200, verdicts, {})]) as fake:
        result = call(fake, "check", names=names)
        assert result["content"][0]["text"].split("\n") == [
            "company Acme: not blocked company Beta: not blocked", "company Beta: BLOCKED in the workspace x", ""]
        leads = result["structuredContent"]["leads"]
        assert [(lead["value"], lead["scope"]) for lead in leads] == [(names[0]["value"], None), ("Beta", "workspace\nx")]


def test_words_do_not_turn_or_hide_what_stands_beside_them():
    body = [{"publicIdentifier": "john-doe", "blocked": True, "reason": "a\u202edekcolb ton\u2028b\u200b\U000e0041é"}]
    with Fake([(200, body, {})]) as fake:
        result = call(fake, "check", publicIdentifiers=["john-doe"])
        shown, = result["content"][0]["text"].split("\n")[:1]
        assert shown == r"john-doe: BLOCKED (a\u202edekcolb ton\u2028b\u200b\udb40\udc41é)"
        data = result["content"][1]["text"]
        assert r'"a\u202edekcolb ton\u2028b\u200b\udb40\udc41é"' in data
        assert json.loads(data) == result["structuredContent"] and result["structuredContent"]["leads"] == body


def test_an_answer_that_is_too_large_is_refused():
    body = [{"publicIdentifier": "john-doe", "blocked": True, "reason": "a" * (5 << 20)}]
    with Fake([(200, body, {})]) as fake:
        assert "too large" in text_of(call(fake, "check", publicIdentifiers=["john-doe"]))


# --- while a tool runs ---


def test_a_cancelled_call_is_not_answered_and_others_go_on():
    asked, go_on = threading.Event(), threading.Event()

    def slow(request):
        if request["json"]["publicIdentifiers"] == ["john-doe"]:
            asked.set()
            go_on.wait(20)
        return verdicts(request)
    with Fake(slow) as fake, Session(fake.env) as session:
        session.send(tool("check", 5, publicIdentifiers=["john-doe"]))
        assert asked.wait(10)
        session.send({"id": "alive", "method": "ping"})
        assert session.read() == {"jsonrpc": "2.0", "id": "alive", "result": {}}
        session.send(tool("check", 6, publicIdentifiers=["bob"]))
        session.send({"method": "notifications/cancelled", "params": {"requestId": "5"}})  # another one
        session.send({"method": "notifications/cancelled", "params": {"requestId": 5}})
        assert session.read()["id"] == 6
        go_on.set()


def test_a_call_that_was_cancelled_before_its_turn_is_not_sent():
    cancel = line({"method": "notifications/cancelled", "params": {"requestId": 2}})
    with Fake(verdicts) as fake:
        (answer,) = talk(line(tool("check", publicIdentifiers=["bob"])), cancel, line({"id": 3, "method": "ping"}),
                         env=fake.env)
        assert answer["id"] == 3
        assert fake.requests == []


def test_a_server_that_is_busy_is_asked_again_and_not_for_ever():
    busy = (503, {"code": "overloaded", "message": "Too busy."}, {"Retry-After": "1"})
    with Fake([busy, (200, [{"publicIdentifier": "bob", "blocked": False}], {})]) as fake, Session(fake.env) as session:
        session.send(tool("check", publicIdentifiers=["bob"]))
        assert session.read()["result"]["isError"] is False
        assert len(fake.requests) == 2
    with Fake(lambda request: busy) as fake:
        start = time.monotonic()
        (answer,) = talk(line(tool("check", publicIdentifiers=["bob"])), env=fake.env)
        assert "overloaded" in text_of(answer["result"])
        assert time.monotonic() - start < 5  # at the end of the input nothing is waited for


def test_random_bytes_are_survived():
    generator = os.urandom(1 << 16)
    done = subprocess.run([binary(), "mcp"], input=generator + b"\n" + line({"id": 1, "method": "ping"}).encode(),
                          capture_output=True, env=clean_environment(NOBODY), check=True)
    answers = [json.loads(text) for text in done.stdout.splitlines()]
    assert answers[-1]["id"] == 1
    assert all(answer["error"]["code"] in (-32700, -32600) for answer in answers[:-1])
