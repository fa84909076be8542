"""leadblock restore: after a day of simulated life, what was lost and what works again is listed rightly, whom
the backup lacks is blocked again, and whatever fails leaves all as it was."""

import json
import re
import shutil
import sqlite3
from pathlib import Path

import pytest

from support import expect, people
from support.campaigns import Campaign, member_id
from support.codes import App
from support.server import Server, Tenant, run, unique
from support.short_memory import ShortMemory

PASSWORD = people.PASSWORD
FACTOR = "/session/second-factor"
LATER = "another horse, another battery"
MEMBER = member_id(7)


def block(api, path, *names, reason=None):
    more = {"reason": reason} if reason else {}
    body = ({"publicIdentifiers": list(names), **more} if path else
            {"leads": [{"publicIdentifier": name, **more} for name in names]})
    return expect.ok(api.post(f"{path}/blocked-leads", body))


def listed(api, path=""):
    return {entry["publicIdentifier"]: entry["reason"]
            for entry in expect.ok(api.get(f"{path}/blocked-leads?take=100"))}


class Day:
    """A server, its backup in the morning, and what happened until the disaster in the evening."""

    def __init__(self, server, folder):
        self.server = server
        self.workspace = server.workspace("agency", name="Acme")
        self.key = server.key(self.workspace, name="stays")
        self.tenant = Tenant(server, self.workspace, self.key)
        self.api = self.tenant.api
        self.revoked = server.key(self.workspace, name="revoked at noon")
        self.active = Campaign(self.tenant, "lead-1", "lead-2", name="Runs", **{"id": "runs"})
        self.deleted = self.tenant.campaign(id="deleted", name="Deleted")
        self.ann = people.person(server, "operator", email="ann@example.com")
        people.person(server, "viewer", self.workspace, email="bob@example.com")
        people.person(server, "member", self.workspace, email="eve@example.com")
        block(self.api, "", "always", "unblocked-later", reason="in the morning")
        block(self.api, "/campaigns/runs", "morning-runs")
        self.secured = {name: people.person(server, "member", self.workspace, email=f"{name}@example.com")
                        for name in ("early", "late", "renewed", "steady")}
        self.apps = {name: self.turn_on(name) for name in ("early", "renewed", "steady")}
        self.morning = people.sign_in(server, "bob@example.com")
        self.backup = folder / "morning.db"
        server.cli("backup", self.backup)
        self.live(server)

    def turn_on(self, name):
        """The second factor of that user: the app and the recovery codes."""
        who = self.secured[name]
        app = App(expect.ok(who.api.post(FACTOR, {"password": PASSWORD}))["secret"])
        response = who.api.put(FACTOR, {"code": app.code()})
        self.secured[name] = people.Session(self.server, response)
        return app, response.json()["recoveryCodes"]

    def change_factors(self):
        """One is turned off, one on, and of one the recovery codes are replaced; the last is as it was."""
        self.turn_on("late")
        for method, path, name in (("DELETE", FACTOR, "early"), ("POST", "/session/recovery-codes", "renewed")):
            body = {"password": PASSWORD, "code": self.apps[name][1][0]}
            expect.ok(self.secured[name].api.call(method, path, body))

    def live(self, server):
        self.change_factors()
        late = server.workspace("agency", name="Late")
        Tenant(server, late, server.key(late)).api.post("/blocked-leads", {"leads": [{"publicIdentifier": "lost"}]})
        self.late = late
        self.new_key = server.key(self.workspace, name="made at noon")
        keys = json.loads(server.cli("key", "list", self.workspace, "--json"))
        self.ids = {key["name"]: key["id"] for key in keys}
        server.cli("key", "revoke", self.ids["revoked at noon"])
        server.cli("user", "delete", "bob@example.com")
        people.create(server, "operator", email="new@example.com")
        changed = self.ann.api.call("PUT", "/session/password", {"currentPassword": PASSWORD, "newPassword": LATER})
        assert changed.status == 200, changed
        server.cli("workspace", "set-plan", self.workspace, "agency", "--expires", "2099-01-01")
        server.cli("workspace", "country", self.workspace, "DE")
        block(self.api, "", "afternoon-1", "afternoon-2", reason="asked at three")
        block(self.api, "/campaigns/runs", "afternoon-runs")
        self.ends = "2099-01-01T00:00:00.000Z"
        expect.ok(self.api.post("/blocklist", {"entries": [
            {"domain": "acme.com", "kind": "client", "expiresAt": self.ends, "reason": "signed at four"},
            {"email": "ann@example.com"}]}))
        expect.ok(self.api.post("/people/link", {"links": [
            {"memberId": MEMBER, "publicIdentifier": "afternoon-2"}]}))
        block(self.api, "/campaigns/deleted", "afternoon-deleted")
        block(self.api, "", "blocked-and-unblocked")
        entries = {entry["publicIdentifier"]: entry["id"] for entry in expect.ok(self.api.get("/blocked-leads"))}
        expect.ok(self.api.delete("/blocked-leads", [entries["blocked-and-unblocked"], entries["unblocked-later"]]))
        expect.ok(self.api.delete("/campaigns/deleted"))
        self.tenant.campaign(id="new", name="New")
        block(self.api, "/campaigns/new", "afternoon-new", reason="in the new one")
        response = self.api.post("/blocked-leads", {"leads": [{"publicIdentifier": "last"}]})
        self.last_change = response.header("x-change-id")


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    folder = tmp_path_factory.mktemp("day")
    with Server("--trusted-proxy", "127.0.0.1") as server:
        day = Day(server, folder)
        day.folder = folder
        server.kill()  # the disaster; what was acknowledged is in the log
        shutil.copytree(server.data, folder / "evening", copy_function=shutil.copy2,
                        ignore=shutil.ignore_patterns("*.sock"))
        yield day


def evening(day, place):
    """A copy of the data folder as the disaster left it."""
    shutil.copytree(day.folder / "evening", place)
    return place


def items(result, what):
    return {item["name"]: (item["detail"], item["count"]) for item in result[what]["items"]}


def test_a_day_is_restored_and_what_it_lost_is_listed(day, tmp_path):
    data = evening(day, tmp_path / "data")
    answer = run("restore", day.backup, "--data", data, "--replace", "--json")
    assert answer.code == 0 and answer.err == "", answer
    result = json.loads(answer.out)
    assert items(result, "PAUSED") == {"runs": ("Acme", 1)}
    assert items(result, "BLOCKED") == {"Acme": ("", 5), "Acme, campaign runs": ("", 1),
                                        "Acme, campaign deleted": ("", 1), "Acme, campaign new": ("", 1)}
    assert items(result, "UNBLOCKED_SINCE") == {"Acme": ("unblocked-later", 1)}
    assert items(result, "KEY_BACK") == {day.ids["revoked at noon"]: ("revoked at noon, workspace Acme", 1)}
    assert {name: detail for name, (detail, _) in items(result, "KEY_LOST").items() if "Acme" in detail} == {
        day.ids["made at noon"]: "made at noon, workspace Acme"}
    assert result["KEY_LOST"]["count"] == 2  # and that of the workspace that is lost
    assert items(result, "USER_BACK") == {"bob@example.com": ("viewer", 1)}
    assert items(result, "PASSWORD_BACK") == {"ann@example.com": ("operator", 1)}
    assert items(result, "FACTOR_BACK") == {
        "early@example.com": ("member, on, and was off", 1), "late@example.com": ("member, off, and was on", 1),
        "renewed@example.com": ("member, with its earlier secret or recovery codes", 1)}
    assert items(result, "USER_LOST") == {"new@example.com": ("operator", 1)}
    assert items(result, "LICENSE_BACK") == {
        day.workspace: ("Acme: agency now, and was agency until 2099-01-01T00:00:00.000Z", 1)}
    assert items(result, "COUNTRY_BACK") == {day.workspace: ("Acme: none now, and was DE", 1)}
    assert items(result, "CAMPAIGN_BACK") == {"deleted": ("Deleted, workspace Acme", 1)}
    assert items(result, "CAMPAIGN_LOST") == {"new": ("New, workspace Acme", 1)}
    assert items(result, "WORKSPACE_LOST") == {day.late: ("Late, 1 entry", 1)}
    moved = Path(result["movedTo"])
    assert moved.parent == data and result["comparedWith"] == str(moved)
    assert not [path for path in data.iterdir() if path.name.startswith("restore-")]
    assert run("verify", data).code == 0 and run("verify", moved).code == 0
    serves_what_was_said(day, data)


def serves_what_was_said(day, data):
    with Server("--trusted-proxy", "127.0.0.1", data=data) as server:
        api = server.api(day.key)
        assert listed(api) == {"always": "in the morning", "unblocked-later": "in the morning",
                               "afternoon-1": "asked at three", "afternoon-2": "asked at three", "last": None}
        typed = {(entry["type"], entry["value"], entry["kind"], entry["expiresAt"], entry["reason"])
                 for entry in expect.ok(api.get("/blocklist?take=100")) if entry["type"] != "publicIdentifier"}
        assert typed == {("domain", "acme.com", "client", day.ends, "signed at four"),
                         ("email", "ann@example.com", None, None, None)}
        assert expect.ok(api.get(f"/blocked-leads/{MEMBER}"))["blocked"] is True  # by a link
        assert set(listed(api, "/campaigns/runs")) == {"morning-runs", "afternoon-runs"}
        assert set(listed(api, "/campaigns/deleted")) == {"afternoon-deleted"}
        assert expect.ok(api.get("/campaigns/runs"))["status"] == "paused"
        made = api.post("/campaigns", {"name": "Again", "id": "new"})
        assert made.status == 201 and made.json()["carriedOver"] == 1, made
        assert listed(api, "/campaigns/new") == {"afternoon-new": "in the new one"}
        expect.ok(server.api(day.revoked).get("/campaigns"))  # as the list said
        expect.error(server.api(day.new_key).get("/campaigns"), 401, "invalid_api_key")
        assert people.sign_in(server, "ann@example.com", LATER).status == 401
        expect.ok(people.sign_in(server, "ann@example.com", PASSWORD))
        token, _ = people.cookie_of(day.morning)
        ended = server.api(headers=[("Cookie", f"leadblock_session={token}"), *people.address()]).get("/session")
        expect.error(ended, 401, "invalid_session")
        # An id of the lost afternoon names nothing, however many changes there were since.
        block(api, "", unique())
        expect.error(api.post(f"/changes/{day.last_change}/undo"), 404, "not_found")
        who = expect.ok(api.get("/blocked-leads/afternoon-1/history"))
        assert [entry["what"] for entry in who] == ["block"]


def test_for_people_it_says_what_to_do(day, tmp_path):
    data = evening(day, tmp_path / "data")
    out = run("restore", day.backup, "--data", data, "--replace").out
    assert re.search(r"^Restored .*morning.db to .*: 1 workspace, \d+ rows of the blocklist log, 3 entries$", out, re.M)
    assert "All sessions and one-time links have ended" in out
    heading = "API keys that were revoked since and work again: 1; to do: leadblock key revoke KEYID"
    assert f"{heading}\n  {day.ids['revoked at noon']}\trevoked at noon, workspace Acme\n" in out
    assert "People blocked again, by list: 8\n  Acme\t5\n" in out


def test_into_an_empty_folder_with_the_old_one_beside(day, tmp_path):
    old = evening(day, tmp_path / "old")
    data = tmp_path / "data"
    result = json.loads(run("restore", day.backup, "--data", data, "--from", old, "--json").out)
    assert (result["movedTo"], result["comparedWith"]) == ("", str(old))
    assert result["BLOCKED"]["count"] == 8
    assert data.stat().st_mode & 0o777 == 0o700


def test_without_an_old_folder_it_says_that_nothing_is_known(day, tmp_path):
    result = run("restore", day.backup, "--data", tmp_path / "data")
    assert result.code == 0 and "Compared with nothing" in result.out and "--from" in result.out, result
    assert "People blocked again" not in result.out
    assert "Campaigns that were active and are paused: 1" in result.out


# Whatever fails leaves all as it was


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*")
            if path.is_file() and path.name in ("leadblock.db", "leadblock.db-wal")}


def test_a_folder_with_a_database_is_refused_unless_told(day, tmp_path):
    data = evening(day, tmp_path / "data")
    before = contents(data)
    result = run("restore", day.backup, "--data", data)
    assert result.code == 1 and "--replace" in result.err and "Nothing was restored" in result.err, result
    assert contents(data) == before and not list(data.glob("restore-*"))


def test_a_running_server_is_refused(day, tmp_path):
    with Server(data=tmp_path / "data") as server:
        for more in ([], ["--replace"]):
            result = run("restore", day.backup, "--data", server.data, *more)
            assert result.code == 1 and "holds the data folder" in result.err, result
        assert server.alive()


def test_a_damaged_backup_is_refused(day, tmp_path):
    data = evening(day, tmp_path / "data")
    before = contents(data)
    broken = tmp_path / "broken.db"
    content = bytearray(day.backup.read_bytes())
    content[len(content) // 2:len(content) // 2 + 64] = b"x" * 64
    broken.write_bytes(content)
    result = run("restore", broken, "--data", data, "--replace")
    assert result.code == 1 and "Nothing was restored" in result.err, result
    assert contents(data) == before and not list(data.glob("restore-*")) and not list(data.glob("before-*"))


def test_an_old_folder_that_is_damaged_stops_it_and_the_database_stays(day, tmp_path):
    data = evening(day, tmp_path / "data")
    before = contents(data)
    old = evening(day, tmp_path / "old")
    (old / "leadblock.db-wal").unlink()
    result = run("restore", day.backup, "--data", data, "--from", old, "--replace")
    assert result.code == 1 and "damage" in result.err, result
    assert contents(data) == before and not list(data.glob("before-*")), list(data.iterdir())
    with Server(data=data) as server:
        assert "last" in listed(server.api(day.key))


@pytest.mark.parametrize("args,word", [
    (["absent.db"], "cannot read the backup"), (["."], "is a folder"), (["x.db", "--from", "absent"], "absent")],
    ids=lambda value: str(value))
def test_what_is_not_there_is_said(tmp_path, args, word):
    (tmp_path / "x.db").write_text("x")
    result = run("restore", *args, "--data", tmp_path / "data", cwd=tmp_path)
    assert result.code == 1 and word in result.err, result
    assert not (tmp_path / "data" / "leadblock.db").exists()


def unfilled(path):
    """As sqlite3 makes it of a path that is mistyped."""
    store = sqlite3.connect(path)
    store.execute("VACUUM")
    store.close()
    assert path.stat().st_size


def test_a_backup_without_data_is_none(day, tmp_path):
    """A copy on a full disk is empty."""
    data = evening(day, tmp_path / "data")
    before = contents(data)
    (tmp_path / "empty.db").touch()
    unfilled(tmp_path / "unfilled.db")
    for name in ("empty.db", "unfilled.db"):
        result = run("restore", tmp_path / name, "--data", data, "--replace")
        assert result.code == 1 and f"{name} is empty" in result.err, result
        assert contents(data) == before
        folder = tmp_path / "folder"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        shutil.copy(tmp_path / name, folder / "leadblock.db")
        for command, said in ((["verify", folder], "is empty: there is nothing to read"),
                              (["copy", "--from", folder, "--to", tmp_path / "new"], "is empty: there is nothing to read"),
                              (["key", "list", "Acme", "--data", folder], "there is no database"),
                              (["key", "create", "Acme", "--name", "x", "--data", folder], "there is no database")):
            result = run(*command)
            assert result.code == 1 and said in result.err, result
        assert (folder / "leadblock.db").read_bytes() == (tmp_path / name).read_bytes()
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("beside", [[], ["-mark"], ["-mark", "-wal"]], ids="".join)
def test_empty_files_in_place_of_the_database_are_nothing_to_compare_with(day, tmp_path, beside):
    """As a disk that was full at the first start leaves them."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    for end in ["", *beside]:
        (data / f"leadblock.db{end}").touch()
    created = run("key", "create", "Acme", "--name", "x", "--data", data)
    assert created.code == 1 and "there is no database" in created.err, created
    result = run("restore", day.backup, "--data", data)
    assert result.code == 0 and "Compared with nothing" in result.out, result
    assert not list(data.glob("before-*")) and run("verify", data).code == 0


def test_a_database_that_was_never_filled_is_kept_and_not_compared_with(day, tmp_path):
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    unfilled(data / "leadblock.db")
    result = run("restore", day.backup, "--data", data, "--replace")
    assert result.code == 0 and "Compared with nothing" in result.out, result
    (kept,) = data.glob("before-*")
    assert (kept / "leadblock.db").stat().st_size and run("verify", data).code == 0


def test_who_was_erased_and_is_blocked_again_is_not_told_by_a_hash(tmp_path):
    entries = [{"publicIdentifier": "ann"}, {"email": "bob@example.com"}]
    with Server() as server:
        api = server.tenant("agency").api
        expect.ok(api.post("/blocklist", {"entries": entries}))
        for entry in entries:
            assert expect.ok(api.post("/erasures", entry))["blocked"] is True
        server.cli("backup", tmp_path / "morning.db")
        assert expect.ok(api.delete("/blocklist", {"entries": entries}))["unblocked"] == 2
        server.stop()
        answer = run("restore", tmp_path / "morning.db", "--data", server.data, "--replace", "--json")
    assert answer.code == 0, answer
    [(detail, count)] = items(json.loads(answer.out), "UNBLOCKED_SINCE").values()
    assert (sorted(detail.split(", ")), count) == (["(erased)", "email (erased)"], 2)


def test_a_backup_of_an_earlier_version_is_brought_to_this_one(tmp_path):
    dump = Path(__file__).resolve().parents[1] / "vectors" / "names-before.sql"
    old = tmp_path / "old.db"
    store = sqlite3.connect(old)
    store.executescript(dump.read_text("utf-8"))
    store.close()
    result = run("restore", old, "--data", tmp_path / "data")
    assert result.code == 0, result
    assert run("verify", tmp_path / "data").code == 0


def test_names_of_the_installations_list_are_blocked_again(tmp_path):
    with Server() as server:
        tenant = server.tenant()
        server.cli_beside("installation", "block", "in-the-morning")
        backup = tmp_path / "morning.db"
        server.cli("backup", backup)
        server.cli_beside("installation", "block", "in-the-evening", "--reason", "asked", "--kind", "legal")
        server.cli_beside("installation", "unblock", "in-the-morning")
        server.kill()
        answer = run("restore", backup, "--data", server.data, "--replace", "--json")
        assert answer.code == 0, answer
        server.start()
        names = ["in-the-morning", "in-the-evening"]
        checked = expect.ok(server.api(tenant.key).post("/blocked-leads/check?details=true",
                                                        {"publicIdentifiers": names}))
        assert [told["scope"] for told in checked] == ["installation"] * 2
        (entry, _) = json.loads(server.cli_beside("installation", "list", "--json"))
        assert (entry["value"], entry["reason"], entry["kind"]) == ("in-the-evening", "asked", "legal")


OWNER = 48  # bytes that the lists of a workspace take for each campaign, and for one more


@pytest.fixture(scope="module")
def two_days(tmp_path_factory):
    """A data folder, and a backup that lacks two of its 32 campaigns, and of another one who was blocked since."""
    folder = tmp_path_factory.mktemp("two-days")
    with Server() as server:
        tenant = server.tenant()
        campaigns = [tenant.campaign() for _ in range(30)]
        block(tenant.api, f"/campaigns/{campaigns[7]}", "in-the-morning")
        server.cli("backup", folder / "morning.db")
        campaigns += [tenant.campaign() for _ in range(2)]
        block(tenant.api, f"/campaigns/{campaigns[7]}", "in-the-evening")
        server.kill()
        shutil.copytree(server.data, folder / "data", copy_function=shutil.copy2,
                        ignore=shutil.ignore_patterns("*.sock"))
    return folder


@pytest.mark.parametrize("campaigns, before", [(32, 0), (30, 1)], ids=["of before", "of the backup"])
def test_lists_that_memory_is_too_short_to_find_are_not_taken_for_absent(two_days, tmp_path, campaigns, before):
    data = shutil.copytree(two_days / "data", tmp_path / "data", copy_function=shutil.copy2)
    with ShortMemory() as memory:
        size = (campaigns + 1) * OWNER
        memory.refuse_next(size, size, before)
        result = run("restore", two_days / "morning.db", "--data", data, "--replace", env=memory.env)
        assert memory.refused == 1
    assert result.code == 1 and "Nothing was restored" in result.err, result
    assert (data / "leadblock.db").exists() and not list(data.glob("before-*")), list(data.iterdir())
