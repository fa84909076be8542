"""A server that answers what a test tells it to, and remembers what it was asked. For what the real
one does not do on demand: being busy, being wrong, being hostile."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = "lb_aaaaaaaaaaaa_bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbcccccccc"


class Fake:
    """`answers`: a list of (status, body, headers), or a function of a request that returns one."""

    def __init__(self, answers):
        self.answers = answers
        self.requests = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                raw = self.rfile.read(length) if length else b""
                request = {"method": self.command, "path": self.path, "headers": self.headers,
                           "json": json.loads(raw) if raw else None,
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
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

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
