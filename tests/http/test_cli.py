"""The command line: every command, its output for people and for programs, and its exit codes."""

import fcntl
import json
import os
import re
import shutil
import socket
import sqlite3
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support import expect, pages
from support.campaigns import member_id
from support.marks import sqlite_only
from support.server import (CommandFailed, Server, Tenant, binary, clean_environment, key_id, on_postgresql, run,
                            unique)



def commands():
    """All commands, as the program itself lists them."""
    overview = subprocess.run([binary(), "help"], capture_output=True, text=True, check=True).stdout
    listed = re.findall(r"^  ([a-z]+(?: [a-z-]+)?)  +[A-Z]", overview, re.MULTILINE)
    assert {"serve", "key create", "user reset-password", "block", "help"} <= set(listed), overview
    return listed


COMMANDS = commands()


class Client:
    """Commands that talk to the API with one key, by way of the environment."""

    def __init__(self, server, key):
        self.env = {"LEADBLOCK_URL": f"http://127.0.0.1:{server.port}", "LEADBLOCK_KEY": key}

    def __call__(self, *args, **options):
        return run(*args, env=self.env, **options)


@pytest.fixture
def client(server, tenant):
    return Client(server, tenant.key)


def done(result):
    assert result.code == 0, result
    return result.out


def failed(result, *words):
    """Refused or failed: exit code 1 and a message that says so."""
    assert result.code == 1, result
    for word in words:
        assert word.lower() in result.err.lower(), result
    assert result.err.strip(), result
    return result.err


def wrong(result, *words):
    """Wrong usage: exit code 2 and a message."""
    assert result.code == 2, result
    assert result.err.strip(), result
    for word in words:
        assert word.lower() in result.err.lower(), result


def names(api, campaign):
    entries = expect.ok(api.get(f"/campaigns/{campaign}/blocked-leads?take=100"))
    return [entry["publicIdentifier"] for entry in entries]


# Out and in again


def test_what_is_exported_is_read_back_and_can_be_undone(client, tenant, api, tmp_path):
    first, second = tenant.campaign(), tenant.campaign()
    assert re.fullmatch(r"2 leads blocked \(ch_\d+_\w{8}\)\n",
                        done(client("block", first, "ann-doe", "josé", "--reason", "=1+1, twice")))
    path = tmp_path / "out.csv"
    assert done(client("export", first, "--output", path)) == f"2 rows written to {path}\n"
    assert done(client("export", first)) == path.read_bytes().decode().replace("\r\n", "\n")
    blocked = done(client("block", second, "--file", path))
    entries = expect.ok(api.get(f"/campaigns/{second}/blocked-leads"))
    assert [(entry["publicIdentifier"], entry["reason"]) for entry in entries] == [
        ("ann-doe", "=1+1, twice"), ("josé", "=1+1, twice")]
    identity = re.fullmatch(r"2 leads blocked \((im_\w{16})\)\n", blocked)[1]
    undone = re.fullmatch(r"Undone: 2 leads unblocked \((ch_\d+_\w{8})\)\n", done(client("undo", identity)))
    assert undone[1] in done(client("export", "--audit"))
    assert names(api, second) == []
    assert len(names(api, first)) == 2


def test_a_file_that_was_imported_is_undone_whole(client, tenant, api, tmp_path):
    campaign = tenant.campaign()
    path = tmp_path / "people.txt"
    path.write_text("".join(f"person-{number}\n" for number in range(15_000)))
    said = done(client("block", campaign, "--file", path, timeout=60))
    identity = re.fullmatch(r"15000 leads blocked \((im_\w{16})\)\n", said).group(1)
    row = done(client("imports")).splitlines()[0].split("\t")
    assert [row[0], *row[2:6]] == [identity, "done", "block", "15000", campaign]
    assert done(client("undo", identity, timeout=60)) == "Undone: 15000 leads unblocked\n"
    assert names(api, campaign) == []
    assert client("imports", "--json").json()[0]["state"] == "undone"


def test_leads_of_a_file(client, tenant, api, tmp_path):
    campaign = tenant.campaign()
    path = tmp_path / "people.csv"
    path.write_text("First name,URL\nAnn,linkedin.com/in/ann-doe\nBob,\n")
    result = client("lead", "add", campaign, "--file", path)
    assert done(result) == "1 lead added, 1 row blank\n"
    assert "line 3" in result.err
    (lead,) = expect.ok(api.get(f"/campaigns/{campaign}/leads"))
    assert (lead["publicIdentifier"], lead["firstName"]) == ("ann-doe", "Ann")


# Help and usage


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    for args in ([*command.split(), "--help"], ["help", *command.split()]):
        result = run(*args)
        assert result.code == 0, result
        assert f"leadblock {command.split()[0]}" in result.out, result
        assert not result.err, result


def test_help_lists_every_command():
    for args in (["help"], ["--help"]):
        out = done(run(*args))
        for command in COMMANDS:
            assert command.split()[0] in out, command


def test_help_of_a_command_names_its_options():
    assert "--plan" in done(run("help", "workspace", "create"))
    assert "--listen" in done(run("serve", "--help"))
    assert "--file" in done(run("block", "--help"))
    assert "--json" in done(run("list", "--help"))


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits_80_columns(command):
    """How a command is used stays one line."""
    for line in done(run("help", *command.split())).splitlines():
        assert len(line) <= 80 or line.startswith("usage: "), line


def test_help_keeps_words_and_what_is_set_in_columns():
    out = done(run("help", "send"))
    assert "\n  75        not now: try again later\n  126, 127  cannot be run" in out
    assert "no more is claimed than can run at once, and nothing in advance" in " ".join(out.lower().split())
    settings = done(run("help", "serve"))
    assert re.search(r"^ {31}\S.*LEADBLOCK_LISTEN$", settings, re.MULTILINE), settings


def test_help_lists_every_command_that_the_table_has():
    table = Path(__file__).resolve().parents[2] / "src" / "cli" / "main.c"
    in_table = re.findall(r'^    {"([a-z -]+)",', table.read_text(), re.MULTILINE)
    assert sorted(COMMANDS) == sorted(in_table) and len(set(in_table)) == len(in_table)


def test_help_has_the_commands_in_groups():
    """Each once, below the heading of what it is for."""
    groups = re.split(r"^(\w[\w ]+):\n", done(run("help")), flags=re.MULTILINE)[1:]
    headings = dict(zip(groups[::2], groups[1::2]))
    assert list(headings)[:4] == ["First steps", "Daily work", "Operation", "Data"]
    listed = {command: heading for heading, text in headings.items()
              for command in re.findall(r"^  ([a-z]+(?: [a-z-]+)?)  +[A-Z]", text, re.MULTILINE)}
    for command, heading in {"serve": "First steps", "key create": "First steps", "check": "Daily work",
                             "key revoke": "Operation", "doctor": "Operation", "backup": "Data"}.items():
        assert listed[command] == heading
    assert sorted(listed) == sorted(COMMANDS)


LIBRARIES = {"SQLite", "libpq", "libsodium", "libcurl", "utf8proc", "xxHash",
             "zlib"}


def test_version_says_what_the_program_is():
    out = done(run("version"))
    assert done(run("--version")) == out
    first, *rest = out.splitlines()
    assert re.fullmatch(r"leadblock \d+\.\d+\.\d+", first)
    lines = dict(line.split(maxsplit=1) for line in rest)
    assert re.fullmatch(r"[0-9a-f]{7,40}(-dirty)?|unknown", lines["commit"])
    assert re.fullmatch(r"[a-z+,]+, (gcc|clang) \d+\.\d+.*", lines["build"])
    assert re.fullmatch(r"SQLite \d+, PostgreSQL \d+", lines["schema"])
    libraries = dict(item.split() for item in lines["libraries"].split(", "))
    assert libraries.keys() == LIBRARIES
    assert all(re.match(r"\d+\.\d+", number) for number in libraries.values()), libraries
    assert libraries["SQLite"] == sqlite3.sqlite_version
    body = run("version", "--json").json()
    assert f"leadblock {body['version']}" == first
    assert (body["commit"], body["libraries"]) == (lines["commit"], libraries)
    assert f"{body['build']['type']}, {body['build']['compiler']}" == lines["build"]
    assert "SQLite {sqlite}, PostgreSQL {postgresql}".format(**body["schema"]) == lines["schema"]


@sqlite_only("reads the number from the file")
def test_ready_says_whether_the_running_server_answers_checks(tmp_path):
    with Server() as server:
        assert json.loads(server.cli("ready"))["status"] == "ready"
        server.stop()
        failed(run("ready", "--data", server.data), "no server of this data folder is running")
    failed(run("ready", "--data", tmp_path / "none"), "no server of this data folder is running")
    assert not (tmp_path / "none").exists()
    (tmp_path / "file").touch()
    failed(run("ready", "--data", tmp_path / "file"), "file is not a folder")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("command", ["ready", "top"])
def test_another_user_is_not_told_that_no_server_runs(command, tmp_path):
    """A health check that runs as the wrong user, say."""
    program = Path("/tmp") / unique("leadblock-copy")  # where every user may look
    shutil.copy(binary(), program)
    try:
        with Server() as server:
            result = subprocess.run([program, command, "--data", server.data], user=65534, group=65534, extra_groups=[],
                                    env=clean_environment({}), capture_output=True, text=True)
    finally:
        program.unlink()
    assert result.returncode == 1 and "is closed to this user" in result.stderr, result


def test_the_schema_version_is_the_one_of_a_new_folder(tmp_path):
    done(run("workspace", "create", "Acme", "--plan", "pro", "--data", tmp_path))
    with sqlite3.connect(f"file:{tmp_path}/leadblock.db?mode=ro", uri=True) as store:
        (number,) = store.execute("PRAGMA user_version").fetchone()
    assert run("version", "--json").json()["schema"]["sqlite"] == number


def test_the_log_says_at_the_start_what_runs_and_on_what():
    version = run("version", "--json").json()
    with Server() as server:
        tenant = server.tenant()
        tenant.api.post(f"/campaigns/{tenant.campaign()}/blocked-leads",
                        {"publicIdentifiers": ["a-1", "b-2"]})
        server.stop()
        server.start()
        server.stop()  # which writes down what the log still holds back
        log = server.all_logs()
    ready = [line for line in log.splitlines() if " info ready " in line]
    fields = dict(re.findall(r'(\w+)=("[^"]*"|\S+)', ready[-1]))
    assert len(ready) == 2 and int(fields["entries"]) >= 2, log
    assert (fields["version"], fields["commit"]) == (version["version"], version["commit"])
    assert fields["data"].strip('"') == str(server.data)
    assert re.fullmatch(r"\d+\.\d{3}", fields["seconds"])
    assert re.match("postgresql://" if on_postgresql() else "sqlite$", fields["database"].strip('"'))


@pytest.mark.parametrize("args", [
    ["nonsense"], ["workspace"], ["workspace", "nonsense"], ["key"], ["campaign"],
    ["workspace", "create"], ["workspace", "create", "Name"],
    ["workspace", "create", "Name", "--plan", "gold"], ["workspace", "create", "A", "B", "--plan",
                                                        "pro"],
    ["workspace", "create", "Name", "--plan", "pro", "--expires", "tomorrow"],
    ["workspace", "create", "Name", "--plan", "pro", "--expires", "2027-02-30"],
    ["workspace", "set-plan", "ws_x"], ["workspace", "country", "ws_x"], ["key", "create"], ["key", "revoke"], ["key", "list"],
    ["campaign", "create", "ws_x"], ["campaign", "list"], ["backup"], ["block"], ["unblock"],
    ["check"], ["send"], ["send", "c"], ["list", "--nonsense", "x"],
    ["block", "c", "--batch", "0"], ["version", "extra"],
    ["workspace", "list", "--json=yes"], ["help", "nonsense"],
    ["workspace", "create", "Name", "--plan"]], ids=" ".join)
def test_wrong_usage_is_exit_2_with_a_message(tmp_path, args):
    env = {"LEADBLOCK_KEY": "x", "LEADBLOCK_URL": "http://127.0.0.1:1"}
    result = run(*args, cwd=tmp_path, env=env)
    wrong(result)
    assert not (tmp_path / "leadblock-data").exists(), "wrong usage must not make a folder"


def test_without_a_command_the_usage_is_shown_with_exit_2():
    result = run()
    assert result.code == 2
    assert "usage" in (result.out + result.err).lower()


@pytest.mark.parametrize("database", ["postgresq://host/name", "mysql://u:secret@host/name", ""])
def test_a_database_that_is_none_is_refused(tmp_path, database):
    """Not taken for the data folder: the workspace would be in a place where nobody looks."""
    err = failed(run("workspace", "create", "A", "--plan", "pro", "--data", tmp_path / "data",
                     "--database", database))
    assert "--database" in err and "secret" not in err, err
    assert not list(tmp_path.glob("data/*.db"))


def test_a_misspelt_command_or_option_gets_a_suggestion():
    wrong(run("blokc"), "block")
    wrong(run("workspace", "create", "x", "--paln", "pro"), "--plan")


# Workspaces, keys, campaigns: with a server and without


@pytest.fixture(params=["running", "stopped"])
def folder(request):
    """A data folder, with or without a server on it; `api` starts one when it is stopped."""
    with Server() as server:
        if request.param == "stopped":
            server.stop()
        server.mode = request.param
        yield server
        if not server.alive():
            server.start()


def api_of(folder, key):
    if not folder.alive():
        folder.start()
    return folder.api(key)


def test_workspace_create_prints_the_id_alone(folder):
    out = done(folder.run("workspace", "create", "Acme", "--plan", "pro"))
    assert re.fullmatch(r"ws_[A-Za-z0-9]+\n", out), out
    body = folder.run("workspace", "create", "Two", "--plan", "agency", "--expires", "2999-01-01",
                      "--json").json()
    assert body["id"].startswith("ws_") and body["id"] != out.strip()


def test_workspace_list_shows_what_there_is(folder):
    one = folder.workspace("starter", name="Über Ünique")
    two = folder.workspace("pro", "--expires", "2030-05-06", name="Second")
    text = done(folder.run("workspace", "list"))
    for word in (one, "Über Ünique", "starter", two, "Second", "pro", "2030-05-06"):
        assert word in text, text
    body = folder.run("workspace", "list", "--json").json()
    assert isinstance(body, list)
    entries = {entry["id"]: entry for entry in body}
    assert entries[one]["plan"] == "starter" and entries[two]["plan"] == "pro"
    assert entries[one]["name"] == "Über Ünique"


def test_set_plan_changes_the_license(folder):
    workspace = folder.workspace("starter")
    done(folder.run("workspace", "set-plan", workspace, "agency", "--expires", "2999-01-01"))
    assert '"agency"' in done(folder.run("workspace", "list", "--json"))
    failed(folder.run("workspace", "set-plan", "ws_missing", "pro"), "ws_missing")
    wrong(folder.run("workspace", "set-plan", workspace, "gold"), "gold")


def test_set_country_says_whose_national_numbers_are_meant(folder):
    workspace = folder.workspace("starter")

    def shown():
        return json.loads(done(folder.run("workspace", "list", "--json")))[-1]["defaultCountry"]

    assert shown() is None
    for word, printed in (("at", "AT"), ("DE", "DE"), ("none", "none")):
        assert done(folder.run("workspace", "country", workspace, word)) == f"{printed}\n"
        assert shown() == (None if word == "none" else printed)
    assert json.loads(done(folder.run("workspace", "country", workspace, "DE", "--json")))["defaultCountry"] == "DE"
    assert done(folder.run("workspace", "list")).splitlines()[-1].split("\t")[-1].split()[-1] == "DE"
    failed(folder.run("workspace", "country", "ws_missing", "DE"), "ws_missing")
    for word in ("Germany", "ZZ", "D", ""):
        wrong(folder.run("workspace", "country", workspace, word), "two letters")
    assert shown() == "DE"


def test_key_create_prints_a_key_that_works(folder):
    workspace = folder.workspace()
    out = done(folder.run("key", "create", workspace, "--name", "One"))
    assert re.fullmatch(r"lb_[A-Za-z0-9]+_[A-Za-z0-9]+\n", out), "the key alone"
    body = folder.run("key", "create", workspace, "--name", "Two", "--read-only", "--json").json()
    assert body["key"].startswith("lb_" + body["id"] + "_")
    assert api_of(folder, out.strip()).get("/blocked-leads").status == 200
    assert api_of(folder, body["key"]).get("/blocked-leads").status == 200
    expect.error(api_of(folder, body["key"]).post("/campaigns", {"name": "x"}), 403, "forbidden")
    failed(folder.run("key", "create", "ws_missing", "--name", "x"), "ws_missing")


def test_key_list_shows_everything_but_the_keys(folder):
    workspace = folder.workspace()
    one = folder.key(workspace, name="First key")
    two = folder.key(workspace, "--read-only", "--expires", "2031-01-01", name="Second key")
    folder.cli("key", "revoke", key_id(two))
    text = done(folder.run("key", "list", workspace))
    for word in (key_id(one), "First key", key_id(two), "Second key"):
        assert word in text, text
    machine = done(folder.run("key", "list", workspace, "--json"))
    entries = {entry["id"]: entry for entry in json.loads(machine)}
    assert entries.keys() == {key_id(one), key_id(two)}
    for key in (one, two):
        secret = key.split("_", 2)[2]
        assert secret[:12] not in text and secret[:12] not in machine


def test_key_revoke(folder):
    workspace = folder.workspace()
    key = folder.key(workspace)
    done(folder.run("key", "revoke", key_id(key)))
    expect.error(api_of(folder, key).get("/blocked-leads"), 401, "invalid_api_key")
    done(folder.run("key", "revoke", key_id(key)))  # again: a retry is safe
    failed(folder.run("key", "revoke", "nosuchkey"), "nosuchkey", "does not exist")


def test_a_whole_key_given_to_revoke_is_not_repeated_in_the_message(folder):
    key = folder.key(folder.workspace())
    result = folder.run("key", "revoke", key)
    secret = key.split("_", 2)[2]
    assert secret not in result.err + result.out, result


def test_campaign_create_and_list(folder):
    workspace = folder.workspace()
    out = done(folder.run("campaign", "create", workspace, "Q1 outreach"))
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}\n", out), "the id alone"
    assert done(folder.run("campaign", "create", workspace, "Own", "--id", "own-1")) == "own-1\n"
    failed(folder.run("campaign", "create", workspace, "Again", "--id", "own-1"), "own-1")
    assert folder.run("campaign", "create", workspace, "Bad", "--id", "a b").code in (1, 2)
    text = done(folder.run("campaign", "list", workspace))
    for word in (out.strip(), "Q1 outreach", "own-1", "Own", "draft"):
        assert word in text, text
    body = folder.run("campaign", "list", workspace, "--json").json()
    assert {entry["id"] for entry in body} == {out.strip(), "own-1"}
    failed(folder.run("campaign", "list", "ws_missing"), "ws_missing")


def test_campaign_create_with_settings(folder):
    workspace = folder.workspace()
    on = done(folder.run("campaign", "create", workspace, "On", "--block-on-reply",
                         "--skip-contacted", "90", "--stop-colleagues")).strip()
    some = done(folder.run("campaign", "create", workspace, "Some", "--stop-colleagues")).strip()
    assert folder.run("campaign", "create", workspace, "Bad", "--skip-contacted", "0").code == 2
    settings = {entry["id"]: entry["settings"]
                for entry in folder.run("campaign", "list", workspace, "--json").json()}
    assert settings == {on: {"blockOnReply": True, "skipContacted": {"days": 90},
                             "stopColleagues": True}, some: {"stopColleagues": True}}


def test_campaign_set_changes_settings_and_name(folder):
    workspace = folder.workspace()
    campaign = done(folder.run("campaign", "create", workspace, "Q1", "--stop-colleagues")).strip()

    def change(*options):
        return folder.run("campaign", "set", workspace, campaign, *options)

    if folder.mode == "stopped":
        failed(change("--block-on-reply"), "no server")
        return
    said = done(change("--block-on-reply", "--skip-contacted", "90"))
    assert said.splitlines() == ["block-on-reply\ton", "skip-contacted\t90 days", "stop-colleagues\ton"]
    said = done(change("--off", "skip-contacted,stop-colleagues"))
    assert said.splitlines() == ["block-on-reply\ton", "skip-contacted\toff", "stop-colleagues\toff"]
    assert change("--name", "Q2", "--json").json()["name"] == "Q2"
    (entry,) = folder.run("campaign", "list", workspace, "--json").json()
    assert (entry["name"], entry["settings"]) == ("Q2", {"blockOnReply": True})
    for wrong in ([], ["--skip-contacted", "0"], ["--off", "name"], ["--off", ""],
                  ["--block-on-reply", "--off", "block-on-reply"]):
        assert change(*wrong).code == 2
    failed(folder.run("campaign", "set", workspace, "a/b", "--name", "x"), "a/b")
    failed(folder.run("campaign", "set", "ws_missing", campaign, "--name", "x"), "ws_missing")


def test_what_was_made_without_a_server_is_there_with_one(folder):
    if folder.mode != "stopped":
        pytest.skip("the server runs")
    workspace = folder.workspace()
    key = folder.key(workspace)
    campaign = folder.cli("campaign", "create", workspace, "Before")
    api = api_of(folder, key)
    assert expect.ok(api.get(f"/campaigns/{campaign}"))["name"] == "Before"
    folder.stop()
    folder.cli("campaign", "create", workspace, "After", "--id", "after")
    folder.start()
    assert expect.ok(folder.api(key).get("/campaigns/after"))["name"] == "After"


def test_a_first_command_makes_the_folder_for_its_owner_only(tmp_path):
    data = tmp_path / "new" / "data"
    result = run("workspace", "create", "Acme", "--plan", "pro", "--data", data)
    if result.code != 0:
        data.parent.mkdir()
        result = run("workspace", "create", "Acme", "--plan", "pro", "--data", data)
    done(result)
    assert stat.S_IMODE(data.stat().st_mode) & 0o077 == 0


def test_the_data_folder_may_come_from_the_environment(tmp_path):
    env = {"LEADBLOCK_DATA": str(tmp_path / "data")}
    workspace = done(run("workspace", "create", "Acme", "--plan", "pro", env=env)).strip()
    assert workspace in done(run("workspace", "list", env=env))
    assert workspace in done(run("workspace", "list", "--data", tmp_path / "data"))


def test_a_long_data_folder_works_though_socket_names_are_short(tmp_path):
    data = tmp_path / ("x" * 100) / ("y" * 100)
    data.parent.mkdir()
    with Server(data=data) as server:
        tenant = server.tenant()
        assert tenant.api.get("/blocked-leads").status == 200
        assert tenant.workspace in server.cli("workspace", "list")


def test_names_of_any_kind_survive(folder):
    for name in ("Ünï ☂ 'quoted' \"double\" \\ back", "a,b;c", "-leading", "🎻" * 20):
        workspace = done(run("workspace", "create", "--plan", "pro", *folder.place, "--",
                             name)).strip()
        entries = folder.run("workspace", "list", "--json").json()
        assert [entry["name"] for entry in entries if entry["id"] == workspace] == [name]


def start_together(count, command):
    """Runs command(number) for so many numbers at once; the results."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(command, range(count)))


def test_many_commands_at_once_on_a_folder_without_a_server(tmp_path):
    """Each opens the store by itself: they wait for each other, and each does its work."""
    data = tmp_path / "data"
    for _ in range(3):
        results = start_together(12, lambda number: run("workspace", "create", f"W{number}",
                                                        "--plan", "pro", "--data", data))
        for result in results:
            assert result.code == 0, result
        listed = {entry["id"] for entry in run("workspace", "list", "--json", "--data",
                                               data).json()}
        assert {result.out.strip() for result in results} <= listed
    assert len(listed) == 36
    assert not list(data.glob("*.sock"))


def test_commands_at_once_reach_a_server_that_comes_up_meanwhile():
    with Server() as server:
        server.stop()
        held = open(server.data / "lock", "r+")
        fcntl.flock(held, fcntl.LOCK_EX)
        command = subprocess.Popen(
            [binary(), "workspace", "create", "Acme", "--plan", "pro", *map(str, server.place)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with command:
            assert "waiting" in command.stderr.readline()
            assert command.poll() is None
            held.close()
            try:
                server.start()
            except CommandFailed:  # the command was faster
                command.wait(30)
                server.start()
            out, err = command.communicate(timeout=30)
        assert command.returncode == 0, err
        assert out.strip() in done(server.run("workspace", "list"))


def test_a_command_does_not_ask_the_engine_of_another_one(tmp_path):
    """What answers on the other's socket is about to end."""
    data = tmp_path / "data"
    done(run("workspace", "create", "First", "--plan", "pro", "--data", data))
    with open(data / "lock", "r+") as lock, socket.socket(socket.AF_UNIX) as other:
        fcntl.flock(lock, fcntl.LOCK_EX)
        other.bind(str(data / "command.sock"))
        other.listen()
        other.settimeout(0.5)
        command = subprocess.Popen([binary(), "workspace", "list", "--data", data],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with pytest.raises(TimeoutError):
            other.accept()
        lock.close()
        out, err = command.communicate(timeout=30)
    assert command.returncode == 0 and "First" in out, err


@pytest.fixture(scope="module")
def crowded():
    """A folder with one workspace of 10,001 campaigns and a name that is long in a URL."""
    with Server() as server:
        name = "🎻 Ünï/" * 14
        workspace = server.workspace(name=name)
        server.stop()
        with pages.changed(server.data) as store:
            (number,) = store.execute("SELECT no FROM workspace WHERE id = ?",
                                      (workspace,)).fetchone()
            store.executemany("INSERT INTO campaign (workspace, id, name, status, created_at) "
                              "VALUES (?, ?, ?, 'draft', ?)",
                              [(number, f"c-{n}", f"Campaign {n}", 1_700_000_000_000 + n)
                               for n in range(10_001)])
        server.start()
        yield server, workspace, name


@sqlite_only("writes 10,001 rows into the file by itself")
def test_campaign_list_shows_more_than_one_page(crowded):
    server, workspace, name = crowded
    wanted = {f"c-{n}" for n in range(10_001)}
    for who in (workspace, name):
        lines = done(server.run("campaign", "list", who)).splitlines()
        assert len(lines) == 10_001 and {line.split("\t")[0] for line in lines} == wanted, who
        body = server.run("campaign", "list", who, "--json").json()
        assert len(body) == 10_001 and {entry["id"] for entry in body} == wanted, who


def test_campaign_list_of_none_is_an_empty_list(folder):
    workspace = folder.workspace()
    assert done(folder.run("campaign", "list", workspace)) == ""
    assert folder.run("campaign", "list", workspace, "--json").json() == []


@pytest.mark.parametrize("mode, warned", [(0o755, True), (0o710, True), (0o700, False)])
def test_what_a_command_makes_is_for_its_owner_only(tmp_path, mode, warned):
    data = tmp_path / "data"
    data.mkdir()
    data.chmod(mode)
    result = run("workspace", "create", "Acme", "--plan", "pro", "--data", data)
    done(result)
    assert stat.S_IMODE((data / "leadblock.db").stat().st_mode) == 0o600
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in data.iterdir())
    assert ("open to other users" in result.err) == warned, result
    assert result.err.count("\n") == warned


# Blocking


def test_block_and_unblock(client, api, campaign):
    out = done(client("block", campaign, "john-doe", "https://linkedin.com/in/Jane-Smith"))
    assert "2" in out
    assert names(api, campaign) == ["jane-smith", "john-doe"]
    body = client("block", campaign, "john-doe", "third", "--reason", "asked", "--json").json()
    assert body["blocked"] == 1
    entries = expect.ok(api.get(f"/campaigns/{campaign}/blocked-leads"))
    assert (entries[0]["publicIdentifier"], entries[0]["reason"]) == ("third", "asked")
    done(client("unblock", campaign, "john-doe"))
    assert names(api, campaign) == ["third", "jane-smith"]
    assert client("unblock", campaign, "john-doe", "third", "--json").json()["unblocked"] == 1


def test_url_and_key_as_options_win_over_the_environment(server, tenant, api, campaign):
    options = ["--url", f"http://127.0.0.1:{server.port}/", "--key", tenant.key]
    done(run("block", campaign, "by-option", *options,
             env={"LEADBLOCK_KEY": "wrong", "LEADBLOCK_URL": "http://127.0.0.1:1"}))
    assert names(api, campaign) == ["by-option"]


FILES = {
    "plain lines": "a-1\nb-2\nc-3\n",
    "no line end at the end": "a-1\nb-2\nc-3",
    "Windows line ends": "a-1\r\nb-2\r\nc-3\r\n",
    "empty lines": "\na-1\n\n\nb-2\n  \nc-3\n\n",
    "byte order mark": "\ufeffa-1\nb-2\nc-3\n",
    "a header alone": "publicIdentifier\na-1\nb-2\nc-3\n",
    "a header among others": "name,publicIdentifier,city\n"
                             "\"Doe, John\",a-1,Rome\nJane,b-2,\"New\nYork\"\n\"\",c-3,\n",
    "a header with a byte order mark": "\ufeffpublicIdentifier,name\r\na-1,x\r\nb-2,y\r\nc-3,z\r\n",
    "duplicates": "a-1\nA-1\nin/a-1\nb-2\nc-3\nc-3\n",
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_block_from_a_file(client, api, campaign, tmp_path, content):
    path = tmp_path / "people.csv"
    path.write_bytes(content.encode())
    done(client("block", campaign, "--file", path))
    assert sorted(names(api, campaign)) == ["a-1", "b-2", "c-3"]


VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "files"


@pytest.mark.parametrize("name", [
    "01-linkedin-connections.csv", "30-utf16le-tab.txt", "34-semicolon.csv", "53-german-header.csv",
    "79-markdown-list.md", "83-lines-comma.txt"])
def test_files_as_people_have_them_are_blocked(client, api, campaign, name):
    expected = json.loads((VECTORS / "expected.json").read_text())[name]["blocked"]
    done(client("block", campaign, "--file", VECTORS / name))
    assert sorted(names(api, campaign)) == sorted(expected)
    lines = done(client("check", campaign, "--file", VECTORS / name)).splitlines()
    assert {line for line in lines} == {f"{person}\tblocked" for person in expected}
    done(client("unblock", campaign, "--file", VECTORS / name))
    assert names(api, campaign) == []


def test_block_from_standard_input(client, api, campaign):
    done(client("block", campaign, "--file", "-", stdin="a-1\nb-2\n"))
    assert sorted(names(api, campaign)) == ["a-1", "b-2"]


def test_block_a_large_file(client, api, campaign, tmp_path):
    path = tmp_path / "many.txt"
    path.write_text("".join(f"person-{number}\n" for number in range(25_000)))
    body = client("block", campaign, "--file", path, "--json", timeout=60).json()
    assert body["blocked"] == 25_000
    page = api.get(f"/campaigns/{campaign}/blocked-leads")
    assert page.header("x-total-count") == "25000"
    again = client("block", campaign, "--file", path, "--json", timeout=60)
    assert (again.json()["blocked"], again.json()["already"]) == (0, 25_000)


def test_nobody_is_blocked_while_the_column_is_not_certain(client, api, campaign, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("Vorname;Nachname;Kontakt\nann;doe;a-1\nbob;roe;b-2\n")
    failed(client("block", campaign, "--file", path, "--skip-invalid"), "--column", "Vorname",
           "Nachname", "Kontakt")
    assert names(api, campaign) == []
    done(client("block", campaign, "--file", path, "--column", "3"))
    assert sorted(names(api, campaign)) == ["a-1", "b-2"]
    lines = done(client("check", campaign, "--file", path, "--column", "Kontakt"))
    assert lines == "a-1\tblocked\nb-2\tblocked\n"
    done(client("unblock", campaign, "--file", path, "--column", "3"))
    assert names(api, campaign) == []


def test_a_file_is_blocked_as_a_whole_or_not_at_all(client, api, campaign, tmp_path):
    """A fault in the last line is found before anything is recorded."""
    path = tmp_path / "people.txt"
    people = "".join(f"person-{number}\n" for number in range(2_500))
    for last in ("not an id", "a-1 b-2"):
        path.write_text(people + last)
        failed(client("block", campaign, "--file", path), "line 2501", "nothing was recorded")
    assert names(api, campaign) == []


def test_a_bad_line_is_named_and_nothing_is_blocked(client, api, campaign, tmp_path):
    path = tmp_path / "people.txt"
    path.write_text("a-1\nnot an id\nc-3\n")
    failed(client("block", campaign, "--file", path), "not an id", "2")
    assert names(api, campaign) == []


def test_skip_invalid_blocks_the_rest_and_lists_what_it_left_out(client, api, campaign, tmp_path):
    path = tmp_path / "people.txt"
    path.write_text("a-1\nnot an id\nc-3\n")
    result = client("block", campaign, "--file", path, "--skip-invalid")
    assert result.code in (0, 1), result
    assert "not an id" in result.out + result.err
    assert sorted(names(api, campaign)) == ["a-1", "c-3"]


def test_a_bad_identifier_is_named(client, api, campaign):
    failed(client("block", campaign, "good", "a b"), "a b")
    assert names(api, campaign) == []


def test_a_file_that_is_not_there(client, campaign, tmp_path):
    failed(client("block", campaign, "--file", tmp_path / "missing.csv"), "missing.csv")


def test_an_empty_file_is_no_success(client, campaign, tmp_path):
    path = tmp_path / "empty.csv"
    path.write_text("")
    result = client("block", campaign, "--file", path)
    assert result.code in (1, 2) and result.err.strip(), result


def test_no_identifier_at_all_is_wrong_usage(client, campaign):
    wrong(client("block", campaign))
    wrong(client("unblock", campaign))
    wrong(client("check", campaign))


def test_check(client, campaign):
    client("block", campaign, "a-1")
    out = done(client("check", campaign, "A-1", "b-2"))
    lines = {name: line for line in out.splitlines() for name in ("a-1", "b-2") if name in line}
    assert "blocked" in lines["a-1"] and lines["a-1"].replace("a-1", "") != lines["b-2"].replace(
        "b-2", "")
    body = client("check", campaign, "A-1", "b-2", "--json").json()
    assert body == {"blocked": ["a-1"], "allowed": ["b-2"]}


def test_check_quiet_answers_by_its_exit_code(client, campaign):
    client("block", campaign, "a-1")
    for args, code in ((["b-2"], 0), (["b-2", "a-1"], 1)):
        result = client("check", campaign, *args, "--quiet")
        assert (result.code, result.out) == (code, "")


def test_list(client, campaign):
    for name in ("john-doe", "jane-smith"):
        client("block", campaign, name, "--reason", "why not")
    out = done(client("list", campaign))
    assert out.index("jane-smith") < out.index("john-doe")
    assert "why not" in out
    body = client("list", campaign, "--json").json()
    assert [entry["publicIdentifier"] for entry in body] == ["jane-smith", "john-doe"]
    out = done(client("list", campaign, "--search", "JANE"))
    assert "jane-smith" in out and "john-doe" not in out
    assert client("list", campaign, "--search", "JANE", "--json").json()[0]["reason"] == "why not"


def test_list_shows_all_pages(client, api, campaign):
    many = [f"person-{number}" for number in range(350)]
    api.post(f"/campaigns/{campaign}/blocked-leads", {"publicIdentifiers": many})
    body = client("list", campaign, "--json").json()
    assert [entry["publicIdentifier"] for entry in body] == many[::-1]


def test_an_empty_list(client, campaign):
    assert client("list", campaign, "--json").json() == []
    done(client("list", campaign))


def test_workspace_in_place_of_campaign(server):
    tenant = server.tenant()
    client = Client(server, tenant.key)
    done(client("block", "--workspace", "a-1", "b-2", "--reason", "client"))
    entries = expect.ok(tenant.api.get("/blocked-leads"))
    assert [(entry["publicIdentifier"], entry["reason"]) for entry in entries] == [
        ("b-2", "client"), ("a-1", "client")]
    body = client("list", "--workspace", "--json").json()
    assert [entry["publicIdentifier"] for entry in body] == ["b-2", "a-1"]
    assert "b-2" in done(client("list", "--workspace", "--search", "b-"))
    done(client("unblock", "--workspace", "a-1"))
    entries = expect.ok(tenant.api.get("/blocked-leads"))
    assert [entry["publicIdentifier"] for entry in entries] == ["b-2"]


def test_names_of_every_type_are_listed_and_come_back_from_a_file(server, tmp_path):
    tenant = server.tenant()
    client = Client(server, tenant.key)
    done(client("block", "--workspace", "--domain", "acme.com", "--kind", "client", "--reason", "ours"))
    done(client("block", "--workspace", "ann-doe"))
    listed = [line.split("\t") for line in done(client("list", "--workspace", "--all-types")).splitlines()]
    assert [(row[0], row[1], row[3], row[4]) for row in listed] == [
        ("publicIdentifier", "ann-doe", "", ""), ("domain", "acme.com", "client", "ours")]
    path = tmp_path / "all.csv"
    assert done(client("export", "--workspace", "--all-types", "--output", path)) == f"2 rows written to {path}\n"
    campaign = tenant.campaign()
    done(client("block", campaign, "--all-types", "--file", path))
    entries = client("list", campaign, "--all-types", "--json").json()
    assert sorted((entry["value"], entry["kind"]) for entry in entries) == [("acme.com", "client"), ("ann-doe", None)]
    other = tenant.campaign()
    wrong(client("block", other, "--file", path), "--all-types")
    wrong(client("block", other, "-", stdin=path.read_text()), "--all-types")
    assert client("list", other, "--all-types", "--json").json() == []
    wrong(client("export", "--audit", "--all-types"))
    wrong(client("export", campaign, "--workspace"), "CAMPAIGN")


def test_a_user_s_role_and_workspace_fit_each_other(tmp_path):
    for args, words in ((["--role", "boss"], "operator, member or viewer"), (["--role", "member"], "--in"),
                        (["--role", "viewer"], "--in"), (["--role", "operator", "--in", "Acme"], "--in")):
        wrong(run("user", "create", "ada@example.com", *args, "--data", tmp_path / "data"), words)
    assert not (tmp_path / "data").exists()


def test_a_statement_about_what_is_no_person_says_why_there_is_none(folder):
    err = failed(folder.run("evidence", folder.workspace(), "--lead", "ada@example.com"), "ada@example.com", "e-mail")
    assert '"errors"' not in err


def test_unblock_of_the_workspace_takes_exactly_the_named_person(server):
    """No similar name."""
    tenant = server.tenant()
    client = Client(server, tenant.key)
    done(client("block", "--workspace", "john", "john-doe", "big-john", "johnny"))
    done(client("unblock", "--workspace", "John"))
    left = [entry["publicIdentifier"] for entry in expect.ok(tenant.api.get("/blocked-leads"))]
    assert sorted(left) == ["big-john", "john-doe", "johnny"]


def test_unblock_leaves_the_entry_of_another_name_of_the_person_and_says_so(server):
    tenant = server.tenant()
    client, api, campaign = Client(server, tenant.key), tenant.api, tenant.campaign()
    expect.ok(api.post("/people/link", {"links": [{"memberId": member_id(1), "publicIdentifier": name}
                                                  for name in ("anna-old", "anna-new")]}))
    done(client("block", "--workspace", "anna-old"))
    for place, said in (("--workspace", "is blocked in the workspace by another name: anna-old"),
                        (campaign, "is still blocked by another name: anna-old")):
        result = client("unblock", place, "anna-new")
        assert done(result) == "0 leads unblocked, 1 not blocked there\n"
        assert result.err == f"'anna-new': {said}\n"
    assert done(client("check", "--workspace", "anna-new")) == "anna-new\tblocked\n"
    done(client("block", "--workspace", "anna-new"))
    result = client("unblock", "--workspace", "anna-new")
    assert "1 lead unblocked" in done(result)
    assert result.err == "'anna-new': is still blocked by another name: anna-old\n"
    assert [entry["publicIdentifier"] for entry in expect.ok(api.get("/blocked-leads"))] == ["anna-old"]
    assert done(client("unblock", "--workspace", "anna-old")).startswith("1 lead unblocked")
    assert done(client("check", "--workspace", "anna-new")) == "anna-new\tallowed\n"


def test_messages_say_what_to_do(server, client, campaign):
    url = f"http://127.0.0.1:{server.port}"
    failed(run("list", campaign, "--url", url), "LEADBLOCK_KEY")
    failed(run("list", campaign, "--url", url, "--key", "nonsense"), "key")
    failed(client("list", "nosuch"), "nosuch")
    failed(client("block", "nosuch", "a-1"), "nosuch")
    starter = server.tenant("starter")
    result = Client(server, starter.key)("block", starter.campaign(), "a-1")
    failed(result, "license")


def test_no_server_is_exit_1_and_names_the_address():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        failed(run("list", "c", "--url", url, "--key", "x"), url)
    failed(run("list", "c", "--url", "ftp://x", "--key", "x"), "http")


def test_no_output_ever_shows_the_key(server, tenant, campaign):
    client = Client(server, tenant.key)
    for args in (["list", "nosuch"], ["block", campaign, "a b"], ["list", campaign],
                 ["check", campaign, "x"]):
        result = client(*args)
        assert tenant.key not in result.out + result.err
    result = run("list", campaign, "--key", tenant.key, "--url", "http://127.0.0.1:1")
    assert tenant.key not in result.out + result.err


def test_a_reason_that_is_too_long(client, api, campaign):
    assert client("block", campaign, "a-1", "--reason", "x" * 501).code in (1, 2)
    assert names(api, campaign) == []


# Backup


def database(folder):
    (found,) = [path for path in folder.rglob("*")
                if path.is_file() and path.read_bytes()[:15] == b"SQLite format 3"]
    return found


def open_copy(server, copy, tmp_path):
    """A new server on a folder that holds the backup as its store."""
    data = tmp_path / "restored"
    data.mkdir(mode=0o700)
    shutil.copy(copy, data / database(server.data).name)
    return Server(data=data)


@sqlite_only("pg_dump makes the backups there")
def test_a_backup_while_the_server_writes_can_be_opened_by_another_server(tmp_path):
    import threading
    with Server() as server:
        tenant = server.tenant()
        campaign = tenant.campaign(id="kept")
        path = f"/campaigns/{campaign}/blocked-leads"
        tenant.api.post(path, {"publicIdentifiers": [f"p-{n}" for n in range(5000)],
                               "reason": "r"})
        stop = threading.Event()

        def write():
            api, number = server.api(tenant.key), 0
            while not stop.is_set():
                number += 1
                api.post(path, {"publicIdentifiers": [f"during-{number}-{n}" for n in range(3)]})
            api.close()

        thread = threading.Thread(target=write)
        thread.start()
        try:
            copy = tmp_path / "backup.db"
            done(server.run("backup", copy))
        finally:
            stop.set()
            thread.join()
        assert stat.S_IMODE(copy.stat().st_mode) & 0o077 == 0, "it holds people's names"
        connection = sqlite3.connect(copy)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()
        with open_copy(server, copy, tmp_path) as second:
            api = second.api(tenant.key)
            response = api.post(path + "/check",
                                {"publicIdentifiers": [f"p-{n}" for n in range(5000)]})
            assert expect.ok(response)["allowed"] == []
            total = int(api.get(path).header("x-total-count"))
            assert total >= 5000 and (total - 5000) % 3 == 0, "whole requests only"
            assert expect.ok(api.get(path + "/p-7"))["reason"] == "r"
            expect.blocked_result(api.post(path, {"publicIdentifiers": ["after"]}), 1)
        assert expect.ok(tenant.api.get(path + "/after"))["blocked"] is False


@sqlite_only("pg_dump makes the backups there")
def test_a_backup_without_a_server(tmp_path):
    with Server() as server:
        tenant = server.tenant()
        tenant.api.post("/blocked-leads", {"leads": [{"publicIdentifier": "a-1"}]})
        server.stop()
        copy = tmp_path / "backup.db"
        done(server.run("backup", copy))
        with open_copy(server, copy, tmp_path) as second:
            entries = expect.ok(second.api(tenant.key).get("/blocked-leads"))
            assert [entry["publicIdentifier"] for entry in entries] == ["a-1"]
        server.start()


@sqlite_only("pg_dump makes the backups there")
def test_a_backup_never_overwrites(server, tmp_path):
    copy = tmp_path / "backup.db"
    copy.write_text("precious")
    failed(server.run("backup", copy), "backup.db")
    assert copy.read_text() == "precious"
    failed(server.run("backup", tmp_path / "missing" / "backup.db"), "missing")
    result = server.run("backup", "relative.db", cwd=tmp_path)
    done(result)
    assert (tmp_path / "relative.db").exists(), "relative to where the command was given"
    again = server.run("backup", tmp_path / "third.db", "--json")
    assert isinstance(json.loads(done(again)), dict)


@sqlite_only("pg_dump makes the backups there")
def test_a_tenant_survives_a_backup_with_its_license_and_keys(tmp_path):
    with Server() as server:
        tenant = server.tenant("pro")
        server.end_license(tenant.workspace)
        campaign = tenant.campaign()
        revoked = tenant.new_key()
        server.cli("key", "revoke", key_id(revoked))
        copy = tmp_path / "backup.db"
        done(server.run("backup", copy))
        with open_copy(server, copy, tmp_path) as second:
            restored = Tenant(second, tenant.workspace, tenant.key)
            response = restored.api.post(f"/campaigns/{campaign}/blocked-leads",
                                         {"publicIdentifiers": [unique()]})
            expect.error(response, 403, "license_expired")
            expect.error(second.api(revoked).get("/campaigns"), 401, "invalid_api_key")
