"""Ports for what is started by its number, and may be stopped and started again."""

import random
import socket


TRIES = 1000


class Port:
    """One below those that the kernel gives to clients and to who asks for any. Nothing else that takes its ports from
    here gets it meanwhile, in whichever process: a name that the kernel knows once stands for it."""

    def __init__(self):
        for _ in range(TRIES):
            self.number = random.SystemRandom().randrange(20_000, 32_000)
            self.held = socket.socket(socket.AF_UNIX)
            try:
                self.held.bind(f"\0leadblock-test-port-{self.number}")
                with socket.socket() as sock:
                    sock.bind(("127.0.0.1", self.number))
                return
            except OSError as error:
                self.held.close()
                refused = error
        raise refused

    def __enter__(self):
        return self.number

    def __exit__(self, *_):
        self.leave()

    def leave(self):
        self.held.close()
