"""The process and what of it the backend has no part in: addresses, folder, settings, connections at a
stop, the log."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from support import expect
from support.client import build
from support.demo import try_demo
from support.server import CONTROL, Server, binary, clean_environment, fresh_address, key_id, run, unique
from support.waiting import eventually


def blocks(campaign):
    return f"/campaigns/{campaign}/blocked-leads"


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
    assert time.monotonic() - started < 8
    for connection in idle:
        connection.close()
    own.start()


def test_the_end_of_the_terminal_stops_a_server_in_order():
    with Server() as own:
        with own.connect() as connection:
            connection.send(build("GET", "/v1/blocked-leads", [("x-api-key", own.tenant().key)]))
            own.process.send_signal(signal.SIGHUP)
            assert connection.read().status == 200
        assert own.process.wait(timeout=20) == 0


def test_nohup_lets_a_server_outlive_the_terminal():
    with contextlib.ExitStack() as stack:
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            own = stack.enter_context(Server())
        finally:
            signal.signal(signal.SIGHUP, before)
        own.process.send_signal(signal.SIGHUP)
        time.sleep(1)
        expect.ok(own.tenant().api.get("/blocked-leads"))


@pytest.mark.parametrize("threads", [1, 2])
def test_clients_that_wait_to_be_accepted_are_answered_by_a_server_that_ends(threads):
    with Server("--threads", threads) as own:
        own.process.send_signal(signal.SIGSTOP)
        waiting = [own.connect() for _ in range(300)]
        for connection in waiting:
            connection.send(build("GET", "/livez"))
        own.process.send_signal(signal.SIGTERM)
        own.process.send_signal(signal.SIGCONT)
        assert [connection.read().status for connection in waiting] == [200] * 300
        own.stop()
        own.start()


@contextlib.contextmanager
def unread_log(tmp_path, requests):
    """A server that is told to end, with a line in its log of each of so many requests; and what its log begins with.
    Of the rest no more is read than a pipe holds."""
    process = subprocess.Popen([binary(), "serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0"],
                               env=clean_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        text = b""
        while not (found := re.search(rb"ready on http://127\.0\.0\.1:(\d+)\n", text)):
            text += os.read(process.stderr.fileno(), 4096)
        with socket.create_connection(("127.0.0.1", int(found[1])), timeout=20) as client:
            client.sendall((requests - 1) * build("GET", "/none") + build("GET", "/none", [("Connection", "close")]))
            while client.recv(1 << 16):
                pass
        process.terminate()
        yield process, text
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def test_a_server_ends_although_its_log_is_not_read(tmp_path):
    with unread_log(tmp_path, 2000) as (process, _):
        assert process.wait(20) == 0


def test_a_server_that_ends_waits_for_who_reads_its_log_slowly(tmp_path):
    with unread_log(tmp_path, 2000) as (process, text):
        while piece := os.read(process.stderr.fileno(), 16384):
            text += piece
            time.sleep(0.3)
        assert process.wait(20) == 0
    assert text.count(b" info request id=") == 2000


def test_a_server_that_ends_takes_no_time_that_it_was_not_given_and_does_not_complain():
    with Server("--drain-timeout", "0", "--threads", "8") as own:
        own.stop()
        assert "drain timeout" not in own.log_text()
        own.start()


def test_a_server_that_ends_is_idle_while_it_waits_for_the_last_client():
    with Server("--drain-timeout", "4") as own:
        connection = own.connect()
        connection.send(b"GET /v1/me HTTP/1.1\r\nHo")
        assert own.api(base="").get("/livez").status == 200
        own.terminate()
        time.sleep(0.5)
        for _ in range(3):
            command = socket.socket(socket.AF_UNIX)
            with contextlib.suppress(OSError):
                command.connect(str(own.data / CONTROL))
        before = cpu_seconds(own.process.pid)
        time.sleep(2)
        assert cpu_seconds(own.process.pid) - before < 0.5
        connection.close()
        own.wait_end()
        own.start()


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
    assert time.monotonic() - started < 8, "it waited for clients that are gone"
    own.start()


def test_a_server_that_is_stopped_and_continued_again_and_again_keeps_time():
    """As cpulimit does, or a machine that is paused. A wait ends by the server's own clock."""
    with Server() as server:
        api = server.api(server.tenant().key)
        answered = threading.Event()

        def stop_and_continue():
            while not answered.is_set():
                server.process.send_signal(signal.SIGSTOP)
                server.process.send_signal(signal.SIGCONT)
                answered.wait(0.05)

        thread = threading.Thread(target=stop_and_continue)
        thread.start()
        try:
            assert expect.ok(api.get("/events?wait=1&after=now"))["events"] == []
        finally:
            answered.set()
            thread.join()


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
        assert time.monotonic() - started < 15
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
    assert "sent=no" not in lines[0]


def test_the_log_tells_of_answers_that_were_not_sent():
    with Server("--log-level", "info") as server:
        tenant = server.tenant()
        name = unique("left")
        connection = server.connect()
        connection.send(build("POST", "/v1/blocked-leads", [("x-api-key", tenant.key), ("X-Request-Id", name),
                                                            ("Content-Type", "application/json"),
                                                            ("Content-Length", "50")]) + b"{")
        connection.close()
        eventually(lambda: re.search(f"id={name} .* status=0 .* sent=no\n", server.log_text()))


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


def test_probes_that_are_well_leave_no_lines_in_the_log():
    """Proxies and engines of containers ask several times a second."""
    with Server("--log-level", "info") as server:
        name = unique("probe")
        with server.connect() as connection:
            for path, status in (("/livez", 200), ("/readyz", 200), ("/readyz?for=checks", 200), ("/readyz?for=x", 400)):
                assert connection.request("GET", path, [("X-Request-Id", name)]).status == status
            assert connection.request("GET", "/v1/openapi.json", [("X-Request-Id", name)]).status == 200
        server.stop()
        lines = [line for line in server.log_text().splitlines() if f"id={name}" in line]
        server.start()
    assert [re.search(r"route=(\S+) status=(\d+)", line).groups() for line in lines] == [
        ("/readyz", "400"), ("/v1/openapi.json", "200")]


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
    everywhere = listen in ("*:0", "0.0.0.0:0", ":0", "[::]:0", "[0:0::0]:0")
    with Server("--demo", listen=listen) as server:
        assert f"ready on http://{host}:{server.port}\n" in server.log_text()
        told = f"links for users begin with http://{host}:{server.port}, which no other machine can open"
        assert (told in server.log_text()) == everywhere
        try_demo(server)


@pytest.mark.parametrize("option", ["--public-url=http://192.168.1.10:8080", "--dashboard=false"])
def test_who_says_what_links_have_or_wants_none_is_not_told_of_them(option):
    with Server(option, listen="0.0.0.0:0") as server:
        assert "links for users" not in server.log_text()


def test_what_is_printed_goes_into_no_file_when_a_standard_stream_is_closed(tmp_path):
    """The next file that is opened would have its number: such as the lock, or a connection."""
    command = [binary(), "serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0"]
    server = subprocess.Popen(["sh", "-c", 'exec "$@" 0<&- 1>&- 2>&-', "sh", *command], env=clean_environment())
    try:
        eventually(lambda: run("ready", "--data", tmp_path / "data").code == 0)
        assert [os.readlink(f"/proc/{server.pid}/fd/{number}") for number in range(3)] == ["/dev/null"] * 3
    finally:
        server.terminate()
    assert server.wait(20) == 0
