"""Assertions that many tests share."""

import re
from datetime import datetime, timedelta, timezone

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def ok(response, status=200):
    """The parsed body of a response that must have succeeded."""
    assert response.status == status, response
    assert response.header("content-type").split(";")[0] == "application/json", response
    return response.json()


def error(response, status, *codes):
    """The parsed body of an error with this status and (one of) these codes."""
    assert response.status == status, response
    body = response.json()
    assert body["code"] in codes, response
    return body


def is_time(text, near_now=True):
    """RFC 3339, UTC, milliseconds; by default of the last minutes."""
    assert TIME.fullmatch(text), text
    if near_now:
        at = datetime.fromisoformat(text.replace("Z", "+00:00"))
        assert abs(datetime.now(timezone.utc) - at) < timedelta(minutes=10), text
    return True


def blocked_result(response, blocked):
    """The reply to a block: exactly three fields, the count right, undoable."""
    body = ok(response)
    body.pop("covers", None)  # of people of several names
    assert body.keys() == {"success", "message", "blocked"}, response
    assert body["success"] is True
    assert type(body["blocked"]) is int and body["blocked"] == blocked, response
    assert response.header("x-change-id"), response
    return body["message"]


def unblocked_result(response, unblocked, asked_more=0):
    """`asked_more`: so many of them had been asked for more than once."""
    body = ok(response)
    assert body.pop("askedMoreThanOnce", 0) == asked_more, response
    body.pop("stillBlocked", None)  # of people of several names
    assert body.keys() == {"success", "message", "unblocked"}, response
    assert body["success"] is True
    assert type(body["unblocked"]) is int and body["unblocked"] == unblocked, response
    assert response.header("x-change-id"), response
    return body["message"]


def next_link(response):
    """The target of Link: <...>; rel="next", as path and query, or None."""
    link = response.header("link")
    if link is None:
        return None
    match = re.fullmatch(r'<([^>]+)>; rel="next"', link)
    assert match, link
    return re.sub(r"^https?://[^/]+", "", match.group(1))
