"""The files of the dashboard that are built into the program: headers, codings, caching, refusals."""

import gzip
import re
import socket
from pathlib import Path

import pytest

from support import expect
from support.client import Connection, check_invariants
from support.marks import sqlite_only
from support.server import Server, binary
from test_waiting import fill, wait_for_port

BUILD = Path(binary()).resolve().parent / "src"  # where the program was built
FILES = BUILD / "dashboard" / "files"


def built_in():
    """How many files the program was built with: asking it would hide that it lost them."""
    table = BUILD / "assets_table.c"
    if not table.exists():
        return 0
    return int(re.search(r"lb_asset_count = (\d+)", table.read_text()).group(1))


with_dashboard = pytest.mark.skipif(
    built_in() == 0, reason="the program was built without the dashboard, or away from its build")

TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css",
         ".svg": "image/svg+xml"}


def paths():
    """Path of the request and file of the build, of each."""
    if built_in() == 0:
        return {}
    files = sorted(path for path in FILES.rglob("*") if path.is_file())
    return {"/" if path.name == "index.html" else f"/{path.relative_to(FILES)}": path
            for path in files}


def hashed():
    return [path for path in paths() if path.startswith("/assets/")]


def get(server, path, *headers, method="GET"):
    with server.connect() as connection:
        response = connection.request(method, path, headers)
    check_invariants(response)
    return response


def etag(server, path, *headers):
    return get(server, path, *headers).header("etag")


def not_found(response):
    expect.error(response, 404, "not_found")


@with_dashboard
def test_every_file_of_the_build_is_served_as_it_is(server):
    assert built_in() == len(paths()) >= 4
    assert {"/", "/favicon.svg"} < set(paths())
    for path, file in paths().items():
        response = get(server, path)
        assert response.status == 200
        assert response.body == file.read_bytes()
        assert response.header("content-type") == TYPES[file.suffix] + "; charset=utf-8"
        assert response.header("x-content-type-options") == "nosniff"
        assert response.header("vary") == "Accept-Encoding"
        assert response.header("content-encoding") is None


@with_dashboard
def test_a_client_that_takes_gzip_gets_it(server):
    for path, file in paths().items():
        plain, packed = get(server, path), get(server, path, ("Accept-Encoding", "br, gzip;q=0.5"))
        if len(file.read_bytes()) < 200 and packed.header("content-encoding") is None:
            continue  # it would be longer
        assert packed.header("content-encoding") == "gzip"
        assert gzip.decompress(packed.body) == plain.body
        assert len(packed.body) < len(plain.body)
        assert packed.header("content-type") == plain.header("content-type")
        assert packed.header("vary") == "Accept-Encoding"
        assert packed.header("etag") != plain.header("etag")


@with_dashboard
@pytest.mark.parametrize("accept", ["", "identity", "br", "gzip;q=0", "gzip;q=0.0, *", "*;q=0"])
def test_a_client_that_does_not_take_gzip_gets_the_plain_bytes(server, accept):
    for path, file in paths().items():
        response = get(server, path, ("Accept-Encoding", accept))
        assert response.status == 200 and response.header("content-encoding") is None
        assert response.body == file.read_bytes()


@with_dashboard
def test_the_page_is_asked_for_anew_and_what_it_names_is_kept(server):
    assert len(hashed()) >= 2
    for path in paths():
        kept = "public, max-age=31536000, immutable" if path in hashed() else "no-cache"
        for headers in ((), (("Accept-Encoding", "gzip"),)):
            assert get(server, path, *headers).header("cache-control") == kept
    page = get(server, "/").body.decode()
    for path in hashed():
        assert path.lstrip("/") in page


@with_dashboard
def test_the_page_trusts_nobody_but_its_server(server):
    page = get(server, "/")
    policy = dict(part.strip().partition(" ")[::2]
                  for part in page.header("content-security-policy").split(";"))
    assert policy == {"default-src": "'none'", "script-src": "'self'", "style-src": "'self'",
                      "img-src": "'self' data:", "connect-src": "'self'", "form-action": "'self'",
                      "base-uri": "'none'", "frame-ancestors": "'none'"}
    assert page.header("referrer-policy") == "no-referrer"
    assert page.header("x-frame-options") == "DENY"
    assert page.header("cross-origin-opener-policy") == "same-origin"
    assert "camera=()" in page.header("permissions-policy")
    assert b"http://" not in re.sub(rb"http://www\.w3\.org/\S*", b"", page.body)


@with_dashboard
@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_what_the_client_has_is_not_sent_again(server, coding):
    accept = ("Accept-Encoding", coding)
    for path in paths():
        first = get(server, path, accept)
        tag = first.header("etag")
        assert re.fullmatch(r'"[0-9a-f]{32}(-gzip)?"', tag)
        for sent in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            with server.connect() as connection:
                for method in ("GET", "HEAD"):
                    again = connection.request(method, path, [accept, ("If-None-Match", sent)])
                    assert again.status == 304 and again.body == b""
                    for name in ("etag", "cache-control", "vary"):
                        assert again.header(name) == first.header(name)
                    assert again.header("content-length") in (None, first.header("content-length"))
                assert connection.request("GET", path, [accept]).body == first.body
        for sent in ('"other"', tag.strip('"'), '""'):
            assert get(server, path, accept, ("If-None-Match", sent)).status == 200


@with_dashboard
def test_the_tag_of_one_form_is_not_taken_for_the_other(server):
    packed = etag(server, hashed()[0], ("Accept-Encoding", "gzip"))
    assert get(server, hashed()[0], ("If-None-Match", packed)).status == 200


@with_dashboard
def test_head_is_get_without_the_body(server):
    for path in paths():
        for accept in ("identity", "gzip"):
            with server.connect() as connection:
                headers = [("Accept-Encoding", accept), ("X-Request-Id", "same")]
                whole = connection.request("GET", path, headers)
                head = connection.request("HEAD", path, headers)
                assert (head.status, head.body) == (200, b"")
                without_date = [pair for pair in head.headers if pair[0].lower() != "date"]
                assert without_date == [p for p in whole.headers if p[0].lower() != "date"]
                assert int(head.header("content-length")) == len(whole.body)
                assert connection.request("GET", path, headers).body == whole.body


@with_dashboard
@pytest.mark.parametrize("path", [
    "/assets/app.js", "/assets/app-00000000.js", "/assets/x", "/index.html", "/favicon.ico",
    "/assets/../index.html", "/assets/..%2findex.html", "/assets/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/assets/..%5cindex.html", "//", "/.", "/assets", "/assets/", "//favicon.svg", "/favicon.svg/",
    "/assets/../../../../etc/passwd", "/Favicon.svg", "/api/v1/", "/v1/", "/api/"])
def test_other_paths_lead_nowhere(server, path):
    not_found(get(server, path))


@with_dashboard
def test_a_path_is_taken_byte_for_byte(server):
    path = hashed()[0]
    for other in ("/assets/" + path[8:].swapcase(), path + "/", path + "%00", "/" + path, path.replace("-", "%2D")):
        with server.connect() as connection:
            assert connection.request("GET", other).status in (400, 404)
    assert get(server, path + "?v=1").status == 200


@with_dashboard
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_files_are_for_reading(server, method):
    for path in paths():
        response = get(server, path, method=method)
        expect.error(response, 405, "method_not_allowed")
        assert response.header("allow") == "GET, HEAD"


@with_dashboard
def test_a_key_changes_nothing(server, tenant):
    assert get(server, "/", ("x-api-key", "wrong")).status == 200
    assert get(server, "/", ("x-api-key", tenant.key)).body == get(server, "/").body


@with_dashboard
def test_the_control_socket_has_no_dashboard(server):
    connection = Connection(server.port)
    connection.close()
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(10)
    connection.sock.connect(str(server.data / "control.sock"))
    with connection:
        assert connection.request("GET", "/livez").status == 200
        for path in paths():
            not_found(connection.request("GET", path))


@pytest.mark.parametrize("switch", ["option", "environment"])
def test_switched_off_it_is_as_if_it_were_not_there(switch):
    off = {"option": {"args": ["--dashboard=false"]},
           "environment": {"env": {"LEADBLOCK_DASHBOARD": "false"}}}[switch]
    with Server(*off.get("args", []), env=off.get("env")) as server:
        for path in (paths() or ["/", "/favicon.svg", "/assets/x"]):
            for method in ("GET", "POST"):
                not_found(get(server, path, method=method))
        assert get(server, "/livez").status == 200


@with_dashboard
@sqlite_only("writes 50,000 rows into the file by itself")
def test_the_page_comes_while_the_blocklists_are_read():
    with Server() as server:
        tenant = server.tenant("agency")
        campaign = tenant.campaign()
        server.stop()
        fill(server.data, tenant.workspace, campaign)
        starting = 0
        for _ in range(5):  # the replay may be over before the first question
            server.spawn()
            server.port = wait_for_port(server)
            starting += ask_until_ready(server)
            server.wait_ready()
            if starting:
                return
            server.stop()
        raise AssertionError("the server was always ready before it could be asked")


def ask_until_ready(server):
    """How often a file came while the server was starting."""
    starting = 0
    with server.connect() as connection:
        while True:
            before = connection.request("GET", "/readyz").status
            for path in [*paths(), "/docs/"]:
                assert connection.request("GET", path).status == 200
            if connection.request("GET", "/readyz").status == 200:
                return starting
            starting += before == 503
