"""Where nothing is sent, whatever a name says: the address of the very connection decides. With a DNS
server of the tests' own, whose answers change between subscribing and delivery."""

import re
import socket
import time

import pytest

from support import expect
from support.names import Names
from support.receiver import Receiver
from support.server import ROOT, Server


@pytest.fixture(scope="module")
def dns():
    with Names() as made:
        yield made


@pytest.fixture(scope="module")
def strict(dns):
    with Server("--hooks-backoff", "1") as server:
        yield server


def block(api, name):
    expect.ok(api.post("/blocked-leads", {"leads": [{"publicIdentifier": name}]}))


def body(url):
    return {"url": url, "type": "lead_blocked"}


def test_a_name_that_leads_inside_is_refused_at_once(dns, strict):
    api = strict.tenant("pro").api
    dns.answers["inside.test"] = ["10.1.2.3"]
    error = expect.error(api.post("/zapier/hooks/subscribe", body("https://inside.test/")), 400,
                         "invalid_body")
    assert "a private address" in error["message"] and "hooks-allow" in error["message"]


def tricks():
    """The first table of docs/security.md, "Where events are sent": (URL, words of the answer)."""
    text = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    text = text[text.index("## Where events are sent"):].split("\n\n")[2]
    return re.findall(r"^\| [^`|]+ \| `(.+)` \| (.+) \|$", text, re.M)


def test_the_tricks_of_the_documentation_get_what_it_says(strict):
    table = tricks()
    assert len(table) > 40
    for start in range(0, len(table), 20):  # a workspace may subscribe 30 times at once
        api = strict.tenant("pro").api
        for url, words in table[start:start + 20]:
            error = expect.error(api.post("/zapier/hooks/subscribe", body(url)), 400, "invalid_body")
            assert words in error["message"], url
        assert expect.ok(api.get("/hooks/list")) == []


# What the name says when it is delivered to, after it was public.
TRICKS = {
    "loopback": ["127.0.0.1"], "another loopback": ["127.8.9.10"], "this host": ["0.0.0.0"],
    "private": ["192.168.0.1"], "metadata": ["169.254.169.254"], "carrier": ["100.64.0.1"],
    "loopback 6": ["::1"], "unspecified 6": ["::"], "mapped": ["::ffff:127.0.0.1"],
    "compatible": ["::7f00:1"], "nat64": ["64:ff9b::7f00:1"], "6to4": ["2002:7f00:1::"],
    "teredo": ["2001:0:4136:e378:8000:63bf:807f:fffe"], "link-local": ["fe80::1"],
    "unique local": ["fd00:ec2::254"], "several": ["127.0.0.1", "10.0.0.1", "::1"],
}


@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS.keys())
def test_a_name_that_changes_leads_nowhere(dns, strict, trick):
    """Public when it is subscribed to, inside when it is delivered to."""
    api = strict.tenant("pro").api
    name = f"rebind-{abs(hash(str(trick)))}.test"
    with Receiver() as v4, Receiver(host="::1", port=v4.port) as v6:
        dns.answers[name] = lambda times: ["8.8.8.8"] if times == 1 else trick
        made = expect.ok(api.post("/zapier/hooks/subscribe", body(f"https://{name}:{v4.port}/")))
        answer = expect.ok(api.post(f"/hooks/{made['id']}/test"))
        assert answer["success"] is False
        assert answer["delivery"]["error"].startswith("the host's address is not allowed: it is a")
        assert answer["delivery"]["responseStatus"] is None
        block(api, "someone")
        deadline = time.monotonic() + 60
        rows = []
        while len(rows) < 2 and time.monotonic() < deadline:
            rows = expect.ok(api.get(f"/hooks/{made['id']}/deliveries"))
        assert {row["kind"] for row in rows} == {"test", "event"}
        assert all("not allowed" in row["error"] for row in rows)
        assert dns.asked[name] >= 2
        assert (v4.connections, v6.connections) == (0, 0)


def test_an_open_network_is_reached_by_its_name_and_others_are_not(dns):
    """The same name serves to see that deliveries ask this DNS server; next to an address that is not
    open, the one that is open is used."""
    with Server("--hooks-allow", "127.0.0.1", "--hooks-backoff", "1") as server, Receiver() as there:
        api = server.tenant("pro").api
        dns.answers["open.test"] = ["127.0.0.9", "127.0.0.1"]
        made = expect.ok(api.post("/zapier/hooks/subscribe", body(there_url := f"http://open.test:{there.port}/")))
        assert expect.ok(api.post(f"/hooks/{made['id']}/test"))["success"] is True
        assert there.got[0].headers["host"] == there_url.split("/")[2]
        dns.answers["open.test"] = ["127.0.0.9"]
        with socket.socket() as other:
            other.bind(("127.0.0.9", there.port))
            other.listen()
            other.settimeout(0.3)
            # Connections that are open already may be used on: they lead to what was judged.
            expect.ok(api.post(f"/hooks/{made['id']}/test"))
            with pytest.raises(TimeoutError):
                other.accept()


def test_a_name_that_does_not_exist_is_taken_and_judged_later(dns):
    with Server("--hooks-allow", "127.0.0.0/8", "--hooks-backoff", "1") as server, \
            Receiver() as there:
        api = server.tenant("pro").api
        made = expect.ok(api.post("/zapier/hooks/subscribe", body(f"http://later.test:{there.port}/")))
        answer = expect.ok(api.post(f"/hooks/{made['id']}/test"))
        assert answer["delivery"]["error"] == "the host's name cannot be resolved"
        dns.answers["later.test"] = ["127.0.0.1"]
        assert expect.ok(api.post(f"/hooks/{made['id']}/test"))["success"] is True


def test_no_proxy_is_taken_from_the_environment():
    with Receiver() as proxy, Receiver() as there:
        env = {name: f"http://127.0.0.1:{proxy.port}" for name in
               ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")}
        with Server("--hooks-allow", "127.0.0.0/8", env=env) as server:
            api = server.tenant("pro").api
            made = expect.ok(api.post("/zapier/hooks/subscribe", body(there.url())))
            assert expect.ok(api.post(f"/hooks/{made['id']}/test"))["success"] is True
        assert (proxy.connections, len(there.got)) == (0, 1)


def test_a_name_that_takes_long_stalls_nobody(dns):
    """The resolver waits for 10 seconds, a delivery for 5: then the others must not wait with it."""
    with Server("--hooks-allow", "127.0.0.0/8", "--hooks-backoff", "1") as server, \
            Receiver() as there:
        slow, quick = server.tenant("pro").api, server.tenant("pro").api
        dns.answers["silent.test"] = ["127.0.0.1"]
        made = expect.ok(slow.post("/zapier/hooks/subscribe", body("http://silent.test:1/")))
        expect.ok(quick.post("/zapier/hooks/subscribe", body(there.url())))
        dns.silent.add("silent.test")
        block(slow, "someone")
        for number in range(16):  # before and after the five seconds
            begun = time.monotonic()
            block(quick, f"person-{number}")
            assert there.wait(number + 1)[number].at - begun < 4  # less than those five
            time.sleep(0.4)
        limit = time.monotonic() + 60
        while not (rows := expect.ok(slow.get(f"/hooks/{made['id']}/deliveries"))):
            assert time.monotonic() < limit
            time.sleep(0.05)
        (row,) = rows
        assert row["status"] == "failed" and row["durationMs"] < 6000


def test_http_is_for_open_networks_alone(dns):
    with Server("--hooks-allow", "10.0.0.0/8") as server:
        api = server.tenant("pro").api
        dns.answers["public.test"] = ["8.8.8.8"]
        error = expect.error(api.post("/zapier/hooks/subscribe", body("http://public.test/")), 400,
                             "invalid_body")
        assert "an address that needs https" in error["message"]
