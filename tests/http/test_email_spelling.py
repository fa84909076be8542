"""The e-mail addresses of users have one spelling, and those that were stored before are found."""

import pytest

from support import expect, pages, people
from support.marks import sqlite_only
from support.people import Session, create, open_link, sign_in
from support.server import Server, unique

PROXY = ("--trusted-proxy", "127.0.0.0/8")


def spellings(name):
    """Of one address, with its canonical form first."""
    return [f"\u00e4{name}@example.com", f"\u00c4{name.upper()}@Example.com",
            f"A\u0308{name}@example.com", f"\u200b\u00e4{name}\u00ad@example.com\ufeff",
            f"\u00a0\u00e4{name}@example.com\n"]


@pytest.mark.parametrize("number", range(5))
def test_an_invitation_is_for_every_spelling(server, tenant, number):
    names = spellings(unique("spelled").lower())
    email, token = create(server, "member", tenant.workspace, names[number])
    session = Session(server, open_link(server, token))
    assert session.email == names[0]
    for name in names:
        assert Session(server, sign_in(server, name)).id == session.id


def test_two_spellings_are_not_two_users(server, operator):
    names = spellings(unique("twice").lower())
    expect.ok(operator.api.post("/users", {"email": names[0], "role": "operator"}), 201)
    for name in names:
        response = operator.api.post("/users", {"email": name, "role": "operator"})
        expect.error(response, 409, "already_exists")
    expect.ok(operator.api.post("/users/" + "%C3%84" + names[0][1:] + "/link"), 201)


def test_the_command_takes_every_spelling(own):
    names = spellings("ada")
    own.cli("user", "create", names[2], "--role", "operator")
    assert [user["email"] for user in own.run("user", "list", "--json").json()] == names[:1]
    assert own.run("user", "create", names[1], "--role", "operator").code != 0
    own.cli("user", "create", "second@example.com", "--role", "operator")
    own.cli("user", "delete", names[1])
    assert len(own.run("user", "list", "--json").json()) == 1


@pytest.mark.parametrize("email", ["a\u2003b@example.com", "\u200b@example.com", "a\u0085@b.example"])
def test_what_is_no_address_in_any_spelling_is_refused(operator, email):
    expect.error(operator.api.post("/users", {"email": email, "role": "operator"}), 400,
                 "invalid_body")


@sqlite_only("the addresses of an older version are put into the database file")
def test_addresses_that_were_stored_before_are_found_and_of_two_the_older_one():
    with Server(*PROXY) as server:
        people.person(server, "operator")
        first, second, hidden = (people.person(server, "operator") for _ in range(3))
        server.stop()
        with pages.changed(server.data) as database:
            for session, email in ((first, "\u00c4da@example.com"), (second, "a\u0308da@example.com"),
                                   (hidden, "hi\u00adda@example.com")):
                database.execute("UPDATE account SET email = ? WHERE id = ?", (email, session.id))
        server.start()
        for name in ("\u00c4da@example.com", "\u00e4da@example.com", "\u00e4DA@example.com"):
            assert Session(server, sign_in(server, name)).id == first.id, name
        assert Session(server, sign_in(server, "A\u0308da@example.com")).id == second.id
        assert Session(server, sign_in(server, "hida@example.com")).id == hidden.id
        api = first.api_for(None)
        response = api.post("/users", {"email": "hida@example.com", "role": "operator"})
        expect.error(response, 409, "already_exists")
        expect.ok(api.delete(f"/users/{hidden.id}"))
        expect.ok(api.post("/users", {"email": "hida@example.com", "role": "operator"}), 201)
