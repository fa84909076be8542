"""Deliveries over https, to a receiver with a certificate of the test's own."""

import ssl
import time

import pytest

from support import expect
from support.certificates import certificate, serving
from support.receiver import Receiver
from support.server import Server

OPTIONS = ("--hooks-allow", "127.0.0.0/8", "--hooks-backoff", "1")


@pytest.fixture(scope="module")
def trusted(tmp_path_factory):
    """The paths of a certificate, and of its key."""
    return certificate(tmp_path_factory.mktemp("trusted"))


@pytest.fixture(scope="module")
def server(trusted):
    with Server(*OPTIONS, env={"SSL_CERT_FILE": str(trusted[0])}) as made:
        yield made


def subscribe(api, url):
    return expect.ok(api.post("/zapier/hooks/subscribe", {"url": url, "type": "lead_blocked"}))


def block(api, name):
    expect.ok(api.post("/blocked-leads", {"leads": [{"publicIdentifier": name}]}))


def first_delivery(api, hook):
    deadline = time.monotonic() + 60
    while not (rows := expect.ok(api.get(f"/hooks/{hook['id']}/deliveries"))):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return rows[-1]


def test_blocks_arrive_signed_over_one_connection(server, trusted):
    api = server.tenant("pro").api
    with Receiver(tls=serving(*trusted)) as there:
        made = subscribe(api, there.url())
        connections = there.connections  # subscribing looks at the address alone
        for number in range(5):
            block(api, f"person-{number}")
        got = there.wait(5)
        assert [name for each in got for name in each.names()] == [f"person-{n}" for n in range(5)]
        assert all(each.is_signed_by(made["secret"]) for each in got)
        assert there.connections == connections + 1


BAD = {"of another authority": ({}, "of no authority that is trusted"),
       "that has ended": ({"days": -2}, "not valid at this time"),
       "for another name": ({}, "for another name")}


@pytest.mark.parametrize("bad", BAD)
def test_a_certificate_that_is_not_good_gets_nothing(trusted, tmp_path, bad):
    fields, words = BAD[bad]
    own = certificate(tmp_path, **fields)
    believed = trusted if bad == "of another authority" else own
    with Server(*OPTIONS, env={"SSL_CERT_FILE": str(believed[0])}) as server, \
            Receiver(tls=serving(*own), host="127.0.0.2" if bad == "for another name" else "127.0.0.1") as there:
        api = server.tenant("pro").api
        made = subscribe(api, there.url())
        block(api, "someone")
        row = first_delivery(api, made)
        assert (row["status"], row["responseStatus"]) == ("failed", None)
        assert words in row["error"]
        answer = expect.ok(api.post(f"/hooks/{made['id']}/test"))
        assert answer["success"] is False and words in answer["delivery"]["error"]
        assert there.got == [] and there.connections > 0


def test_the_authorities_of_the_system_are_trusted_and_no_others(trusted):
    """Without SSL_CERT_FILE."""
    with Server(*OPTIONS) as server, Receiver(tls=serving(*trusted)) as there:
        api = server.tenant("pro").api
        made = subscribe(api, there.url())
        answer = expect.ok(api.post(f"/hooks/{made['id']}/test"))
        assert "of no authority that is trusted" in answer["delivery"]["error"] and there.got == []


def test_a_file_of_authorities_that_cannot_be_read_is_said(tmp_path):
    with Server(*OPTIONS, env={"SSL_CERT_FILE": str(tmp_path / "none")}) as server, \
            Receiver(tls=serving(*certificate(tmp_path))) as there:
        api = server.tenant("pro").api
        made = subscribe(api, there.url())
        answer = expect.ok(api.post(f"/hooks/{made['id']}/test"))
        assert "SSL_CERT_FILE" in answer["delivery"]["error"] and there.got == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_receiver_with_old_tls_gets_nothing(server, trusted):
    old = serving(*trusted)
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    api = server.tenant("pro").api
    with Receiver(tls=old) as there:
        made = subscribe(api, there.url())
        answer = expect.ok(api.post(f"/hooks/{made['id']}/test"))
        assert answer["delivery"]["error"] == "no TLS connection" and there.got == []
