"""Codes of an authenticator app, as a phone makes them (RFC 6238)."""

import base64
import hashlib
import hmac
import struct
import time


STEP = 30  # seconds
SURE = 8  # seconds that a request may take with a code


def step_now():
    return int(time.time() // STEP)


def code_at(secret, step):
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    word, = struct.unpack(">I", mac[mac[-1] & 15:][:4])
    return f"{(word & 0x7FFFFFFF) % 1000000:06}"


def code_of(secret, beside=0):
    """The code of the step that is now, or of one beside it."""
    return code_at(secret, step_now() + beside)


class App:
    """A phone: each code is another one, as of somebody who waits for the next."""

    def __init__(self, secret):
        self.secret = secret
        self.last = 0

    def code(self):
        """A code that was not shown before and that the server takes now and for a while. It takes those of
        one step before and one after: the oldest must not end while the request is on its way."""
        while True:
            now, first = step_now(), int((time.time() + SURE) // STEP) - 1
            step = max(first, self.last + 1)
            if step <= now + 1:
                self.last = step
                return code_at(self.secret, step)
            time.sleep(0.2)

    def wrong(self):
        near = {code_of(self.secret, step) for step in range(-3, 4)}
        return next(code for code in ("000000", "111111", "222222", "333333", "444444", "555555",
                                      "666666", "777777") if code not in near)
