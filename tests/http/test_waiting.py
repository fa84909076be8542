"""What may end while a request waits: for the replay, for its body, for its turn."""

import json
import os
import signal
import threading
import time

from support import expect, pages
from support.client import Connection, ConnectionClosed, build
from support.marks import sqlite_only
from support.server import Server, key_id

ROWS = 50_000  # of 100 entries: about a second to replay


def fill(data, workspace, campaign):
    """Adds rows as a server would have written them, but for their digests, which a start does not
    look at."""
    with pages.changed(data) as database:
        (workspace_no,) = database.execute("SELECT no FROM workspace WHERE id = ?",
                                           [workspace]).fetchone()
        (campaign_no,) = database.execute("SELECT no FROM campaign WHERE id = ?",
                                          [campaign]).fetchone()
        rows = ((1 + 100 * row, workspace_no, 1 + 100 * row, campaign_no,
                 ",".join(f"p-{100 * row + i}" for i in range(100))) for row in range(ROWS))
        database.executemany("INSERT INTO blocklist_log (id, workspace, number, campaign, kind,"
                             " continues, key, at, items, seal) VALUES (?, ?, ?, ?, 0, 0, 0,"
                             " 1790000000000, ?, zeroblob(48))", rows)


@sqlite_only("writes 50,000 rows into the file by itself")
def test_stopping_during_the_replay_never_says_allowed():
    with Server() as server:
        tenant = server.tenant("agency")
        campaign = tenant.campaign()
        server.stop()
        fill(server.data, tenant.workspace, campaign)
        target = f"/campaigns/{campaign}/blocked-leads/p-{100 * ROWS - 1}"
        for delay in (0.05, 0.15):
            for _ in range(5):  # the replay may be over before the first answer
                bodies = stopped_after_its_first_answer(server, tenant, target, delay)
                assert all(body.get("blocked") is not False for body in bodies)
                if any(body.get("code") == "starting" for body in bodies):
                    break
            assert any(body.get("code") == "starting" for body in bodies)
        server.start()
        response = server.api(tenant.key).get(target)
        assert expect.ok(response)["blocked"] is True


def stopped_after_its_first_answer(server, tenant, target, delay):
    """The answers of a server that is started, and stopped so many seconds after the first of them."""
    server.spawn()
    port = wait_for_port(server)
    bodies, stopped = [], threading.Event()
    asker = threading.Thread(target=ask_while, args=(port, tenant.key, stopped, bodies, "/v1" + target))
    asker.start()
    limit = time.monotonic() + 20
    while not bodies and time.monotonic() < limit:
        time.sleep(0.002)
    time.sleep(delay)
    server.process.send_signal(signal.SIGTERM)
    code = server.wait_end(15)
    stopped.set()
    asker.join()
    assert code == 0
    return bodies


def wait_for_port(server):
    """The port is known to the kernel before the server says that it is ready."""
    pid, limit = server.process.pid, time.monotonic() + 20
    while time.monotonic() < limit:
        sockets = set()
        for number in range(64):
            try:
                link = os.readlink(f"/proc/{pid}/fd/{number}")
            except OSError:
                continue
            if link.startswith("socket:["):
                sockets.add(link[8:-1])
        for line in open("/proc/net/tcp").readlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in sockets:
                return int(fields[1].split(":")[1], 16)
        time.sleep(0.005)
    raise AssertionError("the server does not listen")


def ask_while(port, key, stopped, bodies, target):
    while not stopped.is_set():
        try:
            with Connection(port, timeout=5) as connection:
                while not stopped.is_set():
                    response = connection.request("GET", target, [("x-api-key", key)])
                    bodies.append(json.loads(response.body))
        except (OSError, ConnectionClosed):
            time.sleep(0.002)


def slow_post(server, key, target, body):
    """Sends all but the body, which the server waits for when this returns; a function that sends the rest."""
    connection = server.connect()
    connection.send(build("POST", target, [("x-api-key", key), ("Content-Type", "application/json"),
                                           ("Expect", "100-continue"), ("Content-Length", str(len(body)))]))
    assert connection.sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"

    def finish():
        connection.send(body)
        return connection.read("POST")

    return finish


def test_a_check_whose_campaign_was_replaced_meanwhile_is_not_answered_from_the_old_one(server, tenant):
    api = server.api(tenant.key)
    campaign = tenant.campaign()
    body = b'{"publicIdentifiers":["victim"]}'
    finish = slow_post(server, tenant.key, f"/v1/campaigns/{campaign}/blocked-leads/check", body)
    expect.ok(api.delete(f"/campaigns/{campaign}"))
    tenant.campaign(id=campaign)
    expect.blocked_result(api.post(f"/campaigns/{campaign}/blocked-leads",
                                   {"publicIdentifiers": ["victim"]}), 1)
    expect.error(finish(), 404, "campaign_not_found")


def test_a_key_revoked_while_the_body_comes_is_refused(server, tenant):
    key = tenant.new_key()
    campaign = tenant.campaign()
    for path in ("/blocked-leads/check", "/blocked-leads"):
        fresh = tenant.new_key()
        finish = slow_post(server, fresh, f"/v1/campaigns/{campaign}{path}",
                           b'{"publicIdentifiers":["somebody"]}')
        server.cli("key", "revoke", key_id(fresh))
        expect.error(finish(), 401, "invalid_api_key")
    assert server.api(key).get(f"/campaigns/{campaign}/blocked-leads").json() == []


def test_a_request_id_that_holds_a_key_is_replaced_wherever_it_is_refused(server, tenant):
    for request_id in (tenant.key, "x" + tenant.key[:60]):
        for target, extra in (("/v1/blocked-leads", [("Host", "two")]), ("/v1/blocked-leads/%00", []),
                              ("/v1/blocked-leads", [])):
            with server.connect() as connection:
                response = connection.request("GET", target, [("X-Request-Id", request_id)] + extra)
            assert response.header("x-request-id") != request_id
    assert tenant.key[:40] not in server.log_text()


def test_a_body_of_very_many_small_values_is_refused_before_it_takes_memory(server, tenant):
    campaign = tenant.campaign()
    body = b'{"publicIdentifiers":["a"],"x":[' + b"{}," * 1_300_000 + b"1]}"
    response = server.api(tenant.key).post(f"/campaigns/{campaign}/blocked-leads/check", body)
    expect.error(response, 400, "invalid_json")
    status = open(f"/proc/{server.process.pid}/status").read()
    peak_kb = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])
    assert peak_kb < 900_000 if "asan" in str(server.process.args) else peak_kb < 300_000
