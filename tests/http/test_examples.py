"""integrations/examples against a real server, in both languages."""

import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager

import pytest

from support import expect
from support.ports import Port
from support.server import ROOT, Server, clean_environment, unique

EXAMPLES = ROOT / "integrations" / "examples"
LANGUAGES = [pytest.param([sys.executable], ".py", id="python"),
             pytest.param([shutil.which("node")], ".mjs", id="javascript", marks=pytest.mark.skipif(
                 not shutil.which("node"), reason="node is not installed"))]
in_both = pytest.mark.parametrize("program, ending", LANGUAGES)


@pytest.fixture(scope="module")
def sending():
    with Server("--hooks-allow", "127.0.0.0/8", "--hooks-backoff", "1") as server:
        yield server


def environment(server, tenant, **more):
    url = f"http://127.0.0.1:{server.port}"
    return clean_environment({"LEADBLOCK_URL": url, "LEADBLOCK_KEY": tenant.api.key, **more})


def run(program, ending, name, *arguments, env, stdin=""):
    return subprocess.run([*program, EXAMPLES / (name + ending), *arguments], env=env, input=stdin, text=True,
                          capture_output=True, timeout=30)


@contextmanager
def running(program, ending, name, *arguments, env):
    with subprocess.Popen([*program, EXAMPLES / (name + ending), *map(str, arguments)], env=env, text=True,
                          stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


@in_both
def test_an_opt_out_is_blocked(server, tenant, program, ending):
    env = environment(server, tenant)
    name = unique()
    done = run(program, ending, "block_opt_out", f"https://www.linkedin.com/in/{name}/", "Wrote: stop", env=env)
    assert (done.returncode, done.stdout) == (0, "1 lead blocked\n"), done
    found = expect.ok(tenant.api.get(f"/blocked-leads/{name}"))
    assert found["blocks"][0]["reason"] == "Wrote: stop"
    done = run(program, ending, "block_opt_out", "a b", env=env)
    assert done.returncode == 1 and "white space" in done.stderr


@in_both
def test_those_who_may_be_contacted_are_printed(server, tenant, campaign, program, ending):
    env = environment(server, tenant)
    blocked, allowed = unique("blocked"), unique("allowed")
    expect.ok(tenant.api.post("/blocked-leads", {"leads": [{"publicIdentifier": blocked}]}))
    done = run(program, ending, "check_before_sending", campaign, env=env, stdin=f"{blocked}\nin/{allowed}\n")
    assert (done.returncode, done.stdout) == (0, f"{allowed}\n"), done
    done = run(program, ending, "check_before_sending", campaign, env=env, stdin=f"{allowed}\nx@example.com\n")
    assert done.returncode == 1 and done.stdout == "" and "e-mail" in done.stderr
    env["LEADBLOCK_URL"] = "http://127.0.0.1:9"
    done = run(program, ending, "check_before_sending", campaign, env=env, stdin=f"{allowed}\n")
    assert done.returncode == 1 and done.stdout == ""


@in_both
def test_signed_events_are_received(sending, program, ending):
    tenant = sending.tenant()
    with ExitStack() as stack:
        port = stack.enter_context(Port())
        url = f"http://127.0.0.1:{port}/events"
        hook = expect.ok(tenant.api.post("/zapier/hooks/subscribe", {"url": url, "type": "lead_blocked"}))
        env = environment(sending, tenant, LEADBLOCK_SECRET=hook["secret"])
        receiver = stack.enter_context(running(program, ending, "receive_events", port, env=env))
        expect.ok(tenant.api.post("/blocked-leads", {"leads": [{"publicIdentifier": "jürgen"}]}))
        event = json.loads(receiver.stdout.readline())  # the first try may come before the receiver listens
        assert (event["type"], event["data"]["publicIdentifier"]) == ("lead_blocked", "jürgen")
        forged = urllib.request.Request(url, b"{}", {"webhook-id": "x", "webhook-timestamp": str(int(time.time())),
                                                     "webhook-signature": "v1,AAAA"})
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(forged, timeout=10)
        expect.ok(tenant.api.post("/blocked-leads", {"leads": [{"publicIdentifier": "next"}]}))
        assert json.loads(receiver.stdout.readline())["data"]["publicIdentifier"] == "next"


@in_both
def test_the_feed_is_followed_and_goes_on_where_it_stopped(server, fresh, tmp_path, program, ending):
    api = fresh.api
    env = environment(server, fresh)
    for name in ("first", "second"):
        expect.ok(api.post("/blocked-leads", {"leads": [{"publicIdentifier": name}]}))
    place = tmp_path / "cursor"
    for names in (["first", "second", "third"], ["fourth"]):
        with running(program, ending, "follow_feed", place, env=env) as follower:
            before = place.read_text() if place.exists() else ""
            expect.ok(api.post("/blocked-leads", {"leads": [{"publicIdentifier": names[-1]}]}))
            got = [json.loads(follower.stdout.readline())["data"]["publicIdentifier"] for _ in names]
            assert got == names
            deadline = time.monotonic() + 60
            while not place.exists() or place.read_text() == before or expect.ok(
                    api.get(f"/events?after={place.read_text()}"))["events"]:
                assert time.monotonic() < deadline
                time.sleep(0.01)
    place.write_text("e1-nonsense")
    done = run(program, ending, "follow_feed", place, env=env)
    assert done.returncode == 1 and "code" in done.stderr
