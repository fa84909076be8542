"""People who sign in to the dashboard.

Setting or checking a password takes long by design, so tests share people where they can."""

import re

from . import expect
from .server import fresh_address, unique

PASSWORD = "correct horse battery"
COOKIE = "leadblock_session"
LINK = re.compile(r"(https?://\S+)/#/link/([0-9A-Za-z_-]{20,})")


def address():
    """The headers of a request from an address that nothing else came from."""
    return [("X-Forwarded-For", fresh_address())]


def email_of(stem="someone"):
    return f"{unique(stem)}@example.com"


def link_token(link):
    match = LINK.fullmatch(link)
    assert match, link
    return match.group(2)


def cookie_of(response):
    """The value and the attributes of the session's cookie that a response sets."""
    value = response.header("set-cookie")
    assert value, response
    pair, *attributes = [part.strip() for part in value.split(";")]
    name, _, token = pair.partition("=")
    assert name == ("__Host-" * ("Secure" in attributes)) + COOKIE, value
    return token, attributes


def open_link(server, token, password=PASSWORD, headers=None, **fields):
    body = {"token": token, "password": password, **fields}
    return server.api().post("/session/from-link", body,
                             headers=address() if headers is None else headers)


def sign_in(server, email, password=PASSWORD, headers=None):
    return server.api().post("/session", {"email": email, "password": password},
                             headers=address() if headers is None else headers)


class Session:
    """Somebody who is signed in, by the response that said so."""

    def __init__(self, server, response):
        self.server = server
        self.body = expect.ok(response)
        self.token, attributes = cookie_of(response)
        self.cookie_name = ("__Host-" * ("Secure" in attributes)) + COOKIE
        self.csrf = self.body["csrfToken"]
        self.email = self.body["user"]["email"]
        self.id = self.body["user"]["id"]
        self.api = self.api_for()

    @property
    def cookie(self):
        return ("Cookie", f"{self.cookie_name}={self.token}")

    def api_for(self, workspace=None, csrf=True, **options):
        """Calls as the person who signed in, an operator in a workspace."""
        headers = [self.cookie, *address()]
        if csrf:
            headers.append(("X-CSRF-Token", self.csrf))
        if workspace:
            headers.append(("X-Workspace-Id", workspace))
        return self.server.api(headers=headers, **options)

    def again(self, password=PASSWORD):
        """Another session of the same person."""
        return Session(self.server, sign_in(self.server, self.email, password))

    def lives(self):
        response = self.api.get("/session")
        if response.status != 200:
            expect.error(response, 401, "invalid_session")
        return response.status == 200


def create(server, role, workspace=None, email=None):
    """Makes a user as the command does; the e-mail address and the token of the link."""
    email = email or email_of(role)
    if server.alive():
        body = {"email": email, "role": role, "workspaceId": workspace}
        return email, link_token(server.admin("POST", "/admin/users", body)["link"])
    place = ["--in", workspace] if workspace else []
    return email, link_token(server.cli("user", "create", email, "--role", role, *place))


def person(server, role, workspace=None, email=None):
    """Somebody new, signed in."""
    _, token = create(server, role, workspace, email)
    return Session(server, open_link(server, token))
