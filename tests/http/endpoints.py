"""Every end point that needs a key, with a request that it accepts."""

from dataclasses import dataclass

READ, CHECK, WRITE = "read", "check", "write"


@dataclass(frozen=True)
class EndPoint:
    method: str
    path: str  # {c}: a campaign of the caller, {change}: a change of the caller
    kind: str
    body: object = None
    success: tuple = (200,)

    @property
    def in_campaign(self):
        return "{c}" in self.path

    def target(self, campaign="none", change="none"):
        return self.path.format(c=campaign, change=change)

    def __str__(self):
        return f"{self.method} {self.path}"


LIST = "/campaigns/{c}/blocked-leads"

ENDPOINTS = [
    EndPoint("POST", LIST, WRITE, {"publicIdentifiers": ["someone"]}),
    EndPoint("GET", LIST, READ),
    EndPoint("DELETE", LIST, WRITE, {"publicIdentifiers": ["someone"]}),
    EndPoint("POST", "/blocked-leads", WRITE, {"leads": [{"publicIdentifier": "someone"}]}),
    EndPoint("GET", "/blocked-leads", READ),
    EndPoint("DELETE", "/blocked-leads", WRITE, ["bl_987654321"]),
    EndPoint("GET", LIST + "/someone", CHECK),
    EndPoint("POST", LIST + "/check", CHECK, {"publicIdentifiers": ["someone"]}),
    EndPoint("POST", "/changes/{change}/undo", WRITE),
    EndPoint("POST", "/campaigns", WRITE, {"name": "Another"}, (201,)),
    EndPoint("GET", "/campaigns", READ),
    EndPoint("GET", "/campaigns/{c}", READ),
    EndPoint("PUT", "/campaigns/{c}/activate", WRITE, None, (200, 409)),
    EndPoint("PUT", "/campaigns/{c}/pause", WRITE, None, (200, 409)),
    EndPoint("DELETE", "/campaigns/{c}", WRITE, None, (200, 204)),
]

WITH_BODY = [endpoint for endpoint in ENDPOINTS if endpoint.body is not None]
IN_CAMPAIGN = [endpoint for endpoint in ENDPOINTS if endpoint.in_campaign]
