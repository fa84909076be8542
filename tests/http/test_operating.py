"""What operators rely on: variables that are misspelt are named, looking changes nothing, exit codes are as
docs/operations.md says."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from support import pages
from support.marks import sqlite_only
from support.server import Server, binary, clean_environment, on_postgresql, run, unique
from support.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]


def warnings(server):
    return [line for line in server.log_text().splitlines() if " warn settings " in line]


def test_a_variable_that_is_not_a_setting_is_named_with_what_may_have_been_meant():
    """A secret in it is not shown; what is known, also to commands alone, is not named."""
    env = {"LEADBLOCK_LISTN": "0.0.0.0:1", "LEADBLOCK_DATABASE_PASSWORD": "s3cret-pass",
           "LEADBLOCK_": "s3cret-pass", "LEADBLOCK_KEY": "lb_x", "LEADBLOCK_URL": "http://x",
           "LEADBLOCK_MAX_ATTEMPTS": "3"}
    with Server(env=env) as server:
        server.stop()
        found = sorted(warnings(server))
        server.start()
    assert len(found) == 3, found
    texts = " ".join(found)
    assert "LEADBLOCK_LISTN is not a setting; did you mean LEADBLOCK_LISTEN?" in texts
    assert "LEADBLOCK_DATABASE_PASSWORD is not a setting" in texts
    assert "s3cret" not in server.all_logs() and "0.0.0.0:1" not in texts


def test_without_such_a_variable_nothing_is_said():
    with Server() as server:
        server.stop()
        assert warnings(server) == []
        server.start()


LOOKING = [["workspace", "list"], ["key", "list", "Acme"], ["user", "list"], ["campaign", "list", "Acme"],
           ["evidence", "Acme"], ["evidence", "--public-key"], ["doctor", "--names"]]
CHANGING = [["key", "create", "Acme", "--name", "x"], ["key", "revoke", "k_1"], ["campaign", "create", "Acme", "x"],
            ["user", "delete", "a@example.com"], ["user", "reset-password", "a@example.com"],
            ["workspace", "set-plan", "Acme", "pro"]]


@sqlite_only("about the data folder")
@pytest.mark.parametrize("command", LOOKING + CHANGING, ids=" ".join)
def test_where_there_is_no_data_nothing_is_made(tmp_path, command):
    """Neither a folder, nor in a folder that is there a file."""
    for data in (tmp_path / "absent", tmp_path):
        result = run(*command, "--data", data)
        assert result.code == 1, result
        assert str(data) in result.err and "leadblock.db" in result.err or "no database" in result.err, result
        assert list(tmp_path.iterdir()) == []
    (tmp_path / "leadblock-data").mkdir()
    assert run(*command, cwd=tmp_path).code == 1
    assert list(tmp_path.rglob("*")) == [tmp_path / "leadblock-data"]


@sqlite_only("about the data folder")
def test_a_backup_of_nothing_makes_neither_a_database_nor_a_copy(tmp_path):
    result = run("backup", tmp_path / "copy.db", "--data", tmp_path / "absent")
    assert result.code == 1 and "no database" in result.err, result
    assert list(tmp_path.iterdir()) == []


@sqlite_only("about the data folder")
def test_a_folder_that_lost_its_database_gets_no_new_one_from_looking(tmp_path):
    with Server(data=tmp_path / "data") as server:
        server.stop()
        database = server.data / "leadblock.db"
        database.rename(tmp_path / "elsewhere")
        result = server.run("workspace", "list")
        assert result.code == 1 and "damage" in result.err and not database.exists(), result
        (tmp_path / "elsewhere").rename(database)
        server.start()


@pytest.mark.parametrize("make", [["workspace", "create", "Acme", "--plan", "pro"],
                                  ["user", "create", "a@example.com", "--role", "operator"]], ids=" ".join)
@sqlite_only("about the data folder")
def test_the_first_workspace_or_user_makes_the_database(tmp_path, make):
    data = tmp_path / "data"
    assert run(*make, "--data", data).code == 0
    assert (data / "leadblock.db").exists()


@pytest.mark.skipif(not on_postgresql(), reason="of a database in PostgreSQL")
def test_looking_at_a_database_in_postgresql_leaves_no_folder(tmp_path):
    with Server() as server:
        server.workspace(name="Seen")
        server.stop()
        before = set(os.listdir("/tmp"))
        result = run("workspace", "list", "--database", server.database, cwd=tmp_path)
        assert result.code == 0 and "Seen" in result.out, result
        assert list(tmp_path.iterdir()) == []
        # Those of commands of other tests, which run beside this one, go away by themselves.
        left = [Path("/tmp", name) for name in set(os.listdir("/tmp")) - before if re.fullmatch(r"leadblock-\w{6}", name)]
        eventually(lambda: not any(path.exists() for path in left))
        server.start()


# Exit codes


def exit_codes():
    """The rows of the table in docs/operations.md: code, then what it is said to mean."""
    text = (ROOT / "docs" / "operations.md").read_text()
    table = text.split("## Exit codes", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `?([^|]+?)`? \| (.+?) \| (.+?) \| (.+?) \|$", table, re.MULTILINE)[1:]


def test_the_table_of_exit_codes_has_the_rows_that_are_tried_here():
    assert [row[0] for row in exit_codes()] == [
        "all commands", "serve", "check --quiet", "send", "backup`, `restore", "doctor", "verify", "copy"]


@pytest.fixture(scope="module")
def place():
    with Server() as server:
        tenant = server.tenant()
        campaign = tenant.campaign()
        env = {"LEADBLOCK_URL": f"http://127.0.0.1:{server.port}", "LEADBLOCK_KEY": tenant.key}
        yield server, campaign, env


def test_0_is_done_1_refused_2_wrong_usage(place):
    server, campaign, env = place
    assert run("block", campaign, unique(), env=env).code == 0
    assert run("block", campaign, "not a name", env=env).code == 1
    assert run("block", "no-such-campaign", unique(), env=env).code == 1
    assert run("block", campaign, "--nonsense", env=env).code == 2
    assert run("block", campaign, unique(), env={**env, "LEADBLOCK_URL": "http://127.0.0.1:9"}).code == 1
    assert server.run("workspace", "set-plan", "no-such-workspace", "pro").code == 1
    assert server.run("workspace", "create", "x", "--plan", "gold").code == 2


def test_output_that_does_not_get_through_is_1():
    with open("/dev/full", "w") as full:
        result = subprocess.run([binary(), "help"], stdout=full, stderr=subprocess.PIPE, env=clean_environment())
    assert result.returncode == 1 and b"standard output" in result.stderr


def test_check_says_with_quiet_whether_someone_is_blocked(place):
    _, campaign, env = place
    blocked = unique()
    assert run("block", campaign, blocked, env=env).code == 0
    for names, quiet, loud in (([unique()], 0, 0), ([blocked], 1, 0), ([unique(), blocked], 1, 0)):
        assert run("check", campaign, *names, "--quiet", env=env).code == quiet
        assert run("check", campaign, *names, env=env).code == loud
    assert run("check", campaign, "not a name", "--quiet", env=env).code == 1


def test_serve_is_0_after_a_stop_1_when_it_cannot_start_2_for_a_wrong_setting(tmp_path):
    with Server() as server:
        server.stop()  # asserts 0
        with Server(data=server.data, database=server.database) as holder:
            assert holder.alive()
            assert run("serve", *server.place, "--listen", "127.0.0.1:0").code == 1
        server.start()
    assert run("serve", "--data", tmp_path, "--threads", "many").code == 2
    assert run("serve", "--data", tmp_path, env={"LEADBLOCK_LOG_LEVEL": "loud"}).code == 2
    for setting, value in (("--listen", "nope"), ("--listen", "::1:8080"), ("--public-url", "nope"),
                           ("--require-second-factor", "all")):
        result = run("serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0", setting, value)
        assert result.code == 2 and setting in result.err and value in result.err, result


def test_a_paused_campaign_is_1_for_send(place):
    server, campaign, env = place
    assert run("send", campaign, "--once", "--exec", "true", env=env).code == 1
    assert run("send", campaign, "--exec", "true", "--parallel", "0", env=env).code == 2


@sqlite_only("of a data folder")
def test_verify_and_copy_are_1_for_a_difference(tmp_path):
    with Server(data=tmp_path / "one") as server:
        tenant = server.tenant()
        assert tenant.api.post("/blocked-leads", {"leads": [{"publicIdentifier": "ann"}]}).status == 200
    with Server(data=tmp_path / "two"):
        pass
    assert run("verify", tmp_path / "one").code == 0
    assert run("copy", "--from", tmp_path / "one", "--to", tmp_path / "two", "--verify").code == 1
    with pages.changed(tmp_path / "one") as database:
        database.execute("UPDATE blocklist_log SET reason = 'another'")
    assert run("verify", tmp_path / "one").code == 1
    assert run("verify").code == 2
