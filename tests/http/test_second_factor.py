"""The second factor: codes of an authenticator app, recovery codes, and who must have one."""

import base64
import re
import shutil
import sqlite3
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timezone
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from support import expect, openapi, people, postgres
from support.codes import App, code_of
from support.people import PASSWORD, Session, address, open_link
from support.server import Server, fresh_address, run

FACTOR = "/session/second-factor"
PROXY = ("--trusted-proxy", "127.0.0.0/8", "--password-memory", "19")


@pytest.fixture(scope="module")
def server():
    with Server(*PROXY) as server:
        yield server


@pytest.fixture(scope="module")
def tenant(server):
    return server.tenant("pro")


@pytest.fixture(scope="module")
def operator(server):
    return people.person(server, "operator")


@pytest.fixture
def member(server, tenant):
    return people.person(server, "member", tenant.workspace)


def begin(session, body=None):
    return App(expect.ok(session.api.post(FACTOR, {"password": PASSWORD} if body is None else body))
               ["secret"])


def turn_on(session, body=None):
    """The app, the session that began, and the recovery codes."""
    app = begin(session, body)
    response = session.api.put(FACTOR, {"code": app.code()})
    return app, Session(session.server, response), response.json()["recoveryCodes"]


@pytest.fixture
def secured(member):
    """A member whose second factor is on: the session, the app and the recovery codes."""
    app, session, codes = turn_on(member)
    session.app, session.recovery = app, codes
    return session


def enter(who, code=None, password=PASSWORD, headers=None):
    body = {"email": who.email, "password": password}
    return who.server.api().post("/session", body if code is None else {**body, "code": code},
                                 headers=address() if headers is None else headers)


def actions(operator, tenant, who):
    log = expect.ok(operator.api_for(tenant.workspace).get(f"/audit?target={who.id}&take=100"))
    return [entry["action"] for entry in reversed(log)]


# Setting it up


def test_the_link_and_the_secret_are_what_apps_read(member):
    answer = expect.ok(member.api.post(FACTOR, {"password": PASSWORD}))
    assert answer.keys() == {"secret", "uri"}
    uri = urlsplit(answer["uri"])
    assert (uri.scheme, uri.netloc, unquote(uri.path)) == ("otpauth", "totp",
                                                           f"/leadblock:{member.email}")
    assert parse_qs(uri.query) == {"secret": [answer["secret"]], "issuer": ["leadblock"]}
    assert len(base64.b32decode(answer["secret"])) == 20
    again = expect.ok(member.api.post(FACTOR, {"password": PASSWORD}))
    assert again["secret"] != answer["secret"]
    refused = expect.error(member.api.put(FACTOR, {"code": code_of(answer["secret"])}), 403,
                           "wrong_code")
    assert "scan once more" in refused["message"]


@pytest.mark.skipif(not shutil.which("oathtool"), reason="oathtool is not installed")
def test_another_program_makes_the_same_codes(member):
    """Also checks the codes of these tests."""
    app = begin(member)
    made = subprocess.run(["oathtool", "--totp", "--base32", app.secret], check=True,
                          capture_output=True, text=True).stdout.strip()
    assert made in (code_of(app.secret), code_of(app.secret, -1))
    expect.ok(member.api.put(FACTOR, {"code": made}))


def test_it_is_on_after_a_code_of_the_app_and_not_before(member):
    off = {"on": False, "required": False, "since": None, "recoveryCodesLeft": 0}
    other = member.again()
    assert expect.ok(member.api.get(FACTOR)) == off
    expect.error(member.api.post(FACTOR, {"password": "wrong horse battery"}), 403,
                 "wrong_password")
    expect.error(member.api.post(FACTOR, {}), 400, "invalid_body")
    expect.error(member.api.put(FACTOR, {"code": "123456"}), 404, "not_found")
    app = begin(member)
    assert expect.ok(member.api.get(FACTOR)) == off
    Session(member.server, enter(member))
    expect.error(member.api.put(FACTOR, {"code": app.wrong()}), 403, "wrong_code")
    session = Session(member.server, member.api.put(FACTOR, {"code": app.code()}))
    assert session.body["mustEnrol"] is False
    assert len(set(session.body["recoveryCodes"])) == 10
    state = expect.ok(session.api.get(FACTOR))
    assert (state["on"], state["recoveryCodesLeft"]) == (True, 10)
    assert expect.is_time(state["since"])
    assert not member.lives() and not other.lives()
    expect.error(session.api.post(FACTOR, {"password": PASSWORD}), 409, "already_exists")
    expect.error(session.api.put(FACTOR, {"code": app.code()}), 404, "not_found")


# Signing in


def test_a_sign_in_takes_the_password_and_a_code(secured):
    expect.error(enter(secured), 401, "second_factor_required")
    expect.error(enter(secured, ""), 401, "second_factor_required")
    assert enter(secured).header("set-cookie") is None
    expect.error(enter(secured, secured.app.wrong()), 401, "invalid_code")
    code = secured.app.code()
    assert Session(secured.server, enter(secured, f" {code[:3]} {code[3:]} ")).lives()


def test_a_code_works_once(secured):
    code = secured.app.code()
    assert Session(secured.server, enter(secured, code)).lives()
    expect.error(enter(secured, code), 401, "invalid_code")
    expect.error(secured.api.delete(FACTOR, {"password": PASSWORD, "code": code}), 403,
                 "wrong_code")


def test_of_many_at_once_with_one_code_one_gets_in(secured):
    code = secured.app.code()
    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(response.status for response in
                          pool.map(lambda _: enter(secured, code), range(6)))
    assert statuses == [200] + [401] * 5


def test_the_code_that_confirmed_it_is_used_up(member):
    app = begin(member)
    code = app.code()
    expect.ok(member.api.put(FACTOR, {"code": code}))
    expect.error(enter(member, code), 401, "invalid_code")


def test_without_the_right_password_no_code_tells_anything(secured):
    wrong = enter(secured, secured.app.wrong(), "wrong horse battery")
    right = enter(secured, secured.app.code(), "wrong horse battery")
    none = enter(secured, None, "wrong horse battery")
    for response in (wrong, right, none):
        expect.error(response, 401, "invalid_credentials")
    assert wrong.json()["message"] == right.json()["message"] == none.json()["message"]


def test_wrong_codes_count_as_wrong_passwords_do(secured):
    """From an address that is not known; each right password with a wrong code is a failure."""
    headers = [("X-Forwarded-For", fresh_address())]
    for _ in range(5):
        expect.error(enter(secured, secured.app.wrong(), headers=headers), 401, "invalid_code")
        expect.error(enter(secured, None, "wrong horse battery", headers), 401,
                     "invalid_credentials")
    expect.error(enter(secured, secured.app.code(), headers=headers), 429, "rate_limited")


def test_ten_wrong_codes_in_a_row_make_all_wait_but_recovery_codes(secured, operator, tenant):
    """From one known address, whose own count would end in the same minute."""
    known = [("X-Forwarded-For", fresh_address())]
    Session(secured.server, enter(secured, secured.app.code(), headers=known))
    statuses = [enter(secured, secured.app.wrong(), headers=known).status for _ in range(10)]
    assert statuses == [401] * 10
    session = people.Session(secured.server, enter(secured, secured.recovery[0]))
    assert expect.ok(session.api.get(FACTOR))["recoveryCodesLeft"] == 9
    others = [Session(secured.server, enter(secured, secured.recovery[i])) for i in (1, 2)]
    assert all(other.lives() for other in others)
    log = actions(operator, tenant, secured)
    assert log.count("user.wrong_code") == 10 and log.count("user.recovery_code") == 3


def test_wrong_recovery_codes_make_no_code_of_the_app_wait(secured):
    wrong = ("0000-0000-0000-0000", "0000-0000-0000-000", "0000-0000-0000-0000-0")
    for n in range(6):
        body = {"password": PASSWORD, "code": wrong[n % 3]}
        expect.error(secured.api.delete(FACTOR, body), 403, "wrong_code")
        expect.error(enter(secured, wrong[n % 3]), 401, "invalid_code")
    assert Session(secured.server, enter(secured, secured.app.code())).lives()


def test_the_wait_of_wrong_codes_is_of_the_account_and_lasts():
    with Server(*PROXY) as server:
        app, who, recovery = turn_on(people.person(server, "operator"))
        for _ in range(10):
            began = time.monotonic()
            expect.error(who.api.delete(FACTOR, {"password": PASSWORD, "code": app.wrong()}), 403,
                         "wrong_code")
        for _ in range(2):
            response = enter(who, app.code())
            expect.error(response, 429, "rate_limited")
            assert "wrong codes" in response.json()["message"]
            assert min(40, 59 - (time.monotonic() - began)) <= int(response.header("retry-after")) <= 60
            server.restart()
        assert Session(server, enter(who, recovery[0])).lives()


# Recovery codes


def test_a_recovery_code_works_once_in_any_spelling(secured):
    code = secured.recovery[3].upper().replace("-", " ").replace("0", "O").replace("1", "l")
    assert Session(secured.server, enter(secured, code)).lives()
    expect.error(enter(secured, secured.recovery[3]), 401, "invalid_code")
    expect.error(enter(secured, "0000-0000-0000-0000"), 401, "invalid_code")
    expect.error(enter(secured, secured.recovery[4] + "-0000"), 401, "invalid_code")
    assert Session(secured.server, enter(secured, secured.recovery[4])).lives()


def test_new_recovery_codes_end_the_old_ones(secured):
    path = "/session/recovery-codes"
    expect.error(secured.api.post(path, {"password": "wrong horse battery", "code": "123456"}),
                 403, "wrong_password")
    expect.error(secured.api.post(path, {"password": PASSWORD, "code": secured.app.wrong()}), 403,
                 "wrong_code")
    new = expect.ok(secured.api.post(path, {"password": PASSWORD, "code": secured.app.code()}))
    assert not set(new["recoveryCodes"]) & set(secured.recovery)
    expect.error(enter(secured, secured.recovery[0]), 401, "invalid_code")
    assert Session(secured.server, enter(secured, new["recoveryCodes"][0])).lives()


# Turning it off


def test_it_is_turned_off_with_password_and_code(secured, operator, tenant):
    for password, code, error in (("wrong horse battery", secured.app.code(), "wrong_password"),
                                  (PASSWORD, secured.app.wrong(), "wrong_code")):
        expect.error(secured.api.delete(FACTOR, {"password": password, "code": code}), 403, error)
    expect.error(secured.api.delete(FACTOR, {"password": PASSWORD}), 400, "invalid_body")
    assert expect.ok(secured.api.get(FACTOR))["on"]
    expect.ok(secured.api.delete(FACTOR, {"password": PASSWORD, "code": secured.app.code()}))
    assert not expect.ok(secured.api.get(FACTOR))["on"] and secured.lives()
    assert Session(secured.server, enter(secured)).lives()
    expect.error(secured.api.delete(FACTOR, {"password": PASSWORD, "code": "123456"}), 404,
                 "not_found")
    log = actions(operator, tenant, secured)
    assert log.index("user.factor_on") < log.index("user.wrong_code") < log.index("user.factor_off")


def test_an_operator_resets_it_for_others_and_not_for_himself(secured, operator, tenant):
    users = {user["email"]: user for user in expect.ok(operator.api.get("/users"))}
    assert users[secured.email]["secondFactor"] and not users[operator.email]["secondFactor"]
    path = f"/users/{secured.id}/second-factor"
    expect.error(secured.api.delete(path), 403, "forbidden")
    expect.ok(operator.api.delete(path))
    assert not secured.lives()
    session = Session(secured.server, enter(secured))
    assert not expect.ok(session.api.get(FACTOR))["on"]
    expect.error(operator.api.delete(path), 404, "not_found")
    expect.error(operator.api.delete("/users/us_none/second-factor"), 404, "user_not_found")
    expect.error(operator.api.delete(f"/users/{operator.id}/second-factor"), 403, "forbidden")
    assert "user.factor_reset" in actions(operator, tenant, secured)


def test_the_command_line_lists_and_resets_it(secured):
    server = secured.server

    def line():
        return next(line for line in server.cli("user", "list").splitlines()
                    if secured.email in line)
    assert line().rstrip().endswith("on")
    assert "is off" in server.cli("user", "reset-factor", secured.email)
    assert line().rstrip().endswith("off")
    assert Session(server, enter(secured)).lives()


# Links


def link_of(operator, who):
    return people.link_token(expect.ok(operator.api.post(f"/users/{who.id}/link"), 201)["link"])


def test_a_link_for_a_new_password_needs_a_code_as_well(secured, operator):
    server = secured.server
    token = link_of(operator, secured)
    read = expect.ok(server.api().post("/session/link", {"token": token}))
    assert read["secondFactor"] is True
    new = "another horse battery"
    expect.error(open_link(server, token, new), 401, "second_factor_required")
    expect.error(open_link(server, token, new, code=secured.app.wrong()), 401, "invalid_code")
    assert secured.lives()
    expect.error(enter(secured, secured.app.code(), new), 401, "invalid_credentials")
    assert Session(server, open_link(server, token, new, code=secured.app.code())).lives()
    assert not secured.lives()
    assert Session(server, enter(secured, secured.recovery[0], new)).lives()


def test_a_link_tells_when_no_code_is_needed(member, operator):
    token = link_of(operator, member)
    read = expect.ok(member.server.api().post("/session/link", {"token": token}))
    assert read["secondFactor"] is False


# Who must have one


def require(server, who, *sessions):
    server.args = [*PROXY, "--require-second-factor", who]
    server.restart()
    for session in sessions:
        session.api = session.api_for()


# With a session that has to set one up: what looks at the session, ends it, and sets the factor up.
ENROLS = {("GET", "/v1/session"), ("DELETE", "/v1/session"), ("GET", f"/v1{FACTOR}"), ("POST", f"/v1{FACTOR}"),
          ("PUT", f"/v1{FACTOR}")}


def of_sessions():
    """(method, path) of all that a session may do."""
    document = openapi.load()
    return {called for called, operation in openapi.operations(document).items()
            if any("session" in way for way in operation.get("security", document["security"]))}


def only_enrols(session, workspace):
    """The session may set it up, and nothing else."""
    api = session.api_for(workspace)
    refused = of_sessions() - ENROLS
    assert len(refused) > 90
    for method, path in sorted(refused):
        path = re.sub(r"\{\w+\}", "x", path.removeprefix("/v1"))
        expect.error(api.call(method, path, None), 401, "enrolment_required")
    assert expect.ok(session.api.get("/session"))["mustEnrol"] is True
    assert expect.ok(session.api.get(FACTOR))["required"] is True


def lifetime(session):
    ends = datetime.fromisoformat(session.body["expiresAt"].replace("Z", "+00:00"))
    return (ends - datetime.now(timezone.utc)).total_seconds()


def test_one_that_is_required_is_asked_for_at_the_next_sign_in():
    with Server(*PROXY) as server:
        workspace = server.tenant("pro").workspace
        operator = people.person(server, "operator")
        member = people.person(server, "member", workspace)
        require(server, "operators", operator, member)
        assert operator.lives() and expect.ok(operator.api.get("/users"))
        again = operator.again()
        only_enrols(again, workspace)
        assert 800 < lifetime(again) <= 900 < 40000 < lifetime(member.again())
        assert member.again().body["mustEnrol"] is False
        app, whole, _ = turn_on(again, {})
        assert whole.body["mustEnrol"] is False and expect.ok(whole.api.get("/users"))
        assert not again.lives() and not operator.lives()
        expect.error(whole.api.delete(FACTOR, {"password": PASSWORD, "code": app.code()}), 403,
                     "forbidden")
        expect.error(enter(whole), 401, "second_factor_required")
        require(server, "everybody", whole, member)
        only_enrols(member.again(), workspace)
        only_enrols(people.person(server, "viewer", workspace), workspace)


def test_a_new_password_is_no_way_around_one_that_is_required():
    later = "another horse battery"
    with Server(*PROXY) as server:
        workspace = server.tenant("pro").workspace
        operator = people.person(server, "operator")
        require(server, "operators", operator)

        def change(session, old, new):
            return Session(server, session.api.put("/session/password",
                                                   {"currentPassword": old, "newPassword": new}))
        session = change(operator, PASSWORD, later)
        only_enrols(session, workspace)
        _, whole, _ = turn_on(session, {})
        whole = change(whole, later, PASSWORD)
        assert whole.body["mustEnrol"] is False and expect.ok(whole.api.get("/users"))


def test_the_setting_knows_three_words(tmp_path):
    result = run("serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0", "--require-second-factor", "all")
    assert result.code != 0 and "--require-second-factor: 'all' is not none" in result.err


# What is stored


def dump(server):
    if server.database:
        rows = postgres.shared().psql("SELECT encode(sealed, 'hex') || encode(recovery, 'hex') FROM"
                                      " leadblock.second_factor", postgres.database_of(server.database))
    else:
        with closing(sqlite3.connect(server.data / "leadblock.db")) as database:
            rows = "".join(row for row, in database.execute(
                "SELECT hex(sealed) || hex(recovery) FROM second_factor"))
    return bytes.fromhex(re.sub(r"\s", "", rows))


def test_neither_the_secret_nor_recovery_codes_are_stored_or_logged(secured):
    stored = dump(secured.server)
    secret = base64.b32decode(secured.app.secret)
    assert len(stored) >= 60 and secret not in stored
    log = secured.server.log_text()
    for text in (secured.app.secret, *secured.recovery):
        assert text.encode() not in stored and text.replace("-", "").encode() not in stored
        assert text not in log and text.replace("-", "") not in log


def test_a_deleted_user_leaves_no_secret(secured, operator):
    before = len(dump(secured.server))
    expect.ok(operator.api.delete(f"/users/{secured.id}"))
    assert len(dump(secured.server)) < before
