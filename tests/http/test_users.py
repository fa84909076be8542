"""Who may do what: operators, members, viewers; making and deleting them, also by command."""

import time
from datetime import datetime
from concurrent.futures import ThreadPoolExecutor

import pytest

from endpoints import ENDPOINTS, GUARDED, KEYS, OPERATORS, OWN, READ, WRITE
from support import expect, people
from support.campaigns import prepare
from support.people import Session, address, link_token, open_link, sign_in
from support.server import Server, key_id, run, unique
from test_sessions import headers_of, slow_request

USER = {"id", "email", "role", "workspaceId", "createdAt", "lastSignInAt", "state", "invitedBy",
        "linkExpiresAt", "secondFactor"}
PROXY = ("--trusted-proxy", "127.0.0.0/8")
IN_WORKSPACE = ENDPOINTS + KEYS
names = dict(ids=str)


@pytest.fixture(scope="module")
def ids(server, tenant, operator):
    """Something of everything, which requests that are refused may name."""
    user = people.create(server, "viewer", tenant.workspace)[0]
    return {**prepare(tenant), "workspace": tenant.workspace, "user": user,
            "key": key_id(tenant.new_key()), "session": "se_0123456789abcdef"}


def send(api, endpoint, ids, **options):
    return api.call(endpoint.method, endpoint.target(ids), endpoint.data(ids), **options)


@pytest.fixture(scope="module")
def read_only(tenant):
    return tenant.new_key("--read-only")


@pytest.fixture
def unchanged(server, tenant, operator):
    """Compares all that a request could have changed, before and after the test."""

    def look():
        api = operator.api_for(tenant.workspace)
        installation = operator.api.get("/audit?take=1")
        return [expect.ok(response) for response in (
            api.get("/blocked-leads"), api.get("/campaigns"), api.get("/audit?take=1"),
            api.get("/keys"), installation, operator.api.get("/users"))]

    def without_use(state):
        keys = [{**key, "lastUsedAt": None} for key in state[3]]
        return state[:3] + [keys] + state[4:]

    before = without_use(look())
    yield
    assert without_use(look()) == before


# Roles


@pytest.mark.parametrize("endpoint", IN_WORKSPACE, **names)
def test_a_viewer_looks_and_checks_and_changes_nothing(viewer, ids, endpoint, unchanged):
    response = send(viewer.api, endpoint, ids)
    if endpoint.kind in (WRITE, GUARDED):
        expect.error(response, 403, "forbidden")
    else:
        assert response.status == 200, response


@pytest.mark.parametrize("endpoint", OPERATORS, **names)
def test_routes_of_operators_are_for_operators(server, tenant, member, viewer, ids, endpoint,
                                               unchanged):
    for session in (member, viewer):
        for headers in ([], [("X-Workspace-Id", tenant.workspace)]):
            expect.error(send(session.api, endpoint, ids, headers=headers), 403, "forbidden")


@pytest.mark.parametrize("endpoint", OPERATORS + KEYS + OWN, **names)
def test_keys_may_not_do_what_people_do(tenant, ids, read_only, endpoint, unchanged):
    for key in (tenant.key, read_only):
        expect.error(send(tenant.api, endpoint, ids, key=key), 403, "forbidden")


@pytest.mark.parametrize("endpoint", [e for e in IN_WORKSPACE + OPERATORS + OWN
                                      if e.kind == WRITE], **names)
def test_whatever_changes_something_needs_the_csrf_token(member, operator, tenant, ids, endpoint,
                                                         unchanged):
    for session in (member, operator):
        workspace = tenant.workspace if session is operator else None
        api = session.api_for(workspace, csrf=False)
        expect.error(send(api, endpoint, ids), 403, "csrf_failed")
        wrong = [("X-CSRF-Token", "0" * 32)]
        expect.error(send(api, endpoint, ids, headers=wrong), 403, "csrf_failed")


@pytest.mark.parametrize("endpoint", IN_WORKSPACE, **names)
def test_a_member_does_what_a_key_does(tenant, member, endpoint):
    ids = {**prepare(tenant), "key": key_id(tenant.new_key()), "session": "se_0123456789abcdef"}
    response = send(member.api, endpoint, ids)
    assert response.status in endpoint.success, response


@pytest.mark.parametrize("endpoint", IN_WORKSPACE, **names)
def test_another_workspace_is_not_found(member, viewer, operator, other, ids, endpoint, unchanged):
    for workspace in (other.workspace, "ws_none", "%00", "x" * 500, "' OR 1=1"):
        headers = [("X-Workspace-Id", workspace)]
        for session in (member, viewer):
            response = send(session.api, endpoint, ids, headers=headers)
            expect.error(response, 404, "workspace_not_found")
        if workspace != other.workspace:
            response = send(operator.api, endpoint, ids, headers=headers)
            expect.error(response, 404, "workspace_not_found")


def test_a_member_may_name_the_own_workspace(member, tenant):
    assert member.api_for(tenant.workspace).get("/blocked-leads").status == 200
    assert member.api_for(tenant.workspace.upper()).get("/blocked-leads").status == 404


@pytest.mark.parametrize("endpoint", IN_WORKSPACE, **names)
def test_an_operator_names_the_workspace(operator, tenant, ids, endpoint, unchanged):
    response = send(operator.api, endpoint, ids)
    if endpoint.path == "/audit":
        assert response.status == 200
    else:
        expect.error(response, 400, "workspace_required")
    if endpoint.kind == READ:
        assert send(operator.api_for(tenant.workspace), endpoint, ids).status == 200


def test_anothers_campaign_is_not_found_for_a_member(server, other, member, operator):
    campaign = other.campaign()
    path = f"/campaigns/{campaign}/blocked-leads"
    expect.error(member.api.get(path), 404, "campaign_not_found")
    expect.error(member.api.post(path, {"publicIdentifiers": ["a-1"]}), 404, "campaign_not_found")
    assert operator.api_for(other.workspace).get(path).status == 200


# Making users


def make(operator, role="operator", workspace=None, email=None, **fields):
    return operator.api.post("/users", {"email": email or people.email_of(role), "role": role,
                                        "workspaceId": workspace, **fields})


def listed(operator, email):
    found = [user for user in expect.ok(operator.api.get("/users")) if user["email"] == email]
    assert len(found) <= 1, found
    return found[0] if found else None


def test_a_new_user_has_a_link_that_sets_the_password_once(server, operator, tenant):
    email = people.email_of("New")
    body = expect.ok(make(operator, "member", tenant.workspace, email.upper()), 201)
    assert body.keys() == USER | {"link"}
    assert (body["email"], body["role"], body["workspaceId"]) == (
        email.lower(), "member", tenant.workspace)
    assert body["lastSignInAt"] is None and expect.is_time(body["createdAt"])
    token = link_token(body["link"])
    api = server.api(headers=address())
    assert expect.ok(api.post("/session/link", {"token": token})) == {
        "purpose": "password", "email": email.lower(), "expiresAt": body["linkExpiresAt"],
        "secondFactor": False}
    for wrong in (token[:-1], token + "0", token.upper(), "", token[:-1] + "\0"):
        expect.error(api.post("/session/link", {"token": wrong}), 401, "invalid_link")
    expect.error(open_link(server, token, "too short"), 400, "invalid_body")
    session = Session(server, open_link(server, token, email="eve@example.com"))
    assert session.email == email.lower() and session.body["workspace"]["id"] == tenant.workspace
    expect.error(open_link(server, token), 401, "invalid_link")
    entry = listed(operator, email.lower())
    assert entry.keys() == USER and expect.is_time(entry["lastSignInAt"])


def test_a_link_ends_the_one_before_and_all_sessions_when_it_is_used(server, operator, tenant):
    session = people.person(server, "member", tenant.workspace)
    first = expect.ok(operator.api.post(f"/users/{session.id}/link"), 201)
    assert first.keys() == {"link", "linkExpiresAt"}
    second = expect.ok(operator.api.post(f"/users/{session.id}/link"), 201)
    expect.error(open_link(server, link_token(first["link"])), 401, "invalid_link")
    assert session.lives() and session.again().lives(), "nothing changes until it is used"
    new = Session(server, open_link(server, link_token(second["link"]), "an entirely new one"))
    assert new.lives() and not session.lives()
    expect.error(sign_in(server, session.email), 401, "invalid_credentials")


def test_an_address_is_somebodys_only_once(server, operator, tenant):
    email = people.email_of()
    expect.ok(make(operator, "viewer", tenant.workspace, email), 201)
    for again in (email, email.upper(), f" {email} "):
        expect.error(make(operator, "operator", email=again), 409, "already_exists")
    assert listed(operator, email)["role"] == "viewer"


@pytest.mark.parametrize("fields", [
    {"email": "nobody"}, {"email": "a@b\r\nSet-Cookie: x"}, {"email": "a@b\0"}, {"email": ["a@b"]},
    {"email": "x" * 250 + "@b.example"}, {"email": "<b> x@example.com"}, {"role": "Operator"},
    {"role": "admin"}, {"role": None}, {"role": 0}, {"role": "operator", "workspaceId": "ws_x"}])
def test_a_user_that_cannot_be_is_refused(operator, unchanged, fields):
    expect.error(operator.api.post("/users", {"email": people.email_of(), "role": "operator",
                                              **fields}), 400, "invalid_body")


def test_members_and_viewers_need_a_workspace_that_is_there(operator, unchanged):
    for role in ("member", "viewer"):
        for workspace in (None, "", "ws_none", 1):
            response = make(operator, role, workspace)
            assert response.status in (400, 404), response
            assert workspace == "ws_none" or "workspaceId" in response.json()["message"], response


@pytest.mark.parametrize("stem", ['"><script>alert(1)</script>', "'\\\"", "ünï©ode", "a+b.c",
                                  "%00", "\u202eevil"])
def test_odd_addresses_come_back_as_they_are_in_json_alone(server, operator, stem):
    email = f"{stem}{unique()}@example.com"
    response = make(operator, email=email)
    body = expect.ok(response, 201)
    email = email.replace("\u202e", "")  # what is invisible is no part of an address
    assert body["email"] == email
    listing = operator.api.get("/users")
    assert email in [user["email"] for user in expect.ok(listing)]
    for answer in (response, listing):
        assert answer.header("content-type").startswith("application/json")
    response = operator.api.delete("/users/" + body["id"])
    assert email in expect.ok(response)["message"]


# Deleting users


def test_a_deleted_users_sessions_end_at_once_and_the_address_is_free(server, operator, tenant):
    session = people.person(server, "member", tenant.workspace)
    second = session.again()
    link = link_token(expect.ok(operator.api.post(f"/users/{session.id}/link"), 201)["link"])
    body = expect.ok(operator.api.delete(f"/users/{session.id}"))
    assert body["success"] is True and session.email in body["message"]
    assert not session.lives() and not second.lives()
    expect.error(sign_in(server, session.email), 401, "invalid_credentials")
    expect.error(open_link(server, link), 401, "invalid_link")
    for response in (operator.api.delete(f"/users/{session.id}"),
                     operator.api.post(f"/users/{session.id}/link"),
                     operator.api.delete("/users/us_none"), operator.api.delete("/users/us_%ff"),
                     operator.api.delete("/users/%ff@example.com")):
        expect.error(response, 404, "user_not_found")
    new = people.person(server, "viewer", tenant.workspace, session.email)
    assert new.id != session.id and new.lives() and not session.lives()


def test_a_users_email_serves_as_the_id(server, operator, tenant):
    email, old = people.create(server, "viewer", tenant.workspace)
    expect.ok(operator.api.post(f"/users/{email.replace('@', '%40')}/link"), 201)
    expect.error(open_link(server, old), 401, "invalid_link")
    expect.ok(operator.api.delete(f"/users/{email}"))
    assert listed(operator, email) is None


def test_the_last_operator_stays():
    with Server(*PROXY) as server:
        first = people.person(server, "operator")
        people.create(server, "member", server.workspace())
        expect.error(first.api.delete(f"/users/{first.id}"), 409, "last_operator")
        result = server.run("user", "delete", first.email)
        assert result.code == 1 and "last operator" in result.err
        assert first.lives()
        second = people.person(server, "operator")
        expect.ok(second.api.delete(f"/users/{first.id}"))
        assert not first.lives()
        expect.error(second.api.delete(f"/users/{second.id}"), 409, "last_operator")


def test_two_operators_who_delete_each_other_leave_one():
    with Server(*PROXY) as server:
        one, two = (people.person(server, "operator") for _ in range(2))
        with ThreadPoolExecutor(2) as pool:
            responses = list(pool.map(lambda pair: pair[0].api.delete(f"/users/{pair[1].id}"),
                                      [(one, two), (two, one)]))
        assert sorted(response.status for response in responses) in ([200, 401], [200, 409])
        assert len(server.run("user", "list", "--json").json()) == 1


def test_who_deletes_oneself_is_signed_out(server, operator):
    second = people.person(server, "operator")
    expect.ok(second.api.delete(f"/users/{second.id}"))
    assert not second.lives()


def test_a_deleted_users_slow_body_changes_nothing(server, operator, tenant):
    session = people.person(server, "member", tenant.workspace)
    name = unique()
    finish = slow_request(server, "POST", "/v1/blocked-leads", headers_of(session),
                          {"leads": [{"publicIdentifier": name}]})
    expect.ok(session.api.get("/session"))
    expect.ok(operator.api.delete(f"/users/{session.id}"))
    expect.error(finish(), 401, "invalid_session")
    assert expect.ok(tenant.api.get("/blocked-leads/" + name))["blocked"] is False


# Workspaces


def test_workspaces_are_made_listed_and_changed(operator, server):
    name = "<i>Umlaut & \"quote\" " + unique()
    made = expect.ok(operator.api.post("/workspaces", {
        "name": name, "plan": "starter", "expiresAt": "2099-01-31"}), 201)
    assert made.keys() == {"id", "name", "plan", "expiresAt", "createdAt", "defaultCountry"}
    assert (made["name"], made["expiresAt"]) == (name, "2099-01-31T00:00:00.000Z")
    listing = expect.ok(operator.api.get("/workspaces"))
    assert listing[-1] == {**made, "entries": 0, "keys": 0, "campaigns": 0}
    assert [entry["createdAt"] for entry in listing] == sorted(e["createdAt"] for e in listing)
    changed = expect.ok(operator.api.put(f"/workspaces/{made['id']}/plan", {"plan": "pro"}))
    assert changed == {**made, "plan": "pro", "expiresAt": None}
    api = operator.api_for(made["id"])
    expect.ok(api.post("/keys", {"name": "k"}), 201)
    campaign = expect.ok(api.post("/campaigns", {"name": "c"}), 201)["id"]
    expect.ok(api.post(f"/campaigns/{campaign}/blocked-leads", {"publicIdentifiers": ["a-1"]}))
    (entry,) = [e for e in expect.ok(operator.api.get("/workspaces")) if e["id"] == made["id"]]
    assert (entry["entries"], entry["keys"], entry["campaigns"]) == (1, 1, 1)
    expect.error(operator.api.put("/workspaces/ws_none/plan", {"plan": "pro"}), 404,
                 "workspace_not_found")


@pytest.mark.parametrize("body", [
    {}, {"name": "x"}, {"plan": "pro"}, {"name": "", "plan": "pro"}, {"name": 1, "plan": "pro"},
    {"name": "x", "plan": "gold"}, {"name": "x", "plan": "pro", "expiresAt": "soon"},
    {"name": "x", "plan": "pro", "expiresAt": 1}, {"name": "a\0b", "plan": "pro"}])
def test_a_workspace_that_cannot_be_is_refused(operator, unchanged, body):
    before = expect.ok(operator.api.get("/workspaces"))
    expect.error(operator.api.post("/workspaces", body), 400, "invalid_body")
    assert expect.ok(operator.api.get("/workspaces")) == before


# The command line


def test_commands_make_list_and_delete_users_while_the_server_runs(server, tenant):
    email = people.email_of("cli")
    result = server.run("user", "create", email, "--role", "viewer", "--in", tenant.workspace,
                        "--json")
    assert result.code == 0, result
    made = result.json()
    assert made.keys() == USER | {"link"} and made["email"] == email
    session = Session(server, open_link(server, link_token(made["link"])))
    assert session.body["user"]["role"] == "viewer"
    (entry,) = [user for user in server.run("user", "list", "--json").json()
                if user["email"] == email]
    assert entry.keys() == USER and entry["id"] == session.id
    table = server.cli("user", "list")
    assert email in table and "viewer" in table and tenant.workspace in table
    link = server.cli("user", "reset-password", email)
    assert session.lives()
    Session(server, open_link(server, link_token(link), "an entirely new one"))
    assert not session.lives()
    assert email in server.cli("user", "delete", email)
    assert email not in server.cli("user", "list")


def test_commands_work_without_a_server():
    with Server("--public-url", "https://leads.example.com", *PROXY) as server:
        server.stop()
        env = {"LEADBLOCK_PUBLIC_URL": "https://leads.example.com"}
        link = server.run("user", "create", "ada@example.com", "--role", "operator", env=env)
        assert link.code == 0 and link.out.startswith("https://leads.example.com/#/link/"), link
        again = server.run("user", "reset-password", "ada@example.com", env=env)
        (user,) = server.run("user", "list", "--json").json()
        assert (user["email"], user["role"], user["lastSignInAt"]) == (
            "ada@example.com", "operator", None)
        server.start()
        expect.error(open_link(server, link_token(link.out.strip())), 401, "invalid_link")
        session = Session(server, open_link(server, link_token(again.out.strip())))
        server.stop()
        server.cli("user", "create", "bob@example.com", "--role", "operator")
        server.cli("user", "delete", "ada@example.com")
        server.start()
        expect.error(server.api(headers=[session.cookie]).get("/session"), 401, "invalid_session")


@pytest.mark.parametrize("args, word", [
    (["create", "nobody", "--role", "operator"], "email"),
    (["create", "a@example.com", "--role", "member", "--in", "ws_none"], "ws_none"),
    (["reset-password", "nobody@example.com"], "nobody@example.com"),
    (["delete", "nobody@example.com"], "nobody@example.com")], ids=str)
def test_a_command_that_is_refused_says_why_with_exit_1(server, args, word):
    result = server.run("user", *args)
    assert result.code == 1 and word in result.err.lower() and not result.out, result


@pytest.mark.parametrize("args", [
    [], ["nonsense"], ["create"], ["create", "a@example.com"], ["create", "--role", "operator"],
    ["create", "a@example.com", "b@example.com", "--role", "operator"], ["delete"],
    ["reset-password"], ["list", "x"], ["list", "--role", "viewer"]], ids=" ".join)
def test_wrong_usage_is_exit_2(tmp_path, args):
    result = run("user", *args, cwd=tmp_path)
    assert result.code == 2 and result.err.strip(), result
    assert not (tmp_path / "leadblock-data").exists()


@pytest.mark.parametrize("command", ["create", "list", "reset-password", "delete"])
def test_each_command_explains_itself(command):
    for args in (["user", command, "--help"], ["help", "user", command]):
        result = run(*args)
        assert result.code == 0 and f"leadblock user {command}" in result.out, result


def test_the_routes_of_commands_are_not_on_the_network(server, operator):
    for method, path in (("GET", "/admin/users"), ("POST", "/admin/users"), ("GET", "/admin/keys"),
                         ("DELETE", f"/admin/users/{operator.id}"), ("GET", "/v1/admin/users")):
        response = operator.api.call(method, path, base="")
        expect.error(response, 404, "not_found")


# Invitations


DAY_S = 86400


def days_left(iso):
    return (datetime.fromisoformat(iso.replace("Z", "+00:00")).timestamp() - time.time()) / DAY_S


def test_an_invitation_is_good_for_seven_days_or_as_many_as_are_chosen(operator, tenant):
    email = people.email_of("guest")
    body = expect.ok(make(operator, "member", tenant.workspace, email), 201)
    assert days_left(body["linkExpiresAt"]) == pytest.approx(7, abs=0.01)
    for days in (1, 30):
        again = expect.ok(operator.api.post(f"/users/{email}/link", {"linkDays": days}), 201)
        assert days_left(again["linkExpiresAt"]) == pytest.approx(days, abs=0.01)
        assert listed(operator, email)["linkExpiresAt"] == again["linkExpiresAt"]
    chosen = expect.ok(make(operator, linkDays=1), 201)
    assert days_left(chosen["linkExpiresAt"]) == pytest.approx(1, abs=0.01)


def test_a_link_for_another_password_is_good_for_a_day(server, operator, tenant):
    session = people.person(server, "member", tenant.workspace)
    link = expect.ok(operator.api.post(f"/users/{session.id}/link"), 201)
    assert days_left(link["linkExpiresAt"]) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("days", [0, -1, 31, 1.5, "7", True, [], 10 ** 12])
def test_a_link_that_is_too_long_or_odd_is_refused(operator, unchanged, days):
    expect.error(make(operator, linkDays=days), 400, "invalid_body")
    expect.error(operator.api.post(f"/users/{operator.id}/link", {"linkDays": days}), 400,
                 "invalid_body")


def test_a_setting_bounds_how_long_links_are_good():
    with Server("--max-link-days", "3", *PROXY) as server:
        operator = people.person(server, "operator")
        assert days_left(expect.ok(make(operator), 201)["linkExpiresAt"]) == pytest.approx(
            3, abs=0.01)
        expect.error(make(operator, linkDays=4), 400, "invalid_body")


def test_the_list_says_who_was_invited_by_whom_and_whose_link_ended(server, operator, tenant):
    email = people.email_of("guest")
    made = expect.ok(make(operator, "member", tenant.workspace, email), 201)
    by = {"type": "user", "id": operator.id, "name": operator.email}
    user = listed(operator, email)
    assert (user["state"], user["invitedBy"]) == ("invited", by) == (
        made["state"], made["invitedBy"])
    expect.ok(operator.api.delete(f"/users/{email}/link"))
    user = listed(operator, email)
    assert (user["state"], user["linkExpiresAt"]) == ("link_ended", None)
    expect.error(open_link(server, link_token(made["link"])), 401, "invalid_link")
    new = expect.ok(operator.api.post(f"/users/{email}/link"), 201)
    Session(server, open_link(server, link_token(new["link"])))
    user = listed(operator, email)
    assert (user["state"], user["linkExpiresAt"], user["invitedBy"]) == ("active", None, by)
    action = expect.ok(operator.api.get("/audit?action=user.link_revoke&take=1", headers=[
        ("X-Workspace-Id", tenant.workspace)]))[0]
    assert (action["targetName"], action["by"]) == (email, by)


def test_who_was_made_at_the_command_line_was_invited_by_the_operator(server, operator):
    email, _ = people.create(server, "operator")
    assert listed(operator, email)["invitedBy"] == {"type": "operator", "id": None, "name": None}


# Sessions


AGENT = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"


def sessions(session, path="/sessions"):
    return expect.ok(session.api.get(path))


def test_a_user_sees_the_own_sessions_and_ends_one(server, tenant):
    first = people.person(server, "member", tenant.workspace)
    response = server.api().post("/session", {"email": first.email, "password": people.PASSWORD},
                                 headers=[*address(), ("User-Agent", AGENT)])
    second = Session(server, response)
    (newest, oldest) = sessions(first)
    assert newest.keys() == {"id", "current", "createdAt", "lastUsedAt", "expiresAt", "from",
                             "userAgent"}
    assert (newest["current"], newest["userAgent"]) == (False, AGENT) and newest["from"]
    assert oldest["current"] and [entry["current"] for entry in sessions(second)] == [True, False]
    assert expect.is_time(newest["lastUsedAt"]) and expect.is_time(newest["createdAt"])
    expect.ok(first.api.delete(f"/sessions/{newest['id']}"))
    assert first.lives() and not second.lives()
    expect.error(first.api.delete(f"/sessions/{newest['id']}"), 404, "not_found")


def test_a_user_ends_all_other_sessions(server, tenant):
    first = people.person(server, "viewer", tenant.workspace)
    others = [first.again(), first.again()]
    expect.ok(first.api.delete("/sessions"))
    assert first.lives() and not any(other.lives() for other in others)
    assert [entry["current"] for entry in sessions(first)] == [True]


def test_nobody_ends_the_session_of_another_by_its_id(server, tenant, operator):
    ada = people.person(server, "member", tenant.workspace)
    eve = people.person(server, "member", tenant.workspace)
    (of_ada,) = sessions(ada)
    expect.error(eve.api.delete(f"/sessions/{of_ada['id']}"), 404, "not_found")
    expect.error(eve.api.get(f"/users/{ada.id}/sessions"), 403, "forbidden")
    expect.error(operator.api.delete(f"/users/{eve.id}/sessions/{of_ada['id']}"), 404, "not_found")
    assert ada.lives() and eve.lives()


def test_an_operator_sees_and_ends_the_sessions_of_others(server, tenant, operator):
    user = people.person(server, "member", tenant.workspace)
    other = user.again()
    (newest, _) = sessions(operator, f"/users/{user.email}/sessions")
    assert not newest["current"]
    expect.ok(operator.api.delete(f"/users/{user.id}/sessions/{newest['id']}"))
    assert user.lives() and not other.lives()
    expect.ok(operator.api.delete(f"/users/{user.id}/sessions"))
    assert not user.lives() and operator.lives()
    assert sessions(operator, f"/users/{user.id}/sessions") == []
    expect.ok(operator.api.delete(f"/users/{operator.id}/sessions"))
    assert operator.lives(), "the own session stays"


@pytest.mark.parametrize("agent", ["\xff\xfe\x01", "x" * 1000, "", '"<script>'])
def test_odd_user_agents_come_back_as_plain_text(server, tenant, agent):
    user = people.person(server, "viewer", tenant.workspace)
    response = server.api().post("/session", {"email": user.email, "password": people.PASSWORD},
                                 headers=[*address(), ("User-Agent", agent)])
    if response.status == 400:  # the server takes no such header at all
        return
    told = sessions(Session(server, response))[0]["userAgent"]
    assert (told or "").isascii() and (told or "").isprintable() and len(told or "") <= 160
