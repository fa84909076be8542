"""Clients that go on whatever happens to nodes and database, and what must be true of it.

Nothing but 200 and 503 is an answer to them. A block is repeated until it is acknowledged, and what
was acknowledged before a check was sent is blocked in the answer, at whichever node.
"""

import random
import threading
import time

from support.client import ConnectionClosed

ANSWER_LIMIT = 20.0  # seconds; whatever is the matter, a node answers
PAUSE = 0.02  # seconds after a refusal, and until a node that is gone is tried again
REFUSALS = {"storage_unavailable", "outcome_unknown", "overloaded", "starting"}
SOME = 200  # names in a check
MOST = 10_000


class Failure(AssertionError):
    """What a node answered is not what must be."""


class Client(threading.Thread):
    """One connection to one node, for as long as the load lasts."""

    def __init__(self, load, server, name):
        super().__init__(name=name, daemon=True)
        self.load = load
        self.server = server
        self.api = server.api(load.key, timeout=ANSWER_LIMIT)
        self.answered = 0  # with a 200
        self.refused = 0
        self.served = 0.0  # when the last request was sent that had a 200
        self.failure = None

    def run(self):
        try:
            while not self.load.stopped.is_set():
                self.try_step()
        except Exception as error:  # noqa: BLE001: raised by the main thread
            self.failure = error
        finally:
            self.api.close()

    def try_step(self):
        try:
            self.step()
        except TimeoutError as error:
            raise Failure(f"{self.name}: no answer in {ANSWER_LIMIT} s") from error
        except (ConnectionClosed, OSError):
            if self.server not in self.load.mortal:
                raise
            time.sleep(PAUSE)
            self.api.port = self.server.port  # another one after a start

    def send(self, path, names):
        """The body of a 200, or None after a refusal."""
        sent = time.monotonic()
        response = self.api.post(path, {"publicIdentifiers": names})
        if response.status == 503 and response.code in REFUSALS:
            self.refused += 1
            time.sleep(PAUSE)
            return None
        if response.status != 200:
            raise Failure(f"{self.name}: {response}")
        self.answered += 1
        self.served = sent
        return response.json()


class Blocker(Client):
    """Blocks people whom nobody else blocks, three in a request."""

    number = 0
    attempts = 0

    def step(self):
        names = [f"{self.name}-{self.number}-{item}" for item in range(3)]
        self.attempts += 1
        body = self.send(self.load.path, names)
        if body is None:
            return
        if body["blocked"] not in ((3,) if self.attempts == 1 else (0, 3)):
            raise Failure(f"{self.name}: attempt {self.attempts} of a block of 3: {body}")
        self.load.acknowledged.extend(names)
        self.number += 1
        self.attempts = 0


class Checker(Client):
    """Checks some of those whose block was acknowledged, the latest and some of the others."""

    def step(self):
        known = self.load.acknowledged[:]
        names = known[-SOME // 2 :]
        names += random.sample(known, min(len(known), SOME // 2))
        names = list(dict.fromkeys(names or ["nobody-yet"]))
        body = self.send(self.load.path + "/check", names)
        if body is not None and known and body["allowed"]:
            raise Failure(f"{self.name}: acknowledged, and not blocked: {body['allowed'][:5]}")


class Load:
    """Blockers and checkers at all nodes, as a context. Only mortal nodes may close connections."""

    def __init__(self, nodes, tenant, campaign, blockers=2, checkers=1, stem="load", mortal=()):
        self.key = tenant.key
        self.path = f"/campaigns/{campaign}/blocked-leads"
        self.nodes = nodes
        self.mortal = mortal
        self.stopped = threading.Event()
        self.acknowledged = []
        self.clients = [kind(self, server, f"{stem}-{place}-{kind.__name__.lower()}-{number}")
                        for place, server in enumerate(nodes)
                        for kind, count in ((Blocker, blockers), (Checker, checkers))
                        for number in range(count)]

    def __enter__(self):
        for client in self.clients:
            client.start()
        return self

    def __exit__(self, kind, *_):
        self.stopped.set()
        for client in self.clients:
            client.join()
        if kind is None:
            self.raise_failure()

    def raise_failure(self):
        for client in self.clients:
            if client.failure:
                raise client.failure

    def run(self, seconds):
        time.sleep(seconds)
        self.raise_failure()

    def refused(self):
        return sum(client.refused for client in self.clients)

    def wait_served(self, since, limit, servers=None):
        """Until every client of these nodes has had a 200 to what it sent after `since`; the
        seconds from then."""
        clients = [client for client in self.clients if client.server in (servers or self.nodes)]
        while not all(client.served > since for client in clients):
            self.raise_failure()
            if time.monotonic() - since > limit:
                late = [client.name for client in clients if client.served <= since]
                raise Failure(f"not served again within {limit} s: {', '.join(late)}")
            time.sleep(0.01)
        return max(client.served for client in clients) - since

    def verify(self, servers=None):
        """Every node knows everybody whose block was acknowledged."""
        known = self.acknowledged[:]
        for server in servers or self.nodes:
            api = server.api(self.key, timeout=ANSWER_LIMIT)
            for start in range(0, len(known), MOST):
                names = known[start : start + MOST]
                response = api.post(self.path + "/check", {"publicIdentifiers": names})
                if response.status != 200 or response.json()["allowed"]:
                    raise Failure(f"lost, of {len(known)}: {response}")
            api.close()
