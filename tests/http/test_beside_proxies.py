"""Requests with odd framing, sent to leadblock, nginx and HAProxy: where two of them take one, they see the same
requests in it, and what leadblock takes although one refuses it is listed here with the reason (docs/http.md)."""

import re
import shutil
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from support.ports import Port
from support.server import Server
from support.waiting import eventually

PROGRAMS = {name: shutil.which(name) or shutil.which(name, path="/usr/sbin") for name in ("nginx", "haproxy")}
pytestmark = pytest.mark.skipif(not all(PROGRAMS.values()), reason="needs nginx and haproxy")

POST, GET = b"POST /p HTTP/1.1\r\nHost: x\r\n", b"GET /g HTTP/1.1\r\nHost: x\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
NEXT = b"GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
WAITS_S = 2  # for the rest of a request

LENGTHS = [b"5", b"\t5", b"5 ", b"+5", b"-5", b"0x5", b"05", b"5,5", b"5, 5", b"5, 6", b"5;", b"5 5", b"", b"5.0", b"5\x0b",
           b'"5"', b"5_0", b"5\x00", b"\xef\xbc\x95"]
CODINGS = [b"chunked", b"\tchunked", b"chunked ", b"CHUNKED", b"chunked,", b",chunked", b"chunked, identity",
           b"identity, chunked", b"gzip, chunked", b"xchunked", b"chunkedx", b"chunked;q=1", b"chunked\x0b", b'"chunked"',
           b"", b"identity", b"chunked\x00", b"chunked\xa0"]
LINES = [b"Content-Length: 5\r\nContent-Length: 5\r\n", b"Content-Length: 5\r\nContent-Length: 6\r\n",
         b"Content-Length : 5\r\n", b" Content-Length: 5\r\n", b"Content_Length: 5\r\n", b"Content-Length: \r\n 5\r\n",
         b"Content-Length: 5\n", b"Content-Length: 5\r", b"Content-Length\x00: 5\r\n", CHUNKED + b"Content-Length: 5\r\n",
         b"Content-Length: 5\r\n" + CHUNKED, CHUNKED + CHUNKED, b"Transfer-Encoding: identity\r\n" + CHUNKED,
         b"Transfer-Encoding : chunked\r\n", b"X: y\r\n " + CHUNKED, b"X: y\r" + CHUNKED, b"X: y\n" + CHUNKED,
         b"Transfer_Encoding: chunked\r\n"]
BODIES = [b"5;a=b\r\nhello\r\n0\r\n\r\n", b"5 ;a\r\nhello\r\n0\r\n\r\n", b'5;a="\n"\r\nhello\r\n0\r\n\r\n',
          b"5;a\nhello\r\n0\r\n\r\n", b"5;a\rb\r\nhello\r\n0\r\n\r\n", b"5 \r\nhello\r\n0\r\n\r\n", b" 5\r\nhello\r\n0\r\n\r\n",
          b"5\nhello\r\n0\r\n\r\n", b"5\r\nhello\n0\r\n\r\n", b"5\r\nhello\r\n0\n\n", b"5\r\nhello\r\n0\r\n\n",
          b"5\r\nhello0\r\n\r\n", b"0x5\r\nhello\r\n0\r\n\r\n", b"+5\r\nhello\r\n0\r\n\r\n", b"-5\r\nhello\r\n0\r\n\r\n",
          b"000000000000005\r\nhello\r\n0\r\n\r\n", b"0000000000000005\r\nhello\r\n0\r\n\r\n",
          b"10000000000000005\r\nhello\r\n0\r\n\r\n", b"5\r\nhello\r\n000\r\n\r\n", b"5\r\nhello\r\n0;x\r\n\r\n",
          b"5\r\nhello\r\n0\r\nX: y\r\n\r\n", b"5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n",
          b"5\r\nhello\r\n0\r\nX\r\n\r\n", b"5\r\nhello\r\n0\r\nX : y\r\n\r\n", b"5\r\nhello\r\n0\r\nX: y\r\n z\r\n\r\n",
          b"5\r\nhello\r\n0\r\nX: y\n\r\n", b"5\r\nhello\r\n0\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
          b"\r\nhello\r\n0\r\n\r\n", b";a\r\nhello\r\n0\r\n\r\n", b"5\rhello\r\n0\r\n\r\n", b"5_0\r\nhello\r\n0\r\n\r\n"]
STARTS = [b"GET  /g HTTP/1.1\r\n", b"GET\t/g HTTP/1.1\r\n", b"GET /g HTTP/1.1 \r\n", b" GET /g HTTP/1.1\r\n",
          b"GET /g h HTTP/1.1\r\n", b"GET /g HTTP/1.1\n", b"GET /g HTTP/1.1\r", b"GET /g HTTP/1.1\r\r\n",
          b"GET /g\x00 HTTP/1.1\r\n", b"GET /g\x01 HTTP/1.1\r\n", b"GET /g\x7f HTTP/1.1\r\n", b"GET /\xc3\xa9 HTTP/1.1\r\n",
          b"GET /g#x HTTP/1.1\r\n", b"GET /g\r\n", b"GET /g HTTP/1.2\r\n", b"GET /g HTTP/2.0\r\n", b"GET /g HTTP/01.1\r\n",
          b"GET /g http/1.1\r\n", b"GET HTTP/1.1\r\n", b"get /g HTTP/1.1\r\n", b"G!T /g HTTP/1.1\r\n",
          b"GET http://x/g HTTP/1.1\r\n", b"GET http://y/g HTTP/1.1\r\n", b"GET http://u@x/g HTTP/1.1\r\n",
          b"GET http:///g HTTP/1.1\r\n", b"GET x:80 HTTP/1.1\r\n", b"OPTIONS * HTTP/1.1\r\n", b"GET * HTTP/1.1\r\n",
          b"GET //g HTTP/1.1\r\n", b"GET \\g HTTP/1.1\r\n", b"GET /../g HTTP/1.1\r\n",
          b"GET /% HTTP/1.1\r\n", b"TRACE /g HTTP/1.1\r\n", b"\r\nGET /g HTTP/1.1\r\n", b"\rGET /g HTTP/1.1\r\n",
          b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"]
HOSTS = [b"", b"Host: x\r\nHost: y\r\n", b"Host: x\r\nHost: x\r\n", b"Host:\r\n", b"Host: x, y\r\n", b"Host: u@x\r\n",
         b"Host: x y\r\n", b"Host: [::1]:80\r\n", b"Host: \xc3\xa9\r\n", b"Host: x/y\r\n", b"Host: x_y\r\n",
         b"Host:\r\n x\r\n", b"Host: <x>\r\n", b"Host: ..\r\n"]
HEADERS = [b"abc\r\n", b": x\r\n", b"X Y: z\r\n", b"X: a\x00b\r\n", b"X: a\x01b\r\n", b"X: \xc3\xa9\r\n", b"X: a\rb\r\n",
           b"X: a\nY: b\r\n", b"X: a\r\n b\r\n", b"X(: a\r\n", b"Connection: Upgrade\r\nUpgrade: h2c\r\n",
           b"Connection: Content-Length\r\nContent-Length: 0\r\n", b"X: \x7f\r\n", b"X:\r\n", b"X: y \t\r\n"]
WHOLE = [GET + b"Content-Length: 5\r\n\r\nhello", b"HEAD /g HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
         b"GET /g HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", b"GET /g HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
         b"POST /p HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello",
         b"POST /p HTTP/1.0\r\nConnection: keep-alive\r\n" + CHUNKED + b"\r\n5\r\nhello\r\n0\r\n\r\n"]

CASES = ([POST + b"Content-Length:" + value + b"\r\n\r\nhello" for value in LENGTHS]
         + [POST + b"Transfer-Encoding:" + value + b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n" for value in CODINGS]
         + [POST + line + b"\r\n5\r\nhello\r\n0\r\n\r\n" for line in LINES]
         + [POST + CHUNKED + b"\r\n" + body for body in BODIES]
         + [start + b"Host: x\r\n\r\n" for start in STARTS]
         + [b"GET /g HTTP/1.1\r\n" + host + b"\r\n" for host in HOSTS]
         + [GET + header + b"\r\n" for header in HEADERS] + WHOLE)

# What one of the two refuses and leadblock does not. None of it says where a request ends.
TAKEN = {
    "a tab is optional white space": [POST + b"Content-Length:\t5", POST + b"Transfer-Encoding:\tchunked"],
    "compared as bytes": [b"GET /\xc3\xa9"],
    "a path that does not exist": [b"GET /g#x", b"GET \\g", b"GET /../g", b"GET /% ", b"GET x:80", b"GET *", b"OPTIONS *"],
    "there is only one host here": [b"GET http://y/g", b"GET http://u@x/g", b"GET http:///g", b"GET /g HTTP/1.1\r\nHost: ..",
                                    b"GET /g HTTP/1.1\r\nHost:\r\n\r\n"],
    "a method that does not exist": [b"get /g", b"G!T /g", b"TRACE /g"],
}

NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/log; events {{ worker_connections 1000; }}
http {{
  access_log off; client_body_timeout {waits}; client_header_timeout {waits}; client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; location / {{ proxy_http_version 1.1; proxy_pass http://127.0.0.1:{behind}; }} }}
}}"""
HAPROXY = """
defaults
  mode http
  timeout client {waits}s
  timeout server 60s
  timeout connect 60s
listen all
  bind 127.0.0.1:{port}
  server behind 127.0.0.1:{behind}
"""


class Behind(BaseHTTPRequestHandler):
    """Answers whatever a proxy has taken for a request."""
    protocol_version = "HTTP/1.1"

    def answer(self):
        if self.headers.get("Transfer-Encoding"):
            while size := int(self.rfile.readline().split(b";")[0], 16):
                self.rfile.read(size + 2)
            while self.rfile.readline().strip():
                pass
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def log_message(self, *_):
        pass


class BackEnd(ThreadingHTTPServer):
    """Connections that a proxy gives up are no error."""
    request_queue_size = 256

    def handle_error(self, request, client_address):
        pass


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    except OSError:
        return False


@pytest.fixture(scope="module")
def ports(tmp_path_factory):
    """Of leadblock, nginx and HAProxy."""
    folder = tmp_path_factory.mktemp("proxies")
    behind = BackEnd(("127.0.0.1", 0), Behind)
    threading.Thread(target=behind.serve_forever, daemon=True).start()
    waits = ["--header-timeout", str(WAITS_S), "--body-timeout", str(WAITS_S)]
    with Port() as nginx, Port() as haproxy, Server(*waits) as server:
        for name, port, text in (("nginx", nginx, NGINX), ("haproxy", haproxy, HAPROXY)):
            (folder / name).write_text(text.format(folder=folder, port=port, behind=behind.server_port, waits=WAITS_S))
        commands = [[PROGRAMS["nginx"], "-p", folder, "-c", folder / "nginx"], [PROGRAMS["haproxy"], "-f", folder / "haproxy"]]
        processes = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for command in commands]
        try:
            eventually(lambda: accepts(nginx) and accepts(haproxy))
            yield server.port, nginx, haproxy
        finally:
            for process in processes:
                process.kill()
                process.wait()
            behind.shutdown()
            behind.server_close()


def statuses(port, data):
    """Of the answers to this and another request, until the connection ends."""
    heard = b""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        try:
            connection.sendall(data + NEXT)
            while piece := connection.recv(65536):
                heard += piece
        except ConnectionError:
            pass
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] ([2-5]\d\d)", heard)]


def taken(answers):
    """How many requests were seen before one was refused for its form."""
    return next((number for number, status in enumerate(answers) if status in (400, 405, 431, 501, 505)), len(answers))


def test_what_leadblock_takes_others_take_alike_or_it_is_listed(ports):
    with ThreadPoolExecutor(48) as pool:
        answers = list(pool.map(lambda ask: statuses(*ask), [(port, case) for case in CASES for port in ports]))
    listed = tuple(start for starts in TAKEN.values() for start in starts)
    ours_alone, otherwise, hidden = [], [], []
    for number, case in enumerate(CASES):
        ours, *others = answers[number * 3:number * 3 + 3]
        requests = len([status for status in ours if status in (404, 405)])
        if not requests:
            hidden += [(case, ours)] if len(ours) > 1 else []
            continue
        otherwise += [(case, ours, other) for other in others if taken(other) and taken(other) != requests]
        if not all(taken(other) for other in others) and not case.startswith(listed):
            ours_alone.append((case, ours, others))
    assert not hidden
    assert not otherwise
    assert not ours_alone
