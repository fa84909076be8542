"""--cors-origin: which pages may call the API from a browser, and that sessions stay out of their reach."""

from collections import defaultdict

import pytest

from endpoints import ENDPOINTS, KEYS, OPERATORS, OWN
from support import people
from support.server import Server

PAGE = "https://app.example.com"
EXTENSION = "chrome-extension://abcdefghijklmnop"
CORS = ("access-control-allow-origin", "access-control-allow-credentials", "access-control-expose-headers",
        "access-control-allow-methods", "access-control-allow-headers", "access-control-max-age", "vary")


@pytest.fixture(scope="module")
def opened():
    with Server("--cors-origin", f"{PAGE}, {EXTENSION}") as server:
        yield server


@pytest.fixture(scope="module")
def tenant_there(opened):
    return opened.tenant()


def cors(response):
    return {name: response.all(name) for name in CORS if response.all(name)}


def ask_first(api, path, origin=PAGE, method="POST", more=()):
    """What a browser sends before a request that is not plain: without a key."""
    return api.call("OPTIONS", path, key=None, headers=[
        ("Origin", origin), ("Access-Control-Request-Method", method),
        ("Access-Control-Request-Headers", "content-type,x-api-key"), *more])


def test_by_default_no_page_may(api, campaign):
    for path in ("/blocked-leads", f"/campaigns/{campaign}/blocked-leads", "/nothing"):
        assert cors(api.get(path, headers=[("Origin", PAGE)])) == {}
    response = ask_first(api, "/blocked-leads")
    assert response.status == 405 and cors(response) == {}


@pytest.mark.parametrize("origin", [PAGE, EXTENSION])
def test_a_page_that_is_named_reads_answers_and_errors(tenant_there, origin):
    api = tenant_there.api
    shown = {"access-control-allow-origin": [origin], "vary": ["Origin"], "access-control-expose-headers": [
        "Content-Disposition, Link, Preference-Applied, Retry-After, X-Change-Id, X-Checked-Columns, X-Request-Id, "
        "X-Total-Count, X-Unchecked-Columns"]}
    sent = [("Origin", origin)]
    answers = {
        200: api.post("/blocked-leads", {"leads": [{"publicIdentifier": "someone"}]}, headers=sent),
        400: api.post("/blocked-leads", {"leads": []}, headers=sent),
        401: api.get("/blocked-leads", key=None, headers=sent),
        404: api.get("/nothing", headers=sent),
        405: api.put("/blocked-leads", {}, headers=sent),
        415: api.post("/blocked-leads", {}, content_type="text/plain", headers=sent),
    }
    assert {status: answer.status for status, answer in answers.items()} == {status: status for status in answers}
    for answer in answers.values():
        assert cors(answer) == shown
    assert answers[200].header("x-change-id")


@pytest.mark.parametrize("origin", ["https://app.example.com.evil.example", "https://app.example.com:8443",
                                    "http://app.example.com", "https://APP.example.com", "https://app.example.com/",
                                    "https://evil.example", "null", "*", f"{PAGE},{EXTENSION}", f"{PAGE} {PAGE}", ""])
def test_any_other_page_may_not(tenant_there, origin):
    headers = [("Origin", origin)]
    answer = tenant_there.api.get("/blocked-leads", headers=headers)
    assert answer.status == 200 and cors(answer) == {"vary": ["Origin"]}
    assert cors(ask_first(tenant_there.api, "/blocked-leads", origin)) == {"vary": ["Origin"]}


def test_answers_to_others_vary_too(tenant_there):
    assert cors(tenant_there.api.get("/blocked-leads")) == {"vary": ["Origin"]}


def test_the_browser_is_told_what_the_page_may_send(tenant_there):
    api = tenant_there.api
    response = ask_first(api, "/blocked-leads")
    assert response.status == 200 and response.body == b""
    assert response.all("access-control-allow-origin") == [PAGE]
    assert set(response.header("access-control-allow-methods").split(", ")) == {"GET", "HEAD", "POST", "DELETE"}
    assert "X-Api-Key" in response.header("access-control-allow-headers")
    assert "Content-Type" in response.header("access-control-allow-headers")
    assert response.all("access-control-allow-credentials") == []
    assert ask_first(api, "/nothing").status == 404
    plain = api.call("OPTIONS", "/blocked-leads", key=None, headers=[("Origin", PAGE)])  # the browser asks nothing
    assert plain.status == 405


def test_the_alias_is_the_same(opened):
    with_alias = opened.tenant().api
    with_alias.base = "/api/v1"
    assert ask_first(with_alias, "/blocked-leads").status == 200
    assert cors(with_alias.get("/blocked-leads", headers=[("Origin", PAGE)]))["access-control-allow-origin"] == [PAGE]


def test_what_needs_a_session_is_closed_to_pages(tenant_there):
    paths = {endpoint.path.format_map(defaultdict(lambda: "x"))
             for endpoint in [*OWN, *KEYS, *OPERATORS]}
    paths |= {"/session", "/session/link", "/session/from-link", "/sessions"}
    for path in sorted(paths):
        response = ask_first(tenant_there.api, path)
        assert response.status in (404, 405) and cors(response) == {}, path
        assert cors(tenant_there.api.get(path, headers=[("Origin", PAGE)])) == {}, path
    for path in {endpoint.path for endpoint in ENDPOINTS if "{" not in endpoint.path}:
        assert ask_first(tenant_there.api, path).status == 200, path


def test_health_and_the_dashboard_are_not_the_api(opened):
    api = opened.api()
    api.base = ""
    for path in ("/livez", "/readyz", "/metrics", "/"):
        plain = cors(api.get(path))
        assert cors(api.get(path, headers=[("Origin", PAGE)])) == plain
        assert plain.keys() <= {"vary"} and "Origin" not in plain.get("vary", [])


def test_a_page_cannot_use_the_session_of_the_browser(opened, tenant_there):
    """A page of the same site may make the browser send the cookie along."""
    member = people.person(opened, "member", tenant_there.workspace)
    sent = [("Cookie", f"{member.cookie_name}={member.token}"), ("X-CSRF-Token", member.csrf)]
    api = opened.api()
    assert api.get("/blocked-leads", headers=sent).status == 200
    refused = api.get("/blocked-leads", headers=[*sent, ("Origin", PAGE)])
    assert refused.code == "missing_api_key"
    body = {"leads": [{"publicIdentifier": "by-a-page"}]}
    assert api.post("/blocked-leads", body, headers=[*sent, ("Origin", PAGE)]).code == "missing_api_key"
    assert api.get("/session", headers=[*sent, ("Origin", PAGE)]).code == "missing_api_key"
    assert api.post("/blocked-leads", body, headers=[*sent, ("Origin", "https://other.example")]).status == 200
