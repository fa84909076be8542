"""Starting, stopping, restarting; what is on disk and in the log afterwards."""

import json
import re
import socket
import subprocess
import threading
import time

import pytest

from support import expect
from support.client import ConnectionClosed, build
from support.marks import sqlite_only
from support.server import Server, clean_environment, binary, fresh_address, key_id, run, unique


def blocks(campaign):
    return f"/campaigns/{campaign}/blocked-leads"


@pytest.fixture
def own():
    """A server that the test may stop and kill."""
    with Server() as server:
        yield server


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
        time.sleep(0.4)
        own.stop() if how == "stop" else own.kill()
        stop.set()
        for thread in threads:
            thread.join()
        own.start()
        assert len(acknowledged) > 50
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


def test_sigterm_with_idle_and_half_sent_connections_still_ends_soon():
    with Server("--drain-timeout", "2") as own:
        check_sigterm_with_connections(own)


def check_sigterm_with_connections(own):
    tenant = own.tenant()
    idle = [own.connect() for _ in range(20)]
    for connection in idle[:10]:
        connection.send(build("GET", "/v1/blocked-leads", [("x-api-key", tenant.key)]))
        assert connection.read().status == 200
    for connection in idle[10:15]:
        connection.send(b"POST /v1/blocked-leads HTTP/1.1\r\nHost: x\r\n")
    started = time.monotonic()
    own.stop()
    assert time.monotonic() - started < 4
    for connection in idle:
        connection.close()
    own.start()


def test_clients_that_left_in_the_middle_of_a_request_are_let_go_at_once(own):
    """Their last bytes and the end of the stream arrive together: no further event will come."""
    whole = build("POST", "/v1/blocked-leads", [("x-api-key", "x"), ("Content-Length", "50")])
    for data in (b"G", whole[:40], whole + b"{"):
        for _ in range(10):
            connection = own.connect()
            connection.send(data)
            connection.close()
    time.sleep(1.5)
    started = time.monotonic()
    own.stop()
    assert time.monotonic() - started < 4, "it waited for clients that are gone"
    own.start()


def test_two_servers_on_one_port_the_second_refuses(own):
    with_port = Server(listen=f"127.0.0.1:{own.port}")
    try:
        started = time.monotonic()
        with_port.spawn()
        code = with_port.wait_end()
        assert code == 1, with_port.log_text()
        text = with_port.log_text()
        assert str(own.port) in text and "use" in text, text
        assert "ready on" not in text
        assert time.monotonic() - started < 5
    finally:
        with_port.kill()
        with_port.remove()
    assert own.connect().request("GET", "/livez").status == 200


def test_two_servers_on_one_folder_the_second_refuses(own):
    tenant = own.tenant()
    second = Server(data=own.data)
    try:
        second.spawn()
        code = second.wait_end()
        assert code == 1, second.log_text()
        text = second.log_text()
        assert str(own.data) in text, text
        assert "ready on" not in text
    finally:
        second.kill()
        second.remove()
    campaign = tenant.campaign()
    expect.blocked_result(tenant.api.post(blocks(campaign), {"publicIdentifiers": ["a-1"]}), 1)


def test_the_folder_is_free_again_after_a_kill(own):
    own.kill()
    own.start()
    assert own.connect().request("GET", "/readyz").status == 200


@pytest.mark.parametrize("listen", ["", "nonsense", "127.0.0.1", "127.0.0.1:99999", "127.0.0.1:x",
                                    "256.1.1.1:0", "127.0.0.1:-1"])
def test_an_address_that_cannot_be_used_is_refused_with_a_message(tmp_path, listen):
    result = run("serve", "--data", tmp_path / "data", "--listen", listen, timeout=10)
    assert result.code in (1, 2), result
    assert result.err.strip() and "ready on" not in result.err


def test_a_data_folder_that_cannot_be_made_is_refused_with_a_message(tmp_path):
    (tmp_path / "file").write_text("in the way")
    result = run("serve", "--data", tmp_path / "file" / "data", "--listen", "127.0.0.1:0",
                 timeout=10)
    assert result.code == 1, result
    assert str(tmp_path / "file") in result.err


@pytest.mark.parametrize("args", [["--threads", "x"], ["--threads", "-1"], ["--threads", ""],
                                  ["--max-identifiers", "0x5"], ["--trusted-proxy", "10.0.0.0/99"],
                                  ["--trusted-proxy", "x"], ["--log-level", "loud"], ["--nothing"],
                                  ["--threads"], ["extra"]], ids=" ".join)
def test_wrong_usage_of_serve_is_exit_2(tmp_path, args):
    result = run("serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0", *args, timeout=10)
    assert result.code == 2, result
    assert result.err.strip() and "ready on" not in result.err


def test_settings_come_from_the_environment_too(tmp_path):
    import subprocess
    env = clean_environment({"LEADBLOCK_DATA": str(tmp_path / "from-env"),
                             "LEADBLOCK_LISTEN": "127.0.0.1:0", "LEADBLOCK_THREADS": "1"})
    process = subprocess.Popen([binary(), "serve"], env=env, cwd=tmp_path, stderr=subprocess.PIPE,
                               text=True)
    try:
        for line in process.stderr:
            if "ready on" in line:
                break
        else:
            raise AssertionError("never ready")
        assert (tmp_path / "from-env").is_dir()
        process.terminate()
        assert process.wait(15) == 0
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def test_the_data_folder_is_for_its_owner_only(own):
    own.tenant()
    assert own.data.stat().st_mode & 0o077 == 0
    for path in own.data.rglob("*"):
        if path.is_socket():
            assert path.stat().st_mode & 0o077 == 0, path


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


def test_the_log_shows_no_key_and_no_more_than_three_characters_of_a_person():
    with Server("--trusted-proxy", "127.0.0.0/8", "--log-level", "debug") as server:
        tenant = server.tenant()
        api = tenant.api
        campaign = tenant.campaign()
        path = blocks(campaign)
        person, reason = "zebedee-wanderlust", "quoteworthy-reason"
        revoked = tenant.new_key()
        server.cli("key", "revoke", key_id(revoked))
        api.post(path, {"publicIdentifiers": [person], "reason": reason})
        api.get(f"{path}/{person}")
        api.get(f"{path}/https%3A%2F%2Fwww.linkedin.com%2Fin%2F{person}")
        api.get(f"{path}?search={person}")
        api.post(path + "/check", {"publicIdentifiers": [person, person + "-two"]})
        api.post(path, {"publicIdentifiers": [person + " bad", 5]})
        api.post("/blocked-leads", {"leads": [{"publicIdentifier": person, "reason": reason}]})
        (entry,) = expect.ok(api.get("/blocked-leads"))
        api.delete("/blocked-leads", [entry["id"], person])
        change = api.delete(path, {"publicIdentifiers": [person]}).header("x-change-id")
        api.post(f"/changes/{change}/undo")
        api.post(path, f'{{"publicIdentifiers":["{person}"'.encode())
        api.get(f"/nothing/{person}")
        api.post(f"/blocked-leads/{person}")
        for bad in (revoked, tenant.key[:-1] + "x", "lb_mistyped_" + "q" * 40):
            response = api.get("/blocked-leads", key=bad,
                               headers=[("X-Forwarded-For", fresh_address())])
            assert response.status == 401
        api.get(f"/blocked-leads?key={tenant.key}")
        api.get("/blocked-leads", headers=[("User-Agent", tenant.key), ("Prefer", tenant.key)])
        server.restart()
        server.api(tenant.key).get(f"{path}/{person}")
        server.stop()
        logs = server.all_logs()
        server.start()
    assert "ready on" in logs
    assert person[:4] not in logs
    assert reason not in logs
    for key in (tenant.key, revoked):
        secret = key.split("_", 2)[2]
        assert key not in logs and secret not in logs and secret[:12] not in logs
    assert "q" * 40 not in logs


def test_a_request_leaves_one_line_with_its_id_and_status():
    with Server("--log-level", "info") as server:
        tenant = server.tenant()
        name = unique("request")
        tenant.api.get("/blocked-leads", headers=[("X-Request-Id", name)])
        server.stop()
        lines = [line for line in server.log_text().splitlines() if name in line]
        server.start()
    assert len(lines) == 1, lines
    assert "200" in lines[0]


def test_the_log_shows_the_address_that_a_trusted_proxy_names():
    with Server("--trusted-proxy", "127.0.0.0/8", "--log-level", "info") as server:
        api = server.tenant().api
        wanted = {}
        for forwarded, shown in ((fresh_address(), None), ("2001:DB8:0::7", "2001:db8::7"),
                                 ("::ffff:10.9.8.7", "10.9.8.7"), (None, "127.0.0.1")):
            name = unique("request")
            wanted[name] = shown or forwarded
            api.get("/blocked-leads", headers=[("X-Request-Id", name)] +
                    [("X-Forwarded-For", forwarded)] * bool(forwarded))
        server.stop()
        lines = [line.split() for line in server.log_text().splitlines() if " request " in line]
        server.start()
    for name, address in wanted.items():
        (words,) = [words for words in lines if f"id={name}" in words]
        assert f"client={address}" in words, words
    operators = [words for words in lines if any("route=/admin" in word for word in words)]
    assert operators and all("client=local" in words for words in operators)


def test_the_log_believes_no_other_client_about_its_address():
    with Server("--log-level", "info") as server:
        server.tenant().api.get("/blocked-leads", headers=[("X-Forwarded-For", "10.1.2.3")])
        server.stop()
        text = server.log_text()
        server.start()
    assert "10.1.2.3" not in text and "client=127.0.0.1" in text


def test_a_request_id_cannot_forge_a_log_line():
    with Server("--log-level", "info") as server:
        tenant = server.tenant()
        tenant.api.get("/blocked-leads%0aforged", headers=[("X-Request-Id", 'x" forged="1')])
        server.stop()
        text = server.log_text()
        server.start()
    assert "forged=" not in text
    assert not any(line.startswith("forged") for line in text.splitlines())


def try_demo(server):
    """Runs the first line that the demo printed as it stands."""
    line = re.search(r"curl -X POST(?:.*\\\n)*.*", server.log_text()).group()
    result = subprocess.run(["sh", "-c", line + " -s"], capture_output=True, text=True, timeout=10)
    assert result.returncode == 0 and '"success":true' in result.stdout, (line, result)


@pytest.mark.parametrize("license", [["starter"], ["pro", "--expires", "2020-01-01"],
                                     ["agency", "--expires", "2020-01-01"]], ids=" ".join)
def test_demo_works_in_a_workspace_of_its_name_without_a_good_license(license):
    with Server("--demo") as server:
        server.stop()
        server.empty()
        server.workspace(*license, name="Demo")
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


@pytest.mark.parametrize("listen, host", [("*:0", "127.0.0.1"), ("0.0.0.0:0", "127.0.0.1"),
                                          (":0", "127.0.0.1"), ("[::]:0", "[::1]"),
                                          ("[0:0::0]:0", "[::1]"), ("[::1]:0", "[::1]"),
                                          ("127.0.0.2:0", "127.0.0.2"),
                                          ("localhost:0", "localhost")])
def test_the_urls_that_are_printed_can_be_asked_for(listen, host):
    try:
        family, _, _, _, address = socket.getaddrinfo(host.strip("[]"), 0)[0]
        socket.socket(family).bind(address)
    except OSError:
        pytest.skip(f"this machine has no {host}")
    with Server("--demo", listen=listen) as server:
        assert f"ready on http://{host}:{server.port}\n" in server.log_text()
        try_demo(server)


def test_demo_prints_a_curl_line_that_works_at_every_start():
    with Server("--demo") as server:
        keys = []
        for _ in range(2):
            text = server.all_logs()
            line = [line for line in text.splitlines() if "curl" in line][-1]
            command = line[line.index("curl"):]
            result = subprocess.run(["sh", "-c", command + " -s"], capture_output=True, text=True,
                                    timeout=10)
            assert result.returncode == 0, (command, result)
            assert "success" in result.stdout or "blocked" in result.stdout, (command, result)
            assert '"success":false' not in result.stdout, (command, result)
            keys.append([word for word in command.replace("'", " ").replace('"', " ").split()
                         if word.startswith("lb_")][0])
            server.restart()
        for key in keys:
            body = expect.ok(server.api(key).get("/campaigns/demo"))
            assert body["id"] == "demo"


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
