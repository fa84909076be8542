"""Receives the events of a subscription, and prints those that leadblock has signed. receive_events.py PORT"""
import base64
import hashlib
import hmac
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = base64.b64decode(os.environ["LEADBLOCK_SECRET"].removeprefix("whsec_"))


def is_signed(headers, body):
    name, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not at.isdigit() or abs(time.time() - int(at)) > 300:  # recorded, and sent again
        return False
    digest = hmac.digest(SECRET, f"{name}.{at}.".encode() + body, hashlib.sha256)
    good = "v1," + base64.b64encode(digest).decode()
    return any(hmac.compare_digest(one.encode(), good.encode()) for one in headers.get("webhook-signature", "").split())


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        signed = is_signed(self.headers, body)
        if signed:  # a webhook-id that came before is the same event, once more
            print(body.decode(), flush=True)
        self.send_response(204 if signed else 401)
        self.end_headers()


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
