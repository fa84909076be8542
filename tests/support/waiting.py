"""Waiting for what comes by itself: what the server does soon after a change, at its next look, or on another node."""

import time

SOON = 60  # seconds, for a machine that is slow and busy; a test that passes waits no longer than it has to


def eventually(look, seconds=SOON, pause=0.05, told=None):
    """What `look` returns, once that is true. If it never is, `told` says what there was in its place."""
    limit = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < limit, told() if told else f"it did not come within {seconds} s"
        time.sleep(pause)
    return found


def becomes(read, wanted, seconds=SOON):
    """Until `read` returns what is wanted."""
    eventually(lambda: read() == wanted, seconds, told=lambda: f"{read()!r}, not {wanted!r}")


def seconds_until(look, seconds=SOON):
    """Waits likewise; how long that took."""
    began = time.monotonic()
    eventually(look, seconds)
    return time.monotonic() - began
