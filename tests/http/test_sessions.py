"""Signing in and out: links, cookies, passwords, CSRF tokens, and what never leaves the server."""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import expect, pages, people
from support.client import build
from support.marks import sqlite_only
from support.people import PASSWORD, Session, address, cookie_of, open_link, sign_in
from support.server import Server, fresh_address, on_postgresql, unique
from test_dashboard_files import with_dashboard

SESSION = {"user", "csrfToken", "expiresAt", "workspace", "version", "publicUrl", "mustEnrol"}
PROXY = ("--trusted-proxy", "127.0.0.0/8")


def removes_the_cookie(response):
    token, attributes = cookie_of(response)
    return token == "" and "Max-Age=0" in attributes


def with_cookie(server, value, *headers, method="GET", path="/session", body=None):
    """A request whose Cookie header is exactly this."""
    return server.api().call(method, path, body,
                             headers=[("Cookie", value), *address(), *headers])


@pytest.fixture
def somebody(server, tenant):
    """A member whose sessions a test may end."""
    return people.person(server, "member", tenant.workspace)


@pytest.fixture(scope="module")
def second(member):
    """Another session of the member whom the module's tests share and leave as it is."""
    return member.again()


# The set-up link


def set_up_links(server):
    return people.LINK.findall(server.log_text())


@with_dashboard
def test_the_first_operator_is_made_with_the_link_of_the_log():
    with Server(*PROXY) as server:
        ((base, token),) = set_up_links(server)
        assert base == f"http://127.0.0.1:{server.port}"
        body = expect.ok(server.api().post("/session/link", {"token": token}))
        assert f"within 15 minutes, until {body['expiresAt']}" in server.log_text()
        assert body.keys() == {"purpose", "email", "expiresAt", "secondFactor"}
        assert (body["purpose"], body["email"]) == ("set-up", None)
        assert expect.is_time(body["expiresAt"], near_now=False)
        first = Session(server, open_link(server, token, email="Ada@Example.com"))
        assert first.body["user"]["role"] == "operator" and first.email == "ada@example.com"
        assert first.body["workspace"] is None
        expect.error(open_link(server, token, email="eve@example.com"), 401, "invalid_link")
        expect.error(server.api().post("/session/link", {"token": token}), 401, "invalid_link")
        assert len(expect.ok(first.api.get("/users"))) == 1
        server.restart()
        assert set_up_links(server) == []


@with_dashboard
def test_each_start_without_an_operator_ends_the_link_before():
    with Server(*PROXY) as server:
        ((_, old),) = set_up_links(server)
        workspace = server.workspace()
        people.person(server, "member", workspace)
        server.restart()
        ((_, new),) = set_up_links(server)
        assert old != new
        expect.error(open_link(server, old, email="ada@example.com"), 401, "invalid_link")
        Session(server, open_link(server, new, email="ada@example.com"))


@with_dashboard
def test_the_set_up_link_ends_when_there_is_an_operator_by_another_way():
    with Server(*PROXY) as server:
        ((_, token),) = set_up_links(server)
        look = {"token": token}
        expect.ok(server.api().post("/session/link", look))
        people.person(server, "viewer", server.workspace())
        expect.ok(server.api().post("/session/link", look))
        operator = people.person(server, "operator")
        expect.error(server.api().post("/session/link", look), 401, "invalid_link")
        response = open_link(server, token, email="eve@example.com")
        expect.error(response, 401, "invalid_link")
        assert len(expect.ok(operator.api.get("/users"))) == 2


@with_dashboard
def test_the_set_up_link_used_by_many_at_once_makes_one_operator():
    with Server(*PROXY) as server, ThreadPoolExecutor(8) as pool:
        ((_, token),) = set_up_links(server)
        responses = list(pool.map(
            lambda i: open_link(server, token, email=f"eve{i}@example.com"), range(8)))
        assert sorted(response.status for response in responses) == [200] + [401] * 7
        assert len(server.run("user", "list", "--json").json()) == 1


@with_dashboard
@pytest.mark.parametrize("email", [None, 1, "", "nobody", "a@b@c", "a b@example.com", "@b", "a@"])
def test_the_set_up_link_needs_an_email_and_survives_a_wrong_one(set_up, email):
    server, token = set_up
    fields = {} if email is None else {"email": email}
    expect.error(open_link(server, token, **fields), 400, "invalid_body")
    assert expect.ok(server.api().post("/session/link", {"token": token}, headers=address()))


@pytest.fixture(scope="module")
def set_up():
    with Server(*PROXY) as server:
        ((_, token),) = set_up_links(server)
        yield server, token


def test_without_the_dashboard_there_is_no_set_up_link_but_the_command_makes_one():
    with Server("--dashboard=false", *PROXY) as server:
        log = re.sub("name=[a-z_]*links", "", server.log_text())  # of migrations
        assert set_up_links(server) == [] and "link" not in log
        operator = people.person(server, "operator")
        assert operator.body["user"]["role"] == "operator"
        assert operator.lives()


@with_dashboard
def test_a_server_without_users_says_that_it_is_not_set_up_and_what_to_do():
    with Server(*PROXY) as server:
        for path in ("/session", "/keys", "/users", "/blocked-leads", "/campaigns"):
            told = expect.error(server.api().get(path), 401, "not_set_up")
            assert "leadblock user create EMAIL --role operator" in told["message"]
        expect.error(sign_in(server, "ada@example.com"), 401, "not_set_up")
        expect.error(server.api().get("/nothing"), 404, "not_found")
        tenant = server.tenant("pro")
        expect.ok(tenant.api.get("/blocked-leads"))
        expect.error(server.api().get("/blocked-leads"), 401, "missing_api_key")
        expect.error(server.api().get("/session"), 401, "not_set_up")
        server.restart()
        expect.error(server.api().get("/session"), 401, "not_set_up")
        people.person(server, "viewer", tenant.workspace)
        expect.error(server.api().get("/session"), 401, "missing_api_key")
        expect.error(sign_in(server, "ada@example.com"), 401, "invalid_credentials")
        server.restart()
        expect.error(server.api().get("/session"), 401, "missing_api_key")


@with_dashboard
def test_the_set_up_link_sets_the_server_up_at_once():
    with Server(*PROXY) as server:
        ((_, token),) = set_up_links(server)
        Session(server, open_link(server, token, email="ada@example.com"))
        expect.error(server.api().get("/session"), 401, "missing_api_key")


def test_without_the_dashboard_there_is_nothing_to_set_up():
    with Server("--dashboard=false", *PROXY) as server:
        expect.error(server.api().get("/blocked-leads"), 401, "missing_api_key")


# Signing in


def test_a_session_says_who_is_signed_in(server, somebody, tenant):
    body = expect.ok(somebody.api.get("/session"))
    assert body == somebody.body and body.keys() == SESSION
    assert body["user"] == {"id": somebody.id, "email": somebody.email, "role": "member"}
    assert somebody.id.startswith("us_")
    assert body["workspace"].keys() == {"id", "name", "plan", "expiresAt"}
    assert body["workspace"]["id"] == tenant.workspace and body["workspace"]["plan"] == "pro"
    assert body["publicUrl"] == f"http://127.0.0.1:{server.port}"
    from support.campaigns import seconds_from_now
    assert 12 * 3600 - 60 < seconds_from_now(body["expiresAt"]) <= 12 * 3600


def test_signing_in_again_is_another_session(somebody):
    second = somebody.again()
    assert second.token != somebody.token and second.csrf != somebody.csrf
    assert second.lives() and somebody.lives()
    assert len(second.token) == 32 and second.token.isalnum()


def test_the_email_is_found_in_any_case_and_with_spaces_around(server, somebody):
    Session(server, sign_in(server, f"  {somebody.email.upper()} "))


def test_a_wrong_password_and_an_unknown_email_answer_alike(server, somebody):
    same = [("X-Request-Id", "same")]
    wrong = sign_in(server, somebody.email, "wrong password", [*same, *address()])
    unknown = sign_in(server, people.email_of(), PASSWORD, [*same, *address()])
    without = people.create(server, "member", somebody.body["workspace"]["id"])[0]
    never = sign_in(server, without, "", [*same, *address()])
    for response in (wrong, unknown, never):
        expect.error(response, 401, "invalid_credentials")
        assert response.header("set-cookie") is None
        assert (response.body, len(response.headers)) == (wrong.body, len(wrong.headers))


def test_an_unknown_email_takes_about_as_long_as_a_wrong_password(server, somebody):
    def seconds(email):
        begun = time.monotonic()
        expect.error(sign_in(server, email, "wrong password"), 401, "invalid_credentials")
        return time.monotonic() - begun

    pairs = []
    for _ in range(9):  # what else the machine does makes some of them longer, and none shorter
        pairs.append((seconds(people.email_of()), seconds(somebody.email)))
        unknown, known = map(min, zip(*pairs))
        if len(pairs) >= 5 and known / 2 < unknown < known * 2:
            return
    raise AssertionError(pairs)


@pytest.mark.parametrize("body", [
    {}, {"email": "a@example.com"}, {"password": PASSWORD}, {"email": 1, "password": PASSWORD},
    {"email": "a@example.com", "password": None}, {"email": "a@example.com", "password": [PASSWORD]},
    {"email": "", "password": PASSWORD}, {"email": "x" * 250 + "@b.example", "password": PASSWORD},
    {"email": "a\u0000@example.com", "password": PASSWORD},
    {"email": "a@example.com\r\nSet-Cookie: x", "password": PASSWORD}])
def test_a_sign_in_without_what_it_needs_is_refused(server, body):
    expect.error(server.api().post("/session", body, headers=address()), 400, "invalid_body")


@pytest.mark.parametrize("body, code", [
    (b"", "invalid_json"), (b"{", "invalid_json"), (b"[]", "invalid_body"),
    (b'{"email":"a@example.com","password":"\xff\xfe"}', "invalid_json"),
    (b'{"email":"a@example.com","password":"\xed\xa0\x80"}', "invalid_json")])
def test_a_sign_in_that_is_no_json_object_is_refused(server, body, code):
    expect.error(server.api().post("/session", body, headers=address()), 400, code)


@pytest.mark.parametrize("content_type", [
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "", None,
    "application/jsonp", "text/plain; application/json"])
def test_what_a_form_of_another_site_can_send_is_415(server, member, content_type):
    body = {"email": member.email, "password": PASSWORD}
    response = server.api().post("/session", body, content_type=content_type, headers=address())
    expect.error(response, 415, "unsupported_media_type")
    assert response.header("set-cookie") is None


@pytest.mark.parametrize("path", ["/session", "/session/link", "/session/from-link"])
def test_strangers_send_small_bodies_only(server, path):
    body = {"email": "ada@example.com", "password": "p" * 17_000, "token": "t"}
    expect.error(server.api().post(path, body, headers=address()), 413, "payload_too_large")


def test_a_very_long_password_is_only_wrong(server, somebody):
    for password in ("x" * 1025, "x" * 7_500, PASSWORD + "\0", PASSWORD[:-1], PASSWORD + " "):
        expect.error(sign_in(server, somebody.email, password), 401, "invalid_credentials")


# Cookies


def test_the_cookie_is_for_this_site_and_no_script(server, member):
    _, attributes = cookie_of(sign_in(server, member.email))
    assert sorted(attributes) == ["HttpOnly", "Max-Age=43200", "Path=/", "SameSite=Strict"]


@pytest.mark.parametrize("url, secure", [
    ("https://leads.example.com/", True), ("http://leads.example.com", False)])
def test_the_cookie_is_secure_exactly_when_the_public_address_is(url, secure):
    with Server("--public-url", url, *PROXY) as server:
        operator = people.person(server, "operator")
        assert operator.body["publicUrl"] == url.rstrip("/")
        response = sign_in(server, operator.email)
        assert ("Secure" in cookie_of(response)[1]) is secure
        response = with_cookie(server, "__Host-" * secure + "leadblock_session=gone")
        assert removes_the_cookie(response)
        assert ("Secure" in cookie_of(response)[1]) is secure
        link = operator.api.post("/users", {"email": "b@example.com", "role": "operator"})
        assert expect.ok(link, 201)["link"].startswith(url.rstrip("/") + "/#/link/")


def test_over_https_a_cookie_that_another_host_may_have_set_is_not_looked_at():
    with Server("--public-url", "https://leads.example.com", *PROXY) as server:
        operator = people.person(server, "operator")
        assert operator.cookie_name == "__Host-leadblock_session" and operator.lives()
        response = with_cookie(server, f"leadblock_session={operator.token}")
        expect.error(response, 401, "missing_api_key")
        both = f"leadblock_session=of-another-host; {operator.cookie[1]}"
        assert with_cookie(server, both).status == 200


@pytest.mark.parametrize("url, told", [("https://leads.example.com", "max-age=31536000"),
                                       ("http://leads.example.com", None)])
def test_browsers_are_told_to_stay_with_https(url, told):
    with Server("--public-url", url, *PROXY) as server:
        for path in ("/livez", "/v1/campaigns", "/nothing"):
            response = server.api(base="").get(path)
            assert response.header("strict-transport-security") == told, path
        with server.connect() as connection:
            connection.send(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
            assert connection.read().header("strict-transport-security") == told


def test_a_cookie_that_the_client_invented_never_becomes_valid(server, somebody):
    """Session fixation: whatever came along, signing in issues a new token."""
    for invented in ("A" * 32, somebody.again().token):
        headers = [("Cookie", f"leadblock_session={invented}"), *address()]
        before = with_cookie(server, f"leadblock_session={invented}").status
        new = Session(server, sign_in(server, somebody.email, headers=headers))
        assert new.token != invented
        assert with_cookie(server, f"leadblock_session={invented}").status == before
    assert before == 200, "signing in ends no other session"


@pytest.mark.parametrize("cookie", [
    "xleadblock_session={}", "leadblock_session2={}", "Leadblock_session={}", "a=leadblock_session={}",
    "leadblock_session", "leadblock_session=", "leadblock_session=; a={}", "{}"])
def test_another_cookies_value_is_no_session(server, member, cookie):
    response = with_cookie(server, cookie.format(member.token))
    expect.error(response, 401, "missing_api_key")


@pytest.mark.parametrize("cookie", [
    "leadblock_session=\"{}\"", "leadblock_session={}x", "leadblock_session=%20{}",
    "leadblock_session=' OR 1=1 --; leadblock_session={}", "leadblock_session=" + "x" * 4000])
def test_a_broken_token_is_invalid_session_and_the_cookie_is_removed(server, member, cookie):
    response = with_cookie(server, cookie.format(member.token))
    expect.error(response, 401, "invalid_session")
    assert removes_the_cookie(response)


def test_a_token_is_valid_as_it_is_written_and_no_other_way(server, member):
    changed = member.token.swapcase()
    response = with_cookie(server, f"leadblock_session={changed}")
    expect.error(response, 401, "invalid_session")


def test_the_cookie_is_found_among_others(server, member):
    cookie = f"theme=dark; xleadblock_session=1;leadblock_session={member.token}; last=1"
    assert with_cookie(server, cookie).status == 200


def test_of_two_cookie_headers_one_counts_and_never_a_mixture(server, somebody):
    """With two different sessions the CSRF token of the one that counts is needed."""
    second = somebody.again()
    with server.connect() as connection:
        response = connection.request("GET", "/v1/session", [somebody.cookie, second.cookie])
    if response.status == 400:
        return
    csrf = expect.ok(response)["csrfToken"]
    assert csrf in (somebody.csrf, second.csrf)
    other = second.csrf if csrf == somebody.csrf else somebody.csrf
    with server.connect() as connection:
        response = connection.request("DELETE", "/v1/session", [
            somebody.cookie, second.cookie, ("X-CSRF-Token", other)])
    expect.error(response, 403, "csrf_failed")
    assert somebody.lives() and second.lives()


def test_a_huge_cookie_is_refused_without_harm(server):
    with server.connect() as connection:
        data = build("GET", "/v1/session", [("Cookie", "leadblock_session=" + "x" * 200_000)])
        connection.send_while_reading(data)
        assert connection.read().status in (400, 401, 431)


def test_a_key_goes_before_a_cookie(server, tenant, member, other):
    both = [member.cookie, ("X-CSRF-Token", member.csrf)]
    campaign = other.campaign("Of the other")
    response = other.api.get("/campaigns/" + campaign, headers=both)
    assert expect.ok(response)["id"] == campaign
    expect.error(other.api.get("/session", headers=both), 403, "forbidden")
    expect.error(server.api("lb_bad").get("/session", headers=both + address()),
                 401, "invalid_api_key")


def test_without_key_and_cookie_it_is_missing_api_key(server):
    for path in ("/session", "/users", "/keys", "/blocked-leads", "/statistics", "/audit"):
        expect.error(server.api().get(path), 401, "missing_api_key")


def test_head_and_the_other_base_path_need_the_session_too(server, member):
    with server.connect() as connection:
        assert connection.request("HEAD", "/v1/session").status == 401
        assert connection.request("HEAD", "/v1/session", [member.cookie]).status == 200
        assert connection.request("GET", "/api/v1/session").status == 401
        assert connection.request("GET", "/api/v1/session", [member.cookie]).status == 200
        assert connection.request("DELETE", "/api/v1/session", [member.cookie]).status == 403
        for path in ("/v1/%73ession", "/v1/session%2f", "/v1//session", "/v1/session/",
                     "/api/v1/api/v1/session", "/v1/session;a"):
            response = connection.request("GET", path)
            assert response.status in (401, 404), (path, response)
        assert connection.request("HEAD", "/v1/users", [member.cookie]).status == 403


def test_ten_invalid_sessions_of_an_address_make_it_wait_but_not_the_valid_one(server, member):
    here = [("X-Forwarded-For", fresh_address())]
    for _ in range(10):
        response = server.api().get("/session", headers=[
            ("Cookie", "leadblock_session=" + unique()), *here])
        expect.error(response, 401, "invalid_session")
    response = server.api().get("/session", headers=[("Cookie", "leadblock_session=x"), *here])
    expect.error(response, 429, "rate_limited")
    assert server.api().get("/session", headers=[member.cookie, *here]).status == 200


# The end of a session


def test_signing_out_ends_this_session_alone_and_removes_the_cookie(somebody):
    second = somebody.again()
    response = second.api.delete("/session")
    assert expect.ok(response) == {"success": True, "message": "Signed out"}
    assert removes_the_cookie(response)
    response = second.api.get("/session")
    expect.error(response, 401, "invalid_session")
    assert removes_the_cookie(response)
    expect.error(second.api.delete("/session"), 401, "invalid_session")
    assert somebody.lives()


def test_signing_out_many_times_at_once_is_signing_out_once(somebody):
    second = somebody.again()
    with ThreadPoolExecutor(6) as pool:
        responses = list(pool.map(lambda api: api.delete("/session"),
                                  [second.api_for() for _ in range(6)]))
    assert sorted(response.status for response in responses) == [200] + [401] * 5
    for response in responses:
        assert removes_the_cookie(response)
    actions = [action["action"] for action in expect.ok(somebody.api.get("/audit?take=5"))]
    assert actions[:2] == ["user.sign_out", "user.sign_in"]


def test_a_session_survives_a_restart_and_a_kill():
    with Server(*PROXY) as server:
        operator = people.person(server, "operator")
        signed_out = operator.again()
        expect.ok(signed_out.api.delete("/session"))
        server.restart()
        assert expect.ok(operator.api_for(None).get("/session"))["csrfToken"] == operator.csrf
        server.kill()
        server.start()
        assert server.api(headers=[operator.cookie]).get("/session").status == 200
        expect.error(server.api(headers=[signed_out.cookie]).get("/session"), 401,
                     "invalid_session")


def change_database(server, *statements):
    with pages.changed(server.data) as database:
        for statement in statements:
            assert database.execute(statement).rowcount > 0, statement


@sqlite_only("the end is brought near by changing the database file")
def test_expired_sessions_and_links_are_as_if_they_had_never_been():
    with Server("--session-lifetime", "60", *PROXY) as server:
        operator = people.person(server, "operator")
        assert "Max-Age=60" in cookie_of(sign_in(server, operator.email))[1]
        late, token = people.create(server, "operator")
        _, later = people.create(server, "operator")
        server.stop()
        change_database(server, "UPDATE session SET expires_at = 1790000000000",
                        "UPDATE link SET expires_at = 1790000000000 WHERE account ="
                        f" (SELECT no FROM account WHERE email = '{late}')")
        server.start()
        response = server.api(headers=[operator.cookie]).get("/session")
        expect.error(response, 401, "invalid_session")
        assert removes_the_cookie(response)
        api = server.api(headers=[operator.cookie, ("X-CSRF-Token", operator.csrf)])
        expect.error(api.post("/workspaces", {"name": "x", "plan": "pro"}), 401, "invalid_session")
        response = server.api().post("/session/link", {"token": token}, headers=address())
        expect.error(response, 401, "invalid_link")
        expect.error(open_link(server, token), 401, "invalid_link")
        Session(server, open_link(server, later))


# Passwords


def put_password(session, current, new):
    return session.api.put("/session/password", {"currentPassword": current, "newPassword": new})


def test_a_new_password_ends_all_other_sessions_and_begins_a_new_one(server, somebody):
    second = somebody.again()
    changed = Session(server, put_password(somebody, PASSWORD, "an entirely new one"))
    assert changed.lives() and not somebody.lives() and not second.lives()
    assert changed.csrf not in (somebody.csrf, second.csrf)
    expect.error(sign_in(server, somebody.email), 401, "invalid_credentials")
    assert Session(server, sign_in(server, somebody.email, "an entirely new one")).lives()


def test_a_wrong_current_password_changes_nothing(server, somebody):
    response = put_password(somebody, "wrong password", "an entirely new one")
    expect.error(response, 403, "wrong_password")
    assert somebody.lives() and somebody.again().lives()


@pytest.mark.parametrize("new", ["", "eleven char", "é" * 11, "x" * 1025, "é" * 513, None, 12])
def test_a_new_password_has_12_characters_and_at_most_1024_bytes(server, member, new):
    expect.error(put_password(member, PASSWORD, new), 400, "invalid_body")
    assert member.lives()


@pytest.mark.parametrize("new", ["twelve chars", "é" * 11 + "è", "xyz" * 341 + "x", "a\0b" * 6, "\"'<&>\\\n" * 3])
def test_any_other_password_may_be_set_and_signs_in(server, somebody, new):
    Session(server, put_password(somebody, PASSWORD, new))
    Session(server, sign_in(server, somebody.email, new))
    expect.error(sign_in(server, somebody.email, new[:-1]), 401, "invalid_credentials")


@pytest.mark.parametrize("new, reason", [
    ("x" * 1024, "one character repeated"), ("password1234", "most common passwords")])
def test_a_weak_password_is_refused_with_what_to_do(server, somebody, tenant, new, reason):
    _, token = people.create(server, "member", tenant.workspace)
    for response in (put_password(somebody, PASSWORD, new), open_link(server, token, new)):
        message = expect.error(response, 400, "invalid_body")["message"]
        assert reason in message and "choose several words" in message
    assert somebody.lives()
    Session(server, open_link(server, token))


def test_a_password_made_from_the_email_address_is_refused(server, tenant):
    email, token = people.create(server, "member", tenant.workspace)
    for new in (email, email.upper() + "1", email.split("@")[0] + "2024"):
        expect.error(open_link(server, token, new), 400, "invalid_body")
    session = Session(server, open_link(server, token))
    expect.error(put_password(session, PASSWORD, email), 400, "invalid_body")
    assert session.lives()


@with_dashboard
def test_the_first_operators_password_is_not_the_email_address(set_up):
    server, token = set_up
    response = open_link(server, token, "Grace@example.com", email="grace@example.com")
    assert "e-mail address" in expect.error(response, 400, "invalid_body")["message"]


def test_of_two_password_changes_at_once_one_wins(server, somebody):
    second = somebody.again()
    with ThreadPoolExecutor(2) as pool:
        responses = list(pool.map(lambda pair: put_password(pair[0], PASSWORD, pair[1]), [
            (somebody, "the first new one"), (second, "the second new one")]))
    assert sorted(response.status for response in responses) in ([200, 401], [200, 403]), responses
    words = ["the first new one", "the second new one"]
    good = [sign_in(server, somebody.email, word).status for word in words]
    assert good == [200 if response.status == 200 else 401 for response in responses]


# Failures


def wait_of(response):
    expect.error(response, 429, "rate_limited")
    wait = int(response.header("retry-after"))
    assert 1 <= wait <= 60
    return wait


def test_ten_failures_of_an_address_make_it_wait(server, somebody):
    here = [("X-Forwarded-For", fresh_address())]
    for i in range(7):  # without a password to look at, so that a slow machine is done in time
        response = server.api().post("/session/link", {"token": f"{i}" * 32}, headers=here)
        expect.error(response, 401, "invalid_link")
    for _ in range(3):
        expect.error(sign_in(server, people.email_of(), "wrong password", here), 401,
                     "invalid_credentials")
    wait_of(sign_in(server, somebody.email, PASSWORD, here))
    wait_of(server.api().post("/session/link", {"token": "x" * 32}, headers=here))
    wait_of(open_link(server, "x" * 32, headers=here))
    Session(server, sign_in(server, somebody.email))
    api = server.api(headers=[somebody.cookie, *here])
    assert api.get("/session").status == 200, "who is signed in goes on"


def test_ten_failures_for_an_email_from_many_addresses_make_it_wait(server, tenant, somebody):
    for _ in range(10):
        expect.error(sign_in(server, somebody.email.upper(), "wrong password"), 401,
                     "invalid_credentials")
    wait_of(sign_in(server, somebody.email))
    assert somebody.lives()
    Session(server, sign_in(server, people.person(server, "viewer", tenant.workspace).email))


def test_guesses_in_parallel_are_ten_as_well(server, somebody):
    with ThreadPoolExecutor(16) as pool:
        responses = list(pool.map(lambda _: sign_in(server, somebody.email, "wrong password"),
                                  range(40)))
    statuses = [response.status for response in responses]
    assert statuses.count(401) <= 10 + 4 and set(statuses) <= {401, 429, 503}, statuses


def test_ten_unknown_links_make_an_address_wait(server):
    here = [("X-Forwarded-For", fresh_address())]
    for i in range(10):
        response = server.api().post("/session/link", {"token": f"{i}" * 32}, headers=here)
        expect.error(response, 401, "invalid_link")
    wait_of(server.api().post("/session/link", {"token": "x"}, headers=here))


def test_wrong_passwords_from_anywhere_lock_out_no_address_that_signed_in_before(server, somebody):
    home = address()
    Session(server, sign_in(server, somebody.email, headers=home))
    for _ in range(10):
        expect.error(sign_in(server, somebody.email, "wrong password"), 401, "invalid_credentials")
    wait_of(sign_in(server, somebody.email))
    Session(server, sign_in(server, somebody.email, headers=home))
    for _ in range(10):
        expect.error(sign_in(server, somebody.email, "wrong password", home), 401,
                     "invalid_credentials")
    wait_of(sign_in(server, somebody.email, headers=home))


def test_an_address_is_known_when_a_session_comes_from_there(server, somebody):
    moved = address()
    api = server.api(headers=[somebody.cookie, *moved])
    assert api.get("/session").status == 200
    for _ in range(10):
        sign_in(server, somebody.email, "wrong password")
    wait_of(sign_in(server, somebody.email))
    Session(server, sign_in(server, somebody.email, headers=moved))


def test_a_session_changes_its_password_whatever_others_try(server, somebody):
    here = address()
    for i in range(10):
        sign_in(server, somebody.email, "wrong password")
        server.api().post("/session/link", {"token": f"{i}" * 32}, headers=here)
    wait_of(sign_in(server, somebody.email))
    api = server.api(headers=[somebody.cookie, ("X-CSRF-Token", somebody.csrf), *here])
    body = {"currentPassword": PASSWORD, "newPassword": "an entirely new one"}
    Session(server, api.put("/session/password", body))


def test_wrong_current_passwords_make_their_session_wait(server, somebody):
    second = somebody.again()
    for _ in range(10):
        response = put_password(somebody, "wrong password", "an entirely new one")
        expect.error(response, 403, "wrong_password")
    wait_of(put_password(somebody, PASSWORD, "an entirely new one"))
    Session(server, put_password(second, PASSWORD, "an entirely new one"))


def test_a_flood_of_strangers_refuses_no_known_address(own_flood):
    """As many passwords as may wait are being looked at, and more are refused."""
    server, operator, refused = own_flood
    home = address()
    while not refused:
        time.sleep(0.01)
    Session(server, sign_in(server, operator.email, headers=operator.home))
    api = server.api(headers=[operator.cookie, ("X-CSRF-Token", operator.csrf), *home])
    body = {"currentPassword": PASSWORD, "newPassword": "an entirely new one"}
    session = Session(server, api.put("/session/password", body))
    _, token = people.create(server, "operator")
    Session(server, open_link(server, token))
    before = len(refused)
    while len(refused) == before:
        time.sleep(0.01)
    assert session.lives()


@pytest.fixture
def own_flood():
    """A server at which strangers try more passwords at once than may wait, without an end."""
    refused, ended = [], threading.Event()

    def flood(server):
        while not ended.is_set():
            response = sign_in(server, people.email_of(), "wrong password")
            if response.status == 503:
                refused.append(response)
            else:
                expect.error(response, 401, "invalid_credentials")

    with Server("--password-memory", "19", *PROXY) as server:
        operator = people.person(server, "operator")
        operator.home = address()
        Session(server, sign_in(server, operator.email, headers=operator.home))
        threads = [threading.Thread(target=flood, args=(server,)) for _ in range(40)]
        for thread in threads:
            thread.start()
        try:
            yield server, operator, refused
        finally:
            ended.set()
            for thread in threads:
                thread.join()


# Limits


def test_of_too_many_sessions_the_oldest_ends():
    with Server("--max-user-sessions", "3", "--password-memory", "19", *PROXY) as server:
        first = people.person(server, "operator")
        other = people.person(server, "operator")
        second, third = first.again(), first.again()
        assert first.lives()
        fourth = first.again()
        assert not first.lives()
        assert all(session.lives() for session in (second, third, fourth, other))


# CSRF


@pytest.mark.parametrize("forge", [
    lambda one, two: None, lambda one, two: "", lambda one, two: two.csrf,
    lambda one, two: one.csrf[:-1], lambda one, two: one.csrf + "0",
    lambda one, two: one.csrf[:-1] + ("0" if one.csrf[-1] != "0" else "1"),
    lambda one, two: one.token, lambda one, two: one.csrf.upper() + " ",
    lambda one, two: one.csrf + ", " + one.csrf, lambda one, two: "0" * 32])
def test_without_the_sessions_own_token_nothing_is_changed(member, second, forge):
    token = forge(member, second)
    if token is not None and token.strip() == member.csrf:
        pytest.skip("all digits")
    api = member.api_for(csrf=False)
    headers = [] if token is None else [("X-CSRF-Token", token)]
    name = unique("csrf")
    body = {"leads": [{"publicIdentifier": name}]}
    before = expect.ok(member.api.get("/audit"))
    response = api.post("/blocked-leads", body, headers=headers)
    expect.error(response, 403, "csrf_failed")
    expect.error(api.delete("/session", headers=headers), 403, "csrf_failed")
    expect.error(api.post("/keys", {"name": "x"}, headers=headers), 403, "csrf_failed")
    assert member.lives()
    assert expect.ok(member.api.get("/audit")) == before
    assert expect.ok(member.api.get("/blocked-leads/" + name))["blocked"] is False


def test_reading_and_checking_need_no_csrf_token(server, tenant, campaign, member):
    api = member.api_for(csrf=False)
    path = f"/campaigns/{campaign}/blocked-leads"
    assert api.get(path).status == 200
    assert api.get(path + "/someone").status == 200
    assert api.post(path + "/check", {"publicIdentifiers": ["someone"]}).status == 200


def test_other_sites_may_not_read_answers(server, member):
    response = member.api.get("/session", headers=[("Origin", "https://evil.example")])
    assert response.header("access-control-allow-origin") is None
    with server.connect() as connection:
        response = connection.request("OPTIONS", "/v1/session", [
            ("Origin", "https://evil.example"), ("Access-Control-Request-Method", "DELETE")])
    assert response.header("access-control-allow-origin") is None


def test_answers_about_sessions_are_not_kept_by_caches(server, member):
    response = member.api.get("/session")
    assert "no-store" in (response.header("cache-control") or ""), response


def test_a_dry_run_of_signing_in_and_of_links_does_nothing(server, tenant, somebody):
    body = {"email": somebody.email, "password": PASSWORD}
    response = server.api().post("/session?dryRun=true", body, headers=address())
    expect.error(response, 400, "invalid_parameter")
    assert response.header("set-cookie") is None
    _, token = people.create(server, "member", tenant.workspace)
    response = server.api().post("/session/from-link?dryRun=true",
                                 {"token": token, "password": PASSWORD}, headers=address())
    expect.error(response, 400, "invalid_parameter")
    Session(server, open_link(server, token))


# Races


def slow_request(server, method, path, headers, body):
    """Sends all but the last byte of a request; returns what sends the rest and the answer."""
    connection = server.connect()
    data = build(method, path, headers, body)
    connection.send(data[:-1])

    def finish():
        connection.send(data[-1:])
        with connection:
            return connection.read(method)

    return finish


def headers_of(session):
    return [session.cookie, ("X-CSRF-Token", session.csrf), ("Content-Type", "application/json")]


def test_what_a_signed_out_persons_slow_body_asks_for_is_not_done(server, tenant, somebody):
    second = somebody.again()
    name = unique()
    requests = [("POST", "/v1/blocked-leads", {"leads": [{"publicIdentifier": name}]}),
                ("POST", "/v1/keys", {"name": name}), ("POST", "/v1/campaigns", {"name": name}),
                ("PUT", "/v1/session/password",
                 {"currentPassword": PASSWORD, "newPassword": "an entirely new one"})]
    finishes = [slow_request(server, method, path, headers_of(second), body)
                for method, path, body in requests]
    # The heads have been taken when a later request of each connection's thread is answered.
    for _ in range(20):
        somebody.api_for().get("/session")
    expect.ok(second.api.delete("/session"))
    for finish in finishes:
        expect.error(finish(), 401, "invalid_session")
    assert somebody.lives() and somebody.again().lives()
    assert expect.ok(somebody.api.get("/blocked-leads/" + name))["blocked"] is False
    assert name not in [key["name"] for key in expect.ok(somebody.api.get("/keys"))]


def test_what_a_signed_out_persons_slow_body_asks_for_is_not_answered(server, tenant, somebody):
    second = somebody.again()
    body = {"publicIdentifiers": ["someone"], "leads": [{"publicIdentifier": "someone"}]}
    slow = [[slow_request(server, "POST", f"/v1{path}", headers_of(session), body) for session in (second, somebody)]
            for path in ("/blocked-leads/check", "/check", "/blocked-leads?dryRun=true")]
    for _ in range(20):
        somebody.api_for().get("/session")
    expect.ok(second.api.delete("/session"))
    time.sleep(1.1)  # a body that took less is not worth a look
    for finish, other in slow:
        expect.error(finish(), 401, "invalid_session")
        expect.ok(other())


def test_sign_outs_and_writes_at_once_leave_no_write_after_the_end(server, tenant, somebody):
    """Every write that was answered with 200 is there; none is that was answered with 401."""
    second = somebody.again()
    done = []

    def write(api):
        while True:
            name = unique("race")
            response = api.post("/blocked-leads", {"leads": [{"publicIdentifier": name}]})
            done.append((name, response.status))
            if response.status != 200:
                return

    threads = [threading.Thread(target=write, args=(second.api_for(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    while len(done) < 20:
        time.sleep(0.001)
    expect.ok(second.api_for().delete("/session"))
    for thread in threads:
        thread.join()
    assert {status for _, status in done} == {200, 401}
    for name, status in done[-8:]:
        blocked = expect.ok(somebody.api.get("/blocked-leads/" + name))["blocked"]
        assert blocked is (status == 200)


# What never leaves


def test_no_secret_is_in_the_log_or_the_database():
    with Server("--log-level", "debug", *PROXY) as server:
        operator = people.person(server, "operator")
        second = operator.again()
        sign_in(server, operator.email, "a wrong secret word")
        sign_in(server, "secret-typed-as@email.example", "x")
        Session(server, put_password(second, PASSWORD, "an entirely new one"))
        unused = people.create(server, "operator")[1]
        workspace = server.workspace()
        created = Session(server, sign_in(server, operator.email, "an entirely new one"))
        key = expect.ok(created.api_for(workspace).post("/keys", {"name": "k"}), 201)["key"]
        link = people.link_token(expect.ok(created.api.post(f"/users/{operator.id}/link"),
                                           201)["link"])
        server.api().get(f"/session?token={created.token}")
        secrets = [PASSWORD, "a wrong secret word", "an entirely new one", operator.token,
                   second.token, created.token, created.csrf, unused, link, key]
        log = server.all_logs().encode()
        for secret in secrets:
            assert secret.encode() not in log, secret
        if on_postgresql():
            return
        files = [path for path in server.data.iterdir() if path.is_file()]
        assert {"leadblock.db", "leadblock.db-wal"} <= {path.name for path in files}
        data = b"".join(path.read_bytes() for path in files)
        assert operator.email.encode() in data
        for secret in secrets:
            assert secret.encode() not in data, secret


def test_a_password_that_is_refused_is_not_repeated_in_the_answer(server, somebody):
    for response in (put_password(somebody, "wrong<b>word", "short<b>"),
                     sign_in(server, somebody.email, "wrong<b>word")):
        assert b"<b>" not in response.body
