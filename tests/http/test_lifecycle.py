"""Starting, stopping, restarting: what is recorded, and there afterwards."""

import json
import re
import subprocess
import threading
import time

import pytest

from support import expect
from support.client import ConnectionClosed, build
from support.demo import try_demo
from support.marks import sqlite_only
from support.server import Server, key_id


def blocks(campaign):
    return f"/campaigns/{campaign}/blocked-leads"


def stop_and_start(server, how):
    server.stop() if how == "stop" else server.kill()
    server.start()


def walk(api, path, size):
    target, entries = path + size, []
    while target:
        response = api.call("GET", target, base="")
        entries += expect.ok(response)
        target = expect.next_link(response)
    return entries, response.header("x-total-count")


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_everything_is_there_after_a_restart(own, how):
    tenant = own.tenant("pro", "--expires", "2999-01-01")
    weak = own.tenant("starter")
    keys = {"read-only": tenant.new_key("--read-only"), "revoked": tenant.new_key()}
    own.cli("key", "revoke", key_id(keys["revoked"]))
    api = tenant.api
    campaign = tenant.campaign(id="mine")
    gone = tenant.campaign(id="gone")
    api.post(blocks(gone), {"publicIdentifiers": ["x-1"]})
    api.delete(f"/campaigns/{gone}")
    api.post(blocks(campaign), {"publicIdentifiers": [f"p-{n:03}" for n in range(250)],
                                "reason": "many"})
    api.post(blocks(campaign), {"publicIdentifiers": ["josé", "ACoAA" + "xY" * 20]})
    api.delete(blocks(campaign), {"publicIdentifiers": ["p-010", "p-249"]})
    undone = api.delete(blocks(campaign), {"publicIdentifiers": ["p-020", "p-021"]})
    assert api.post(f"/changes/{undone.header('x-change-id')}/undo").status == 200
    pending = api.delete(blocks(campaign), {"publicIdentifiers": ["p-030"]}).header("x-change-id")
    api.post("/blocked-leads", {"leads": [{"publicIdentifier": f"w-{n}", "reason": f"r{n}"}
                                          for n in range(20)]})
    entries = expect.ok(api.get("/blocked-leads"))
    api.delete("/blocked-leads", [entries[3]["id"]])
    api.put(f"/campaigns/{campaign}/activate")

    def snapshot():
        api = own.api(tenant.key)
        state = [walk(api, "/v1" + blocks(campaign), "?take=100"),
                 walk(api, "/v1/blocked-leads", "?limit=1000"),
                 expect.ok(api.get("/campaigns")), expect.ok(api.get(f"/campaigns/{campaign}")),
                 expect.ok(api.get(blocks(campaign) + "/p-020")),
                 expect.ok(api.get(blocks(campaign) + "/p-010"))]
        api.close()
        return state

    before = snapshot()
    assert before[0][1] == str(len(before[0][0])) == "249"
    for _ in range(2):
        stop_and_start(own, how)
        assert snapshot() == before
    api = own.api(tenant.key)
    read_only = own.api(keys["read-only"])
    expect.error(read_only.post("/campaigns", {"name": "x"}), 403, "forbidden")
    assert read_only.get("/campaigns").status == 200
    expect.error(own.api(keys["revoked"]).get("/campaigns"), 401, "invalid_api_key")
    expect.error(own.api(weak.key).post(blocks("x"), {"publicIdentifiers": ["a"]}), 403,
                 "license_required")
    expect.error(api.get(blocks(gone)), 404, "campaign_not_found")
    assert api.post(f"/changes/{pending}/undo").status == 200
    assert expect.ok(api.get(blocks(campaign) + "/p-030"))["reason"] == "many"
    message = expect.blocked_result(api.post(blocks(campaign), {"publicIdentifiers": ["p-001"]}), 0)
    assert "1 already blocked" in message


def test_ids_are_not_given_out_again_after_a_restart(own):
    tenant = own.tenant()
    seen, changes = set(), set()
    for round_number in range(4):
        api = own.api(tenant.key)
        lead = {"publicIdentifier": f"x-{round_number}"}
        response = api.post("/blocked-leads", {"leads": [lead]})
        assert response.header("x-change-id") not in changes
        changes.add(response.header("x-change-id"))
        (entry,) = expect.ok(api.get("/blocked-leads"))
        assert entry["id"] not in seen
        seen.add(entry["id"])
        change = api.delete("/blocked-leads", [entry["id"]]).header("x-change-id")
        assert change not in changes
        changes.add(change)
        own.restart()


def hammer(server, key, campaign, name, stop, acknowledged, unknown):
    """Blocks as fast as it can until the server goes away."""
    api = server.api(key)
    number = 0
    try:
        while not stop.is_set():
            number += 1
            batch = [f"{name}-{number}-{item}" for item in range(5)]
            unknown[name] = batch
            response = api.post(blocks(campaign), {"publicIdentifiers": batch})
            if response.status == 200:
                acknowledged += batch
            unknown[name] = None
            if response.status != 200:
                return
    except (ConnectionClosed, OSError):
        pass
    finally:
        api.close()


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_no_acknowledged_block_is_lost_under_load(own, how):
    tenant = own.tenant()
    campaign = tenant.campaign()
    for round_number in range(2):
        stop, acknowledged, unknown = threading.Event(), [], {}
        threads = [threading.Thread(target=hammer, args=(
            own, tenant.key, campaign, f"t{round_number}-{number}", stop, acknowledged, unknown))
            for number in range(8)]
        for thread in threads:
            thread.start()
        limit = time.monotonic() + 30
        while len(acknowledged) < 60:
            assert time.monotonic() < limit, "too little happened"
            time.sleep(0.02)
        own.stop() if how == "stop" else own.kill()
        stop.set()
        for thread in threads:
            thread.join()
        own.start()
        api = own.api(tenant.key)
        for start in range(0, len(acknowledged), 10_000):
            response = api.post(blocks(campaign) + "/check",
                                {"publicIdentifiers": acknowledged[start : start + 10_000]})
            assert expect.ok(response)["allowed"] == []
        for batch in filter(None, unknown.values()):
            response = api.post(blocks(campaign) + "/check", {"publicIdentifiers": batch})
            assert len(expect.ok(response)["blocked"]) in (0, 5), "whole requests only"
        api.close()


def test_sigterm_answers_what_has_begun(own):
    """A request whose last byte comes after the signal is answered or refused, never hung."""
    tenant = own.tenant()
    campaign = tenant.campaign()
    data = build("POST", "/v1" + blocks(campaign),
                 [("x-api-key", tenant.key), ("Content-Type", "application/json")],
                 {"publicIdentifiers": ["begun"]})
    connection = own.connect()
    connection.send(data[:-5])
    time.sleep(0.1)
    own.terminate()
    time.sleep(0.1)
    status = None
    try:
        connection.send(data[-5:])
        status = connection.read().status
    except (ConnectionClosed, OSError):
        pass
    assert own.wait_end() == 0
    connection.close()
    own.start()
    body = expect.ok(own.api(tenant.key).get(blocks(campaign) + "/begun"))
    assert body["blocked"] is (status == 200) or status is None


def test_keys_are_not_in_the_data_folder(own):
    tenants = [own.tenant() for _ in range(3)]
    for tenant in tenants:
        tenant.api.post("/blocked-leads", {"leads": [{"publicIdentifier": "a-1"}]})
    own.restart()
    own.stop()
    files = [path for path in own.data.rglob("*") if path.is_file()]
    assert files
    for path in files:
        content = path.read_bytes()
        for tenant in tenants:
            secret = tenant.key.split("_", 2)[2]
            assert tenant.key.encode() not in content, path
            assert secret.encode() not in content, path
            assert secret[:-8].encode() not in content, path
    own.start()


@pytest.mark.parametrize("plan, is_over", [("starter", False), ("pro", True), ("agency", True)])
def test_demo_works_in_a_workspace_of_its_name_without_a_good_license(plan, is_over):
    with Server("--demo") as server:
        server.stop()
        server.empty()
        workspace = server.workspace(plan, name="Demo")
        if is_over:
            server.end_license(workspace, plan)
        server.start()
        try_demo(server)
        (workspace,) = json.loads(server.cli("workspace", "list", "--json"))
        assert (workspace["plan"], workspace["expiresAt"]) == ("agency", None)


def test_demo_leaves_a_license_alone_that_is_enough():
    with Server("--demo") as server:
        (workspace,) = json.loads(server.cli("workspace", "list", "--json"))
        server.cli("workspace", "set-plan", workspace["id"], "pro", "--expires", "2999-01-01")
        server.restart()
        try_demo(server)
        assert "2999-01-01" in server.cli("workspace", "list")


def test_demo_prints_a_curl_line_that_works_at_every_start():
    with Server("--demo") as server:
        for _ in range(2):
            text = server.all_logs()
            line = [line for line in text.splitlines() if "curl" in line][-1]
            command = line[line.index("curl"):]
            result = subprocess.run(["sh", "-c", command + " -s"], capture_output=True, text=True,
                                    timeout=10)
            assert result.returncode == 0, (command, result)
            assert "success" in result.stdout or "blocked" in result.stdout, (command, result)
            assert '"success":false' not in result.stdout, (command, result)
            server.restart()


def test_each_start_of_the_demo_ends_the_key_of_the_start_before():
    """It stands in a log that others may keep. A key of the same name that a user made stays."""
    def printed():
        return re.findall(r"x-api-key: (lb_\w+)", server.log_text())[-1]

    with Server("--demo") as server:
        own = server.key("Demo", name="my own")
        first = printed()
        assert expect.ok(server.api(first).get("/campaigns/demo"))["id"] == "demo"
        server.restart()
        expect.error(server.api(first).get("/campaigns/demo"), 401, "invalid_api_key")
        for key in (printed(), own):
            assert expect.ok(server.api(key).get("/campaigns/demo"))["id"] == "demo"
        server.restart()
        rows = [row.split("\t")[1:3] for row in server.cli("key", "list", "Demo").splitlines()]
    assert sorted(rows) == [["demo", "full"], ["demo", "revoked"], ["demo", "revoked"], ["my own", "full"]]


def test_ten_starts_in_a_row(own):
    tenant = own.tenant()
    campaign = tenant.campaign()
    for number in range(10):
        api = own.api(tenant.key)
        expect.blocked_result(api.post(blocks(campaign), {"publicIdentifiers": [f"x-{number}"]}), 1)
        api.close()
        own.kill() if number % 2 else own.stop()
        own.start()
    entries = expect.ok(own.api(tenant.key).get(blocks(campaign)))
    assert [entry["publicIdentifier"] for entry in entries] == [f"x-{n}" for n in range(9, -1, -1)]


@sqlite_only("damages the file of the database")
def test_a_damaged_store_is_refused_and_left_alone(own):
    own.tenant()
    own.stop()
    stores = [path for path in own.data.rglob("*")
              if path.is_file() and path.read_bytes()[:15] == b"SQLite format 3"]
    assert stores
    good = stores[0].read_bytes()
    damaged = json.dumps({"not": "a database"}).encode() * 1000
    stores[0].write_bytes(damaged)
    beside = {path: path.read_bytes() for path in own.data.glob(stores[0].name + "-*")}
    for path in beside:
        path.unlink()
    own.spawn()
    code = own.wait_end()
    assert code == 1, own.log_text()
    assert "ready on" not in own.log_text()
    assert stores[0].read_bytes() == damaged
    for path, content in {stores[0]: good, **beside}.items():
        path.write_bytes(content)
    own.start()
