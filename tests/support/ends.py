"""Times at which blocks end."""

import datetime

from . import expect


def in_seconds(seconds):
    """A time that is so far ahead, as the API takes it."""
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def block_for_a_moment(api, *names):
    """Blocks people until a time that is near: further away when a busy server read it too late."""
    for ahead in (1, 4, 16):
        response = api.post("/blocked-leads", {"leads": [
            {"publicIdentifier": name, "expiresAt": in_seconds(ahead)} for name in names]})
        if response.status != 400:
            break
    expect.ok(response)
