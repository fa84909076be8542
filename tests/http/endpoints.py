"""Every end point that needs a key, with a request that it accepts."""

import re
from dataclasses import dataclass

from support.client import File
from support.server import ROOT

READ, CHECK, WRITE = "read", "check", "write"
GUARDED = "guarded"  # changes nothing, and is refused for viewers and read-only keys all the same


@dataclass(frozen=True)
class EndPoint:
    method: str
    path: str  # {c}, {change}, {import}, {lead}, {step}, {variant}, {activity}: the caller's own
    kind: str
    body: object = None  # "{token}" stands for the lease's
    success: tuple = (200,)
    licensed: bool = False  # needs a valid license

    @property
    def in_campaign(self):
        return "{c}" in self.path

    def target(self, ids):
        return self.path.format_map(Ids(ids))

    def data(self, ids):
        if not isinstance(self.body, dict):
            return self.body
        token = ids.get("token", "none")
        return {name: token if value == "{token}" else value for name, value in self.body.items()}

    def __str__(self):
        return f"{self.method} {self.path}"


class Ids(dict):
    """What is not given stands for something that does not exist."""

    def __missing__(self, name):
        return "none"


LIST = "/campaigns/{c}/blocked-leads"
ENTRIES = "/campaigns/{c}/blocklist"
SOMEONE = File(b"linkedin.com/in/someone\n")

ENDPOINTS = [
    EndPoint("POST", LIST, WRITE, {"publicIdentifiers": ["someone"]}, licensed=True),
    EndPoint("GET", LIST, READ),
    EndPoint("DELETE", LIST, WRITE, {"publicIdentifiers": ["someone"]}),
    EndPoint("POST", "/blocked-leads", WRITE, {"leads": [{"publicIdentifier": "someone"}]}),
    EndPoint("GET", "/blocked-leads", READ),
    EndPoint("DELETE", "/blocked-leads", WRITE, ["bl_987654321"]),
    EndPoint("POST", ENTRIES, WRITE, {"entries": [{"domain": "acme.com"}]}, licensed=True),
    EndPoint("GET", ENTRIES, READ),
    EndPoint("DELETE", ENTRIES, WRITE, {"entries": [{"domain": "acme.com"}]}),
    EndPoint("POST", "/blocklist", WRITE, {"entries": [{"domain": "acme.com"}]}),
    EndPoint("GET", "/blocklist", READ),
    EndPoint("DELETE", "/blocklist", WRITE, {"entries": [{"domain": "acme.com"}]}),
    EndPoint("GET", "/blocklist/publicIdentifier/someone", CHECK),
    EndPoint("GET", "/blocklist/publicIdentifier/someone/history", READ),
    EndPoint("GET", "/blocklist/publicIdentifier/someone/leads", READ),
    EndPoint("POST", "/check", CHECK, {"leads": [{"publicIdentifier": "someone", "email": "someone@acme.com"}]}),
    EndPoint("POST", LIST + "/import", WRITE, SOMEONE, licensed=True),
    EndPoint("POST", "/blocked-leads/import", WRITE, SOMEONE),
    EndPoint("POST", ENTRIES + "/import", WRITE, SOMEONE, licensed=True),
    EndPoint("POST", "/blocklist/import", WRITE, SOMEONE),
    EndPoint("POST", "/campaigns/{c}/leads/import", WRITE, SOMEONE),
    EndPoint("GET", "/blocked-leads/someone", CHECK),
    EndPoint("GET", LIST + "/someone", CHECK),
    EndPoint("POST", LIST + "/check", CHECK, {"publicIdentifiers": ["someone"]}),
    EndPoint("POST", "/people/link", WRITE, {"links": [
        {"memberId": "ACoAAB1xYzQBmVnKp0aTqWcR7dEfGhIjKlMnOpQ", "publicIdentifier": "someone"}]}),
    EndPoint("GET", "/people/conflicts", READ),
    EndPoint("POST", "/blocked-leads/check", CHECK, {"publicIdentifiers": ["someone"]}),
    EndPoint("GET", "/blocked-leads/someone/history", READ),
    EndPoint("GET", "/events", READ),
    EndPoint("GET", "/changes/{change}", READ),
    EndPoint("GET", "/changes/{change}/leads", READ),
    EndPoint("POST", "/changes/{change}/undo", WRITE),
    EndPoint("GET", "/imports", READ),
    EndPoint("GET", "/imports/{import}", READ),
    EndPoint("POST", "/imports/{import}/undo", WRITE),
    EndPoint("POST", "/campaigns", WRITE, {"name": "Another"}, (201,)),
    EndPoint("GET", "/campaigns", READ),
    EndPoint("GET", "/campaigns/{c}", READ),
    EndPoint("PATCH", "/campaigns/{c}", WRITE, {"name": "Renamed"}),
    EndPoint("PUT", "/campaigns/{c}/activate", WRITE),
    EndPoint("PUT", "/campaigns/{c}/pause", WRITE),
    EndPoint("DELETE", "/campaigns/{c}", WRITE, None, (200, 204)),
    EndPoint("GET", "/campaigns/{c}/sequence", READ),
    EndPoint("POST", "/campaigns/{c}/steps", WRITE, {"type": "visit_profile"}, (201,)),
    EndPoint("PUT", "/campaigns/{c}/steps/{step}", WRITE, {"delay": 5}),
    EndPoint("POST", "/campaigns/{c}/steps/{step}/variants", WRITE, {"body": "Hello"}, (201,)),
    EndPoint("PUT", "/campaigns/{c}/steps/{step}/variants/{variant}", WRITE, {"body": "Hi"}),
    EndPoint("DELETE", "/campaigns/{c}/steps/{step}/variants/{variant}", WRITE),
    EndPoint("DELETE", "/campaigns/{c}/steps/{step}", WRITE),
    EndPoint("POST", "/campaigns/{c}/leads", WRITE, {"leads": [{"publicIdentifier": "someone"}]}),
    EndPoint("GET", "/campaigns/{c}/leads", READ),
    EndPoint("GET", "/campaigns/{c}/leads/{lead}/explain", READ),
    EndPoint("GET", "/leads?publicIdentifier=someone", READ),
    EndPoint("GET", "/leads/{lead}", READ),
    EndPoint("PUT", "/leads/{lead}/status", WRITE, {"status": "paused"}),
    EndPoint("DELETE", "/leads/{lead}", WRITE),
    EndPoint("POST", "/campaigns/{c}/activities/claim", WRITE, {"max": 1}, licensed=True),
    EndPoint("GET", "/campaigns/{c}/activities", READ),
    EndPoint("POST", "/activities/{activity}/complete", WRITE,
             {"leaseToken": "{token}", "result": "done"}),
    EndPoint("GET", "/me", READ),
    EndPoint("POST", "/zapier/hooks/subscribe", WRITE, {"url": "https://receiver.invalid/1",
                                                        "type": "lead_blocked"}),
    EndPoint("DELETE", "/zapier/hooks/unsubscribe", WRITE, {"url": "https://receiver.invalid/2",
                                                            "type": "lead_blocked"}),
    EndPoint("GET", "/hooks/list", GUARDED),
    # Of one that does not exist: see test_hooks.py.
    EndPoint("PUT", "/hooks/{hook}", WRITE, {"action": "pause"}, (404,)),
    EndPoint("DELETE", "/hooks/{hook}", WRITE, None, (404,)),
    EndPoint("POST", "/hooks/{hook}/test", WRITE, None, (404,)),
    EndPoint("GET", "/hooks/{hook}/deliveries", GUARDED, None, (404,)),
    EndPoint("POST", "/hooks/{hook}/deliveries/{delivery}/retry", WRITE, None, (404,)),
    EndPoint("POST", "/erasures", WRITE, {"publicIdentifier": "no-such-person"}),
    EndPoint("GET", "/statistics", READ),
    EndPoint("GET", "/audit", READ),
    EndPoint("GET", "/evidence", READ),
]

# What people alone may do: {workspace}, {user}, {key}: somebody's.
OWN = [
    EndPoint("GET", "/session", READ),
    EndPoint("DELETE", "/session", WRITE),
    EndPoint("GET", "/sessions", READ),
    EndPoint("DELETE", "/sessions", WRITE),
    EndPoint("DELETE", "/sessions/{session}", WRITE),
    EndPoint("GET", "/session/second-factor", READ),
    EndPoint("POST", "/session/second-factor", WRITE, {"password": "x"}),
    EndPoint("PUT", "/session/second-factor", WRITE, {"code": "123456"}),
    EndPoint("DELETE", "/session/second-factor", WRITE, {"password": "x", "code": "123456"}),
    EndPoint("POST", "/session/recovery-codes", WRITE, {"password": "x", "code": "123456"}),
    EndPoint("PUT", "/session/password", WRITE, {"currentPassword": "x", "newPassword": "y" * 12}),
]
KEYS = [
    EndPoint("PATCH", "/workspace", WRITE, {"defaultCountry": None}),
    EndPoint("GET", "/keys", READ),
    EndPoint("POST", "/keys", WRITE, {"name": "Another"}, (201,)),
    EndPoint("DELETE", "/keys/{key}", WRITE),
]
OPERATORS = [
    EndPoint("GET", "/users", READ),
    EndPoint("POST", "/users", WRITE, {"email": "another@example.com", "role": "operator"}, (201,)),
    EndPoint("POST", "/users/{user}/link", WRITE, None, (201,)),
    EndPoint("DELETE", "/users/{user}/link", WRITE),
    EndPoint("DELETE", "/users/{user}/second-factor", WRITE, None, (404,)),
    EndPoint("GET", "/users/{user}/sessions", READ),
    EndPoint("DELETE", "/users/{user}/sessions", WRITE),
    EndPoint("DELETE", "/users/{user}/sessions/{session}", WRITE),
    EndPoint("DELETE", "/users/{user}", WRITE),
    EndPoint("GET", "/workspaces", READ),
    EndPoint("POST", "/workspaces", WRITE, {"name": "Another", "plan": "pro"}, (201,)),
    EndPoint("PUT", "/workspaces/{workspace}/plan", WRITE, {"plan": "agency"}),
    EndPoint("POST", "/installation/blocklist", WRITE, {"entries": [{"domain": "acme.com"}]}),
    EndPoint("GET", "/installation/blocklist", READ),
    EndPoint("DELETE", "/installation/blocklist", WRITE, {"entries": [{"domain": "acme.com"}]}),
    EndPoint("POST", "/installation/blocklist/import", WRITE, SOMEONE),
    EndPoint("GET", "/installation/changes/{change}", READ),
    EndPoint("GET", "/installation/changes/{change}/leads", READ),
    EndPoint("POST", "/installation/changes/{change}/undo", WRITE),
    EndPoint("GET", "/installation/imports", READ),
    EndPoint("GET", "/installation/imports/{import}", READ),
    EndPoint("POST", "/installation/imports/{import}/undo", WRITE),
    EndPoint("GET", "/installation/evidence", READ),
]

IN_CAMPAIGN = [endpoint for endpoint in ENDPOINTS if endpoint.in_campaign]
LICENSED = [endpoint for endpoint in ENDPOINTS if endpoint.licensed]
ANY_LICENSE = [endpoint for endpoint in ENDPOINTS if not endpoint.licensed]


def routes():
    """{(method, path): flags} of every route, as src/api/routes.c has them."""
    source = (ROOT / "src/api/routes.c").read_text(encoding="utf-8")
    campaign = '"/v1/campaigns/{campaignId}"'
    names = re.findall(r"#define (\w+)\s+\((LB_ROUTE[^)]*)\)", source)  # of flags
    found = {}
    for method, path, flags in re.findall(
            r"\{LB_(\w+),\s*((?:\w+|\"[^\"]*\"|\s)+?),\s*lb_\w+,\s*([^}]*)\},\n", source):
        path = path.replace("BLOCKED_LEADS", campaign + '"/blocked-leads"')
        path = "".join(re.findall(r'"([^"]*)"', path.replace("CAMPAIGN", campaign)))
        for name, meant in names:
            flags = flags.replace(name, meant)
        found[method, path] = flags
    return found
