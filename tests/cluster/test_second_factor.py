"""A code of an authenticator app works once, at one of all nodes; wrong ones count at all of them."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from support import expect, people
from support.codes import App
from support.nodes import Nodes
from support.people import PASSWORD, Session

FACTOR = "/session/second-factor"


@pytest.fixture(scope="module")
def nodes():
    """Their own, to which each request may come from another address."""
    with Nodes(2, "--trusted-proxy", "127.0.0.0/8", "--password-memory", "19") as nodes:
        yield nodes


def secured(nodes):
    member = people.person(nodes[0], "operator")
    app = App(expect.ok(member.api.post(FACTOR, {"password": PASSWORD}))["secret"])
    answer = member.api.put(FACTOR, {"code": app.code()})
    return app, Session(nodes[0], answer), answer.json()["recoveryCodes"]


def enter(node, who, code):
    return node.api().post("/session", {"email": who.email, "password": PASSWORD, "code": code},
                           headers=people.address())


def test_one_code_opens_one_session_at_one_node(nodes):
    app, who, recovery = secured(nodes)
    for code in (app.code(), recovery[0], recovery[1]):
        with ThreadPoolExecutor(6) as pool:
            statuses = list(pool.map(lambda i: enter(nodes[i % 2], who, code).status, range(6)))
        assert sorted(statuses) == [200] + [401] * 5, statuses


def test_wrong_codes_at_several_nodes_are_counted_together(nodes):
    app, who, recovery = secured(nodes)
    for i in range(10):
        expect.error(enter(nodes[i % 2], who, app.wrong()), 401, "invalid_code")
    for node in (nodes[0], nodes[1]):
        refused = expect.error(enter(node, who, app.code()), 429, "rate_limited")
        assert "wrong codes" in refused["message"]
    assert Session(nodes[1], enter(nodes[1], who, recovery[0])).lives()
