"""A server that answers what a test tells it to, and remembers what it was asked. For what the real
one does not do on demand: being busy, being wrong, being hostile."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = "lb_aaaaaaaaaaaa_bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbcccccccc"


class Cut(str):
    """A body of which the end is missing: the connection closes before."""


class Fake:
    """`answers`: a list of (status, body, headers), or a function of a request that returns one."""

    def __init__(self, answers):
        self.answers = answers
        self.requests = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                raw = self.rfile.read(length) if length else b""
                is_json = self.headers.get("Content-Type") == "application/json"
                request = {"method": self.command, "path": self.path, "headers": self.headers,
                           "json": json.loads(raw) if raw and is_json else None, "raw": raw,
                           "client": self.client_address}
                fake.requests.append(request)
                if callable(fake.answers):
                    status, body, headers = fake.answers(request)
                else:
                    status, body, headers = fake.answers[len(fake.requests) - 1]
                data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                missing = 10 if isinstance(body, Cut) else 0
                self.close_connection |= missing > 0
                self.send_header("Content-Length", str(len(data) + missing))
                try:
                    self.end_headers()
                    self.wfile.write(data)
                except ConnectionError:  # the command did not wait for the answer
                    self.close_connection = True

            do_GET = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.env = {"LEADBLOCK_URL": self.url, "LEADBLOCK_KEY": KEY}

    def __enter__(self):
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,),
                                       daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def blocked_all(request):
    items = request["json"].get("publicIdentifiers") or request["json"].get("leads")
    return 200, {"success": True, "message": "ok", "blocked": len(items)}, {}


def activity(number, **fields):
    return {"id": f"ac_{number}_1", "type": "message", "leadId": f"ld_{number}",
            "publicIdentifier": f"lead-{number}", "memberId": None, "firstName": "Jane",
            "lastName": None, "companyName": None, "variables": {}, "stepId": "st_1", "order": 1,
            "attempt": 1, "message": f"Hello {number}", "leaseToken": f"token-{number}",
            "leaseExpiresAt": "2026-11-23T07:31:56.123Z", **fields}


class Campaign:
    """Answers for a Fake: the campaign q1, which hands out `queue` and takes the results. It is
    `status` while there is something left, then `after`."""

    def __init__(self, queue, status="active", after="completed", blocked=0):
        self.queue = list(queue)
        self.status = status
        self.after = after
        self.blocked = blocked
        self.out = {}       # activities that are handed out, by id
        self.claims = []    # (the request's body, how many were out)
        self.results = []   # bodies of reports, each with its "id"
        self.on_claim = self.on_report = lambda request: None  # may answer in our place

    def __call__(self, request):
        if request["path"] == "/v1/campaigns/q1":
            return 200, self.state(), {}
        if request["path"] == "/v1/campaigns/q1/activities/claim":
            self.claims.append((request["json"], len(self.out)))
            return self.on_claim(request) or self.claim(request["json"]["max"])
        _, _, name, number, last = request["path"].split("/")
        assert (name, last) == ("activities", "complete"), request["path"]
        return self.on_report(request) or self.take(number, request["json"])

    def state(self):
        left = self.queue or self.out
        return {"id": "q1", "status": self.status if left else self.after,
                "progress": 50 if left else 100, "analytics": {"leads": {"blocked": self.blocked}}}

    def claim(self, most):
        taken = self.queue[:most]
        del self.queue[:most]
        self.out.update((item["id"], item) for item in taken)
        return 200, taken, {}

    def take(self, number, body, **fields):
        assert body["leaseToken"] == self.out.pop(number)["leaseToken"]
        self.results.append({**body, "id": number})
        return 200, {"success": True, "message": "ok", "leadId": "ld", "status": "active",
                     "blocked": False, **fields}, {}
