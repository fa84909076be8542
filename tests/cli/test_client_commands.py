"""block, unblock, check and list against a server that does what a test needs."""

import time

import pytest

from fake import KEY, Fake, blocked_all
from tests.support.certificates import certificate, serving
from tests.support.server import run

BUSY = {"success": False, "code": "overloaded", "message": "Too busy."}


def identifiers(request):
    return request["json"]["publicIdentifiers"]


def test_block_sends_arguments_with_key_and_reason():
    with Fake(blocked_all) as fake:
        result = run("block", "q1", "john-doe", "jane-smith", "--reason", 'an "old" client',
                     env=fake.env)
        assert result.code == 0, result
        assert result.out == "2 leads blocked\n"
        request = fake.requests[0]
        assert request["method"] == "POST"
        assert request["path"] == "/v1/campaigns/q1/blocked-leads"
        assert request["headers"]["x-api-key"] == KEY
        assert request["headers"]["Content-Type"] == "application/json"
        assert request["json"] == {"publicIdentifiers": ["john-doe", "jane-smith"],
                                   "reason": 'an "old" client'}


def test_block_workspace_sends_leads_with_reasons():
    with Fake(blocked_all) as fake:
        result = run("block", "--workspace", "john-doe", "--reason=r", env=fake.env)
        assert result.code == 0, result
        assert fake.requests[0]["path"] == "/v1/blocked-leads"
        assert fake.requests[0]["json"] == {"leads": [{"publicIdentifier": "john-doe",
                                                       "reason": "r"}]}
        run("block", "--workspace", "john-doe", env=fake.env)
        assert fake.requests[1]["json"] == {"leads": [{"publicIdentifier": "john-doe"}]}


def test_a_campaign_id_cannot_leave_its_segment():
    with Fake(blocked_all) as fake:
        run("block", "../x?y#z", "john-doe", env=fake.env)
        assert fake.requests[0]["path"] == "/v1/campaigns/%2E%2E%2Fx%3Fy%23z/blocked-leads"


def test_many_identifiers_go_in_batches():
    names = [f"lead-{i}" for i in range(2501)]
    with Fake(blocked_all) as fake:
        result = run("block", "q1", *names, env=fake.env)
        assert result.out == "2501 leads blocked\n"
        assert [len(identifiers(r)) for r in fake.requests] == [1000, 1000, 501]
        assert sum(map(identifiers, fake.requests), []) == names
        run("block", "q1", *names[:10], "--batch", "7", env=fake.env)
        assert [len(identifiers(r)) for r in fake.requests[3:]] == [7, 3]


def test_requests_stay_below_the_size_limit_of_the_server():
    names = [f"in/{i}?" + "x" * 5000 for i in range(300)]
    with Fake(blocked_all) as fake:
        assert run("block", "q1", *names, "--batch", "10000", env=fake.env).code == 0
        assert all(int(r["headers"]["Content-Length"]) < 4 << 20 for r in fake.requests)


def test_a_busy_server_is_asked_again():
    answers = [(503, BUSY, {}), (429, BUSY, {"Retry-After": "1"}),
               (200, {"success": True, "message": "ok", "blocked": 1}, {})]
    with Fake(answers) as fake:
        started = time.monotonic()
        result = run("block", "q1", "john", env=fake.env)
        assert result.code == 0, result
        assert len(fake.requests) == 3
        assert time.monotonic() - started >= 1.2


def test_other_refusals_are_final_and_say_what_to_do():
    body = {"success": False, "code": "license_expired", "message": "The license has expired."}
    with Fake([(403, body, {})]) as fake:
        result = run("block", "q1", "john", env=fake.env)
        assert result.code == 1
        assert "The license has expired. (license_expired)" in result.err
        assert "set-plan" in result.err
        assert len(fake.requests) == 1


def test_invalid_identifiers_are_shown_and_nothing_is_sent():
    with Fake(blocked_all) as fake:
        result = run("block", "q1", "john", "a b", "jane", env=fake.env)
        assert result.code == 1
        assert "'a b': contains white space" in result.err
        assert "--skip-invalid" in result.err
        assert result.out == ""
        assert fake.requests == []


def test_what_the_server_alone_refuses_is_shown_too():
    """Its rules may be newer than the command's."""
    body = {"success": False, "code": "invalid_identifier", "message": "1 is invalid.",
            "errors": [{"index": 1, "value": "jane", "reason": "is too short"}],
            "errorCount": 3}
    with Fake([(400, body, {})]) as fake:
        result = run("block", "q1", "john", "jane", "m1", "m2", env=fake.env)
        assert result.code == 1
        assert "'jane': is too short" in result.err
        assert "2 more" in result.err
        assert "--skip-invalid" in result.err
        assert "column" not in result.err, "of arguments, however many are bad"
        assert result.out == ""


@pytest.mark.parametrize("args", [["undo", "ch_1_9k3vx0ts"], ["erase", "nan"], ["list", "q1"], ["unblock", "q1", "x"],
                                  ["block", "--workspace", "--domain", "co.uk"], ["check", "q1", "--email", "x"]])
def test_whatever_is_refused_the_reason_is_on_the_screen(args):
    """And no member of the answer, which is not."""
    body = {"success": False, "code": "invalid_identifier",
            "message": "1 of the identifiers is invalid (see \"errors\"); nothing was recorded.",
            "errors": [{"index": 0, "value": "nan", "reason": "is no name"}], "errorCount": 1}
    with Fake([(400, body, {})]) as fake:
        result = run(*args, env=fake.env)
    assert (result.code, result.out) == (1, "")
    lines = result.err.splitlines()
    assert lines[:2] == ["leadblock: 1 of the identifiers is invalid; nothing was recorded. (invalid_identifier)",
                         "'nan': is no name"], result


@pytest.mark.parametrize("said, shown", [
    ('give the addresses, or send "force": true to block all of them', "give --force to block all"),
    ("expiresAt is in the past", "--expires is in the past"),
    ("has no country; write it with +, or give defaultCountry", "or give --country"),
    ("cannot be read: defaultCountry is not a country's code", "--country is not a country's code"),
    ('"defaultCountry" must be the two letters of a country.', "--country must be the two letters"),
    ("The parameter 'defaultCountry' must be the two letters of a country.", "--country must be the two letters"),
    ("The parameter 'type' must be publicIdentifier, memberId or email.", "or one type for all: publicIdentifier, memberId or"),
    ("if they are, give columns=1:publicIdentifier", "give --columns 1:publicIdentifier"),
    ("name all columns, such as columns=1:domain,2:email", "such as --columns 1:domain,2:email"),
    ("may be; say which: type=publicIdentifier, type=company or type=phone", "--columns publicIdentifier, company or phone"),
    ("No import with this id. GET /v1/imports lists them.", "`leadblock imports` lists them."),
    ("No change. Change ids come in the header X-Change-Id.", "`leadblock export --audit` lists them."),
    ('"a" (see "errors") and "b" (see "errors")', '"a" and "b"'), ("", "''")])
def test_what_is_said_to_programs_is_said_in_the_words_of_commands(said, shown):
    body = {"success": False, "code": "x", "message": said or "?",
            "errors": [{"index": 0, "value": "", "reason": said}], "errorCount": 1}
    with Fake([(400, body, {})]) as fake:
        result = run("undo", "im_1", env=fake.env)
    assert result.code == 1 and all(shown in line or not said for line in result.err.splitlines()[:2]), result
    assert not said or said not in result.err


def test_an_e_mail_address_among_names_is_told_its_option():
    with Fake(blocked_all) as fake:
        for command in ("check", "block", "unblock"):
            result = run(command, "q1", "ann@example.com", "john", env=fake.env)
            assert result.code == 1 and "--email" in result.err, result
        assert "--email" not in run("check", "q1", "a b", env=fake.env).err
        assert fake.requests == []


def test_skip_invalid_asks_leniently_and_lists_what_was_skipped():
    """What the command knows to be invalid, and what only the server does."""
    body = {"success": True, "message": "ok", "blocked": 1,
            "invalid": [{"index": 1, "value": "max", "reason": "is too short"}]}
    names = ["john", "a b", "max", "jane"]
    with Fake([(200, body, {})] * 2) as fake:
        result = run("block", "q1", *names, "--skip-invalid", env=fake.env)
        assert result.code == 0
        assert fake.requests[0]["headers"]["Prefer"] == "handling=lenient"
        assert identifiers(fake.requests[0]) == ["john", "max", "jane"]
        assert result.out == "1 lead blocked, 1 already blocked, 2 skipped\n"
        assert "'a b': contains white space" in result.err
        assert "'max': is too short" in result.err
        result = run("block", "q1", *names, "--skip-invalid", "--json", env=fake.env)
        assert result.json() == {"sent": 3, "blocked": 1, "alreadyBlocked": 1, "invalid": [
            {"value": "a b", "reason": "contains white space; give one name alone, without any"},
            {"value": "max", "reason": "is too short"}]}


def test_check_keeps_the_order_and_folds_repetitions():
    body = {"blocked": ["john-doe", "max"], "allowed": ["jane"]}
    names = ["jane", "https://linkedin.com/in/John-Doe/", "john-doe", "max"]
    with Fake([(200, body, {})] * 4) as fake:
        result = run("check", "q1", *names, env=fake.env)
        assert result.code == 0, result
        assert result.out == "jane\tallowed\njohn-doe\tblocked\nmax\tblocked\n"
        assert fake.requests[0]["path"] == "/v1/campaigns/q1/blocked-leads/check"
        assert run("check", "q1", *names, "--json", env=fake.env).json() == body
        quiet = run("check", "q1", *names, "--quiet", env=fake.env)
        assert (quiet.code, quiet.out) == (1, "")


def test_check_quiet_succeeds_when_nobody_is_blocked():
    with Fake([(200, {"blocked": [], "allowed": ["jane"]}, {})]) as fake:
        assert run("check", "q1", "jane", "--quiet", env=fake.env).code == 0


def test_check_fails_when_an_answer_does_not_cover_the_question():
    for body in ({"blocked": [], "allowed": []}, {"blocked": ["x"], "allowed": ["jane"]}, {},
                 {"blocked": [], "allowed": ["jane"]}):
        with Fake([(200, body, {})]) as fake:
            result = run("check", "q1", "jane", "bob", "jane", "--quiet", env=fake.env)
            assert result.code == 1 and "nothing is known for certain" in result.err, (body, result)


NOT_SAID = [{}, [], {"publicIdentifier": "jane"}, {"publicIdentifier": "jane", "blocked": False},
            {"publicIdentifier": "jane", "blocks": []}, {"blocked": False, "blocks": []},
            {"publicIdentifier": "jane", "blocked": "no", "blocks": []}]


@pytest.mark.parametrize("body", NOT_SAID)
def test_check_and_unblock_in_the_workspace_fail_when_an_answer_does_not_say_who_is_blocked(body):
    with Fake(lambda request: (200, body, {})) as fake:
        for command in (["check"], ["check", "--quiet"], ["unblock"]):
            result = run(*command, "--workspace", "jane", env=fake.env)
            assert result.code == 1 and "nothing is known for certain" in result.err, result
            assert result.out == "", result


@pytest.mark.parametrize("blocks, total, said", [
    ([], 1, "blocked"),  # an entry of a person who was erased just then
    ([{"scope": "campaign", "id": None}], 2, "blocked"),  # the same
    ([{"scope": "campaign", "id": None}], 1, "allowed"),
    ([{"scope": "campaign", "id": None}] * 100, 150, "allowed")])
def test_check_takes_a_block_that_is_not_shown_for_one_of_the_workspace(blocks, total, said):
    body = {"publicIdentifier": "jane", "blocked": True, "blocks": blocks, "blocksTotal": total}

    def answer(request):
        return 200, {"success": True, "message": "ok", "unblocked": 1} if request["method"] == "DELETE" else body, {}
    with Fake(answer) as fake:
        assert run("check", "--workspace", "jane", env=fake.env).out == f"jane\t{said}\n"
        result = run("unblock", "--workspace", "jane", env=fake.env)  # the server alone knows whose it is
        assert (result.out, result.err) == (
            ("1 lead unblocked\n" if said == "blocked" else "0 leads unblocked, 1 not blocked there\n"), "")
        assert (fake.requests[-1]["method"] == "DELETE") == (said == "blocked")


@pytest.mark.parametrize("body", [{}, [], [{}], [{"blocked": True}], [{"blocked": False}, {"blocked": 0}],
                                  [{"blocked": False}] * 3])
def test_a_check_by_other_names_fails_when_a_verdict_is_missing(body):
    with Fake(lambda request: (200, body, {})) as fake:
        for option in ((), ("--quiet",), ("--json",)):
            result = run("check", "q1", "--email", "ann@acme.com", "--domain", "acme.com", *option, env=fake.env)
            assert result.code == 1 and "nothing is known for certain" in result.err, result
            assert result.out == "", result


@pytest.mark.parametrize("args", [["q1", "jane"], ["q1", "--email", "ann@acme.com"]])
def test_an_unblock_says_who_stays_blocked_by_which_name(args):
    body = {"success": True, "message": "0 leads unblocked", "unblocked": 0,
            "stillBlocked": [{"publicIdentifier": "jane", "names": ["jane-\u001b[2Jold", "ann"]}]}
    with Fake(lambda request: (200, body, {})) as fake:
        for option in ((), ("--json",)):
            result = run("unblock", *args, *option, env=fake.env)
            assert result.code == 0, result
            assert result.err == "'jane': is still blocked by another name: jane-?[2Jold, ann\n"


def test_an_unblock_in_the_workspace_ends_no_entry_of_another_name():
    other = {"scope": "workspace", "id": "bl_1", "matched": {"type": "publicIdentifier", "value": "anna-old"}}
    above = {"scope": "installation", "id": None}
    blocks = [above, other]

    def answer(request):
        if request["method"] == "DELETE":
            return 200, {"success": True, "message": "ok", "unblocked": len(request["json"]["entries"])}, {}
        return 200, {"publicIdentifier": "anna-new", "blocked": True, "blocks": blocks}, {}

    with Fake(answer) as fake:
        result = run("unblock", "--workspace", "anna-new", env=fake.env)
        assert (result.code, result.out) == (0, "0 leads unblocked, 1 not blocked there\n"), result
        assert result.err == ("'anna-new': is blocked in the installation's list\n"
                              "'anna-new': is blocked in the workspace by another name: anna-old\n")
        assert [request["method"] for request in fake.requests] == ["GET"]
        assert run("check", "--workspace", "anna-new", env=fake.env).out == "anna-new\tblocked\n"
        blocks[:] = [above, other, {"scope": "workspace", "id": "bl_2"}]
        result = run("unblock", "--workspace", "anna-new", env=fake.env)
        assert result.out == "1 lead unblocked\n"
        assert result.err == "'anna-new': is blocked in the installation's list\n"
        assert (fake.requests[-1]["path"], fake.requests[-1]["json"]) == (
            "/v1/blocklist", {"entries": [{"publicIdentifier": "anna-new"}]})


def test_list_follows_links_and_streams():
    pages = [[{"publicIdentifier": f"a{i}", "reason": None, "createdAt": "2026-01-01T00:00:00.000Z"}
              for i in range(3)],
             [{"publicIdentifier": "b", "reason": "why\tnot", "createdAt": "2025-01-01T00:00:00.000Z"}]]
    # The host of the link is not asked: the key belongs to ours.
    link = {"Link": '<http://elsewhere.invalid/v1/x?cursor=abc%3D&take=3>; rel="next"'}
    with Fake([(200, pages[0], link), (200, pages[1], {})] * 2) as fake:
        result = run("list", "q1", "--search", "a&b", env=fake.env)
        assert result.code == 0, result
        assert [line.split("\t")[0] for line in result.out.splitlines()] == ["a0", "a1", "a2", "b"]
        assert result.out.splitlines()[3] == "b\t2025-01-01T00:00:00.000Z\twhy not"
        assert fake.requests[0]["path"] == "/v1/campaigns/q1/blocked-leads?take=100&search=a%26b"
        assert fake.requests[1]["path"] == "/v1/campaigns/q1/blocked-leads?cursor=abc%3D&take=3"
        assert run("list", "q1", "--json", env=fake.env).json() == pages[0] + pages[1]


def test_a_list_of_every_type():
    entry = {"id": "bl_1", "type": "domain", "value": "acme.com", "kind": "client", "reason": None,
             "createdAt": "2026-11-28T10:00:00.000Z"}
    with Fake([(200, [entry], {})] * 3) as fake:
        for list_of, path in ((["q1"], "/campaigns/q1"), (["--workspace"], "")):
            result = run("list", *list_of, "--all-types", "--search", "acme", env=fake.env)
            assert result.out == "domain\tacme.com\t2026-11-28T10:00:00.000Z\tclient\t\n", result
            assert fake.requests[-1]["path"] == f"/v1{path}/blocklist?limit=1000&search=acme"
        assert run("list", "q1", "--all-types", "--json", env=fake.env).json() == [entry]


def test_an_empty_list_is_an_empty_array():
    with Fake([(200, [], {})] * 2) as fake:
        assert run("list", "--workspace", "--json", env=fake.env).json() == []
        assert run("list", "--workspace", env=fake.env).out == ""
        assert fake.requests[0]["path"] == "/v1/blocked-leads?limit=1000"


def test_text_from_the_server_cannot_steer_the_terminal():
    page = [{"publicIdentifier": "x", "createdAt": "t", "reason": "\u001b[2J\u009b\u0000end"}]
    with Fake([(200, page, {})]) as fake:
        result = run("list", "q1", env=fake.env)
        assert "end" in result.out
        assert not any(c in result.out for c in "\x1b\x9b\x00")


def test_unblock_in_the_workspace_sends_the_names_that_are_on_its_list():
    """Names, and no ids: an erased person is freed by no id of a record."""
    elsewhere = {"scope": "campaign", "campaignId": "q1", "id": None}
    refused = {"success": False, "code": "invalid_identifier", "message": "1 is invalid.",
               "errors": [{"index": 0, "value": "none", "reason": "is an empty field"}]}

    def answer(request):
        if request["method"] == "DELETE":
            return 200, {"success": True, "message": "ok", "unblocked": len(request["json"]["entries"])}, {}
        name = request["path"].rpartition("/")[2]
        if name == "none":
            return 400, refused, {}
        own = [{"scope": "workspace", "id": "bl_7"}] if name == "In%2FJOHN" else []
        return 200, {"publicIdentifier": "x", "blocked": True, "blocks": own + [elsewhere]}, {}

    with Fake(answer) as fake:
        result = run("unblock", "--workspace", "In/JOHN", "nobody", env=fake.env)
        assert result.code == 0, result
        assert result.out == "1 lead unblocked, 1 not blocked there\n"
        assert fake.requests[0]["path"] == "/v1/blocked-leads/In%2FJOHN"
        assert (fake.requests[-1]["path"], fake.requests[-1]["json"]) == (
            "/v1/blocklist", {"entries": [{"publicIdentifier": "In/JOHN"}]})
        for command in ("unblock", "check"):
            result = run(command, "--workspace", "In/JOHN", "none", env=fake.env)
            assert result.code == 1 and "'none': is an empty field" in result.err, result
            assert fake.requests[-1]["method"] == "GET"
            assert run(command, "--workspace", "none", "--skip-invalid", env=fake.env).code == 0


@pytest.mark.parametrize("command", ["check", "unblock"])
def test_what_the_server_alone_refuses_is_shown_or_skipped(command):
    refused = [{"index": 1, "value": "none", "reason": "is an empty field"}]
    error = {"success": False, "code": "invalid_identifier", "message": "1 is invalid.",
             "errors": refused, "errorCount": 1}
    skipped = {"blocked": ["john"], "allowed": ["jane"], "unblocked": 1, "invalid": refused}
    names = ["john", "none", "jane"]
    with Fake([(400, error, {}), (200, skipped, {})]) as fake:
        result = run(command, "q1", *names, env=fake.env)
        assert (result.code, result.out) == (1, ""), result
        assert "'none': is an empty field" in result.err
        result = run(command, "q1", *names, "--skip-invalid", env=fake.env)
        assert result.code == 0, result
        assert result.out == {"check": "john\tblocked\njane\tallowed\n",
                              "unblock": "1 lead unblocked, 1 not blocked there, 1 skipped\n"}[command]
        assert "'none': is an empty field" in result.err
        assert [identifiers(request) for request in fake.requests] == [names, names]
        assert fake.requests[1]["headers"]["Prefer"] == "handling=lenient"


def test_unblock_sends_identifiers_and_refuses_what_is_none():
    with Fake([(200, {"success": True, "message": "ok", "unblocked": 1}, {})] * 2) as fake:
        result = run("unblock", "q1", "john", "jane", env=fake.env)
        assert result.out == "1 lead unblocked, 1 not blocked there\n"
        assert fake.requests[0]["method"] == "DELETE"
        assert identifiers(fake.requests[0]) == ["john", "jane"]
        result = run("unblock", "q1", "john", "a@b.c", env=fake.env)
        assert result.code == 1 and "a@b.c" in result.err
        assert len(fake.requests) == 1
        result = run("unblock", "q1", "john", "a@b.c", "--skip-invalid", env=fake.env)
        assert result.code == 0 and "1 skipped" in result.out


def test_no_server_and_no_key_are_explained():
    result = run("check", "q1", "john",
                 env={"LEADBLOCK_URL": "http://127.0.0.1:1", "LEADBLOCK_KEY": KEY})
    assert result.code == 1
    assert "http://127.0.0.1:1" in result.err and "leadblock serve" in result.err
    result = run("check", "q1", "john")
    assert result.code == 1 and "LEADBLOCK_KEY" in result.err
    for url in ("localhost:8080", "file:///etc/passwd", "ftp://x"):
        result = run("check", "q1", "john", env={"LEADBLOCK_URL": url, "LEADBLOCK_KEY": KEY})
        assert result.code == 1 and "http://" in result.err


def test_a_key_with_a_line_break_is_not_sent():
    with Fake(blocked_all) as fake:
        result = run("block", "q1", "john", env={**fake.env, "LEADBLOCK_KEY": "lb_x\r\nHost: y"})
        assert result.code == 1
        assert fake.requests == []


def test_redirects_are_not_followed():
    with Fake(blocked_all) as other:
        with Fake([(307, {}, {"Location": other.url + "/"})]) as fake:
            result = run("block", "q1", "john", env=fake.env)
            assert result.code == 1 and "https://" in result.err and "LEADBLOCK_URL" in result.err
        assert other.requests == []


@pytest.fixture
def tls(tmp_path):
    """A server with TLS, and the file of its authority."""
    pem, key = certificate(tmp_path)
    fake = Fake(lambda request: (200, [], {}))
    fake.server.socket = serving(pem, key).wrap_socket(fake.server.socket, server_side=True)
    fake.env["LEADBLOCK_URL"] = fake.url.replace("http:", "https:")
    with fake:
        yield fake, pem


def test_an_authority_of_ones_own_is_named_by_a_variable(tls, tmp_path):
    fake, pem = tls
    result = run("list", "q1", env={**fake.env, "SSL_CERT_FILE": ""})
    assert result.code == 1 and "SSL_CERT_FILE" in result.err and "leadblock serve" not in result.err, result
    assert run("list", "q1", "--json", env={**fake.env, "SSL_CERT_FILE": str(pem)}).json() == []
    result = run("list", "q1", env={**fake.env, "SSL_CERT_FILE": str(tmp_path / "none.pem")})
    assert result.code == 1 and "SSL_CERT_FILE" in result.err, result


def test_https_where_nothing_speaks_tls_is_explained():
    with Fake([]) as fake:
        result = run("list", "q1", env={**fake.env, "LEADBLOCK_URL": fake.url.replace("http:", "https:")})
    assert result.code == 1 and "http://" in result.err and "TLS" in result.err, result


def test_a_key_that_may_not_is_told_of_one_that_may():
    body = {"success": False, "code": "forbidden", "message": "This API key is read-only: it can only check and list."}
    with Fake([(403, body, {})]) as fake:
        result = run("block", "q1", "john", env=fake.env)
    assert result.code == 1 and "leadblock key create" in result.err, result


def test_what_answers_without_a_code_is_shown_without_one():
    with Fake([(403, {"message": "Blocked by a proxy."}, {})]) as fake:
        assert run("list", "q1", env=fake.env).err == "leadblock: Blocked by a proxy.\n"


def test_an_answer_that_is_no_json_is_a_failure():
    with Fake([(200, "<html>", {}), (502, "<html>", {})]) as fake:
        assert run("list", "q1", env=fake.env).code == 1
        result = run("list", "q1", env=fake.env)
        assert result.code == 1 and "502" in result.err


def test_wrong_usage_is_exit_code_2_and_asks_nothing():
    with Fake(blocked_all) as fake:
        for args in (["block", "q1"], ["block"], ["block", "q1", "j", "--batch", "0"],
                     ["block", "q1", "j", "--batch", "10001"], ["list"], ["list", "a", "b"],
                     ["check", "q1", "j", "--nope"], ["list", "q1", "--workspace"],
                     ["block", "q1", "j", "--expires", "tomorrow"], ["block", "q1", "-", "--expires", "2027-02-30"],
                     ["block", "--workspace", "--domain", "x.example", "--expires", ""]):
            result = run(*args, env=fake.env)
            assert result.code == 2, (args, result)
        assert fake.requests == []


@pytest.mark.parametrize("args, what", [
    (["list", ""], "CAMPAIGN"), (["export", ""], "CAMPAIGN"), (["block", "", "x"], "CAMPAIGN"),
    (["send", "", "--exec", "true"], "CAMPAIGN"), (["lead", "add", "", "--file", "x"], "CAMPAIGN"),
    (["undo", ""], "CHANGE|IMPORT"), (["key", "list", ""], "WORKSPACE"), (["key", "revoke", ""], "KEYID"),
    (["user", "delete", ""], "EMAIL"), (["backup", ""], "TARGET"), (["verify", ""], "DATABASE")], ids=str)
def test_what_a_command_is_about_is_not_empty(args, what, tmp_path):
    """The answer of a server was about its paths."""
    with Fake(blocked_all) as fake:
        result = run(*args, env=fake.env, cwd=tmp_path)
        assert result.code == 2 and result.err.startswith(f"leadblock: {what} is empty\n"), result
        assert fake.requests == [] and list(tmp_path.iterdir()) == []
        assert run("block", "--workspace", "", "x", env=fake.env).code == 0  # identifiers, of which one is empty


@pytest.mark.parametrize("args", [["export", "q1", "--output", ""], ["block", "q1", "--file", ""],
                                  ["block", "q1", "--file="], ["doctor", "--env-file", ""], ["ready", "--data", ""],
                                  ["restore", "x.db", "--from", ""], ["copy", "--from", "x", "--to", ""],
                                  ["verify", "x", "--evidence", ""]], ids=" ".join)
def test_the_name_of_a_file_is_not_empty(args, tmp_path):
    """As of a variable that is not set. An export would be written, and be nowhere."""
    with Fake(blocked_all) as fake:
        result = run(*args, env=fake.env, cwd=tmp_path)
        assert result.code == 2 and "the value is empty" in result.err, result
        assert fake.requests == [] and list(tmp_path.iterdir()) == []


def test_a_missing_file_is_named():
    with Fake(blocked_all) as fake:
        result = run("block", "q1", "--file", "/no/such/file.csv", env=fake.env)
        assert result.code == 1 and "/no/such/file.csv" in result.err


def test_identifiers_that_begin_with_a_dash_stand_behind_two():
    with Fake(blocked_all) as fake:
        assert run("block", "q1", "--", "-john-", env=fake.env).code == 0
        assert identifiers(fake.requests[0]) == ["-john-"]


def test_the_connection_is_kept():
    with Fake(blocked_all) as fake:
        run("block", "q1", "a", "b", "c", "--batch", "1", env=fake.env)
        assert len(fake.requests) == 3
        assert len({request["client"] for request in fake.requests}) == 1
