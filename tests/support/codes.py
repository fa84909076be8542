"""Codes of an authenticator app, as a phone makes them (RFC 6238)."""

import base64
import hashlib
import hmac
import struct
import time


def code_of(secret, step=0, at=None):
    """The code of the step that is now (or at that time), or of one beside it."""
    counter = int((time.time() if at is None else at) // 30) + step
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", counter), hashlib.sha1).digest()
    word, = struct.unpack(">I", mac[mac[-1] & 15:][:4])
    return f"{(word & 0x7FFFFFFF) % 1000000:06}"


class App:
    """A phone: each code is another one, as of somebody who waits for the next."""

    def __init__(self, secret):
        self.secret = secret
        self.used = set()

    def code(self):
        """A code that the server takes now and that was not shown before. The one of the step
        before is left out when it would soon be too old."""
        while True:
            left = 30 - time.time() % 30
            for step in (-1, 0, 1) if left > 15 else (0, 1):
                code = code_of(self.secret, step)
                if code not in self.used:
                    self.used |= {code_of(self.secret, before) for before in range(-2, step + 1)}
                    return code
            time.sleep(0.5)

    def wrong(self):
        near = {code_of(self.secret, step) for step in range(-3, 4)}
        return next(code for code in ("000000", "111111", "222222", "333333", "444444", "555555",
                                      "666666", "777777") if code not in near)
