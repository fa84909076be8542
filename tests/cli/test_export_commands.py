"""leadblock export and undo, and the ids of changes, against a server that does what a test needs."""

import os
import pty
import signal
import stat
import subprocess
import threading

import pytest

from fake import Cut, Fake, blocked_all
from tests.support.server import binary, clean_environment, run
from tests.support.terminal import all_of

LIST = ('publicIdentifier,reason,createdAt,by,scope,profileUrl\r\n'
        'ann,"two\r\nlines",2026-11-24T07:31:56.123Z,CRM,campaign,https://www.linkedin.com/in/ann/\r\n'
        "bob,'=1,2026-11-24T07:31:56.124Z,CRM,campaign,https://www.linkedin.com/in/bob/\r\n")
CSV = {"Content-Type": "text/csv; charset=utf-8", "X-Total-Count": "2"}
BUSY = 429, {"success": False, "code": "overloaded", "message": "2 exports are under way."}, {"Retry-After": "1"}


@pytest.fixture
def fake():
    with Fake([(200, LIST, CSV)] * 9) as server:
        yield server


def leftovers(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_list_goes_to_standard_output_byte_for_byte(fake):
    with subprocess.Popen([binary(), "export", "q1"], env=clean_environment(fake.env),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, LIST.encode(), b"")
    (request,) = fake.requests
    assert (request["method"], request["path"]) == ("GET", "/v1/campaigns/q1/blocked-leads")
    assert request["headers"]["Accept"].startswith("text/csv")


def test_what_is_exported_is_chosen_by_options(fake):
    for arguments in (["--workspace"], ["--audit"], ["q1", "--search", "a&b"], ["--audit", "--output=-"]):
        assert run("export", *arguments, env=fake.env).code == 0
    assert [request["path"] for request in fake.requests] == [
        "/v1/blocked-leads", "/v1/audit", "/v1/campaigns/q1/blocked-leads?search=a%26b", "/v1/audit"]


@pytest.mark.parametrize("arguments", [[], ["--audit", "q1"], ["--audit", "--workspace"],
                                       ["--audit", "--search", "x"], ["q1", "q2"]])
def test_wrong_usage_asks_nothing_and_writes_nothing(fake, tmp_path, arguments):
    result = run("export", *arguments, "--output", tmp_path / "out.csv", env=fake.env)
    assert result.code == 2 and result.err
    assert fake.requests == [] and leftovers(tmp_path) == []


def test_a_file_has_its_name_when_it_is_whole(fake, tmp_path):
    path = tmp_path / "out.csv"
    result = run("export", "q1", "--output", path, env=fake.env)
    assert (result.code, result.out) == (0, f"2 rows written to {path}\n")
    assert path.read_bytes() == LIST.encode()
    assert leftovers(tmp_path) == ["out.csv"]
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask


REFUSED = 403, {"success": False, "code": "forbidden", "message": "No."}, {}


@pytest.mark.parametrize("answers", [[REFUSED], [(200, [], {})], [(200, Cut(LIST), CSV), REFUSED]],
                         ids=["refused", "earlier version", "cut"])
def test_a_failure_leaves_the_file_that_was_there(tmp_path, answers):
    path = tmp_path / "out.csv"
    path.write_text("before")
    with Fake(answers) as fake:
        result = run("export", "q1", "--output", path, env=fake.env)
    assert result.code == 1 and result.err, result
    assert path.read_text() == "before"
    assert leftovers(tmp_path) == ["out.csv"]


def test_a_link_stays_a_link_and_a_pipe_is_written(fake, tmp_path):
    (tmp_path / "real.csv").write_text("before")
    (tmp_path / "link.csv").symlink_to("real.csv")
    assert run("export", "q1", "--output", tmp_path / "link.csv", env=fake.env).code == 0
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_bytes() == LIST.encode()
    os.mkfifo(tmp_path / "pipe")
    got = []
    reading = threading.Thread(target=lambda: got.append((tmp_path / "pipe").read_bytes()))
    reading.start()
    assert run("export", "q1", "--output", tmp_path / "pipe", env=fake.env).code == 0
    reading.join()
    assert got == [LIST.encode()]
    assert run("export", "q1", "--output", "/dev/null", env=fake.env).code == 0
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_a_file_that_cannot_be_written_is_said(fake, tmp_path):
    result = run("export", "q1", "--output", tmp_path / "missing" / "out.csv", env=fake.env)
    assert result.code == 1 and "out.csv: No such file" in result.err
    result = run("export", "q1", "--output", "/dev/full", env=fake.env)
    assert result.code == 1 and "/dev/full: No space left" in result.err


def test_a_file_begins_anew_when_the_connection_was_lost(tmp_path):
    path = tmp_path / "out.csv"
    with Fake([(200, Cut(LIST), CSV), BUSY, (200, LIST, CSV)]) as fake:
        result = run("export", "q1", "--output", path, env=fake.env)
        assert (result.code, len(fake.requests)) == (0, 3), result
    assert path.read_bytes() == LIST.encode()
    assert result.out.startswith("2 rows")


def test_standard_output_cannot_begin_anew():
    with Fake([(200, Cut(LIST), CSV), (200, LIST, CSV)]) as fake:
        result = run("export", "q1", env=fake.env)
        assert (result.code, len(fake.requests)) == (1, 1), result
        assert "lost before the end" in result.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_leaves_nothing(tmp_path, number):
    asked, over = threading.Event(), threading.Event()

    def hang(request):
        asked.set()
        over.wait(20)
        return 200, LIST, CSV

    with Fake(hang) as fake:
        process = subprocess.Popen([binary(), "export", "q1", "--output", tmp_path / "out.csv"],
                                   env=clean_environment(fake.env), stderr=subprocess.PIPE)
        assert asked.wait(10)
        assert len(leftovers(tmp_path)) == 1 and leftovers(tmp_path)[0].startswith("out.csv.part-")
        process.send_signal(number)
        assert process.wait(10) == 1
        process.stderr.close()
        over.set()
    assert leftovers(tmp_path) == []


def test_a_signal_that_was_ignored_before_stays_ignored(tmp_path):
    """As a shell has it for what runs in its background."""
    begun = threading.Event()

    def interrupt(request):
        begun.wait(20)
        process.send_signal(signal.SIGINT)
        return 200, LIST, CSV

    with Fake(interrupt) as fake:
        process = subprocess.Popen(["sh", "-c", "trap '' INT; exec \"$@\"", "sh", binary(), "export", "q1", "--output",
                                    tmp_path / "out.csv"], env=clean_environment(fake.env), stdout=subprocess.DEVNULL)
        begun.set()
        assert process.wait(20) == 0
    assert leftovers(tmp_path) == ["out.csv"]


def test_a_person_sees_how_far_it_is(fake, tmp_path):
    ours, theirs = pty.openpty()
    process = subprocess.Popen([binary(), "export", "q1", "--output", tmp_path / "out.csv"],
                               env=clean_environment(fake.env), stdout=subprocess.DEVNULL, stderr=theirs)
    assert process.wait(20) == 0
    os.close(theirs)
    shown = all_of(ours)
    assert "rows" in shown and shown.endswith("\r\x1b[K"), shown


# Changes


def change(number):
    return {"X-Change-Id": f"ch_{number}"}


def test_block_and_unblock_print_the_change():
    ids = iter(range(1, 100))

    def answer(request):
        status, body, headers = blocked_all(request)
        return status, {**body, "unblocked": body["blocked"]}, change(next(ids))

    with Fake(answer) as fake:
        assert run("block", "q1", "ann", "bob", env=fake.env).out == "2 leads blocked (ch_1)\n"
        assert run("unblock", "q1", "ann", env=fake.env).out == "1 lead unblocked (ch_2)\n"
        assert run("block", "q1", "ann", "bob", "cleo", "--batch=2", env=fake.env).out == \
            "3 leads blocked (ch_3, ch_4)\n"
        assert run("block", "q1", "ann", "--json", env=fake.env).json()["changes"] == ["ch_5"]
        assert run("unblock", "q1", "ann", "--json", env=fake.env).json()["changes"] == ["ch_6"]


def test_what_changed_nothing_has_no_change_to_print():
    with Fake([(200, {"success": True, "message": "ok", "blocked": 0}, change(0))] * 2) as fake:
        assert run("block", "q1", "ann", env=fake.env).out == "0 leads blocked, 1 already blocked\n"
        assert "changes" not in run("block", "q1", "ann", "--json", env=fake.env).json()


def test_what_is_no_id_is_not_printed():
    with Fake([(200, {"success": True, "message": "ok", "blocked": 1}, {"X-Change-Id": "ch_\x1b[2J"})]) as fake:
        assert run("block", "q1", "ann", env=fake.env).out == "1 lead blocked\n"


def test_undo_asks_for_each_change_or_import_and_prints_what_came_of_it():
    undone = {"success": True, "message": "Undone: 2 leads unblocked", "blocked": 0, "unblocked": 2}
    with Fake([(200, undone, change(9))] * 3) as fake:
        result = run("undo", "ch_1", "a/b", env=fake.env)
        assert (result.code, result.out) == (0, "Undone: 2 leads unblocked (ch_9)\n" * 2)
        assert [(request["method"], request["path"]) for request in fake.requests] == [
            ("POST", "/v1/changes/ch_1/undo"), ("POST", "/v1/imports/a%2Fb/undo")]
        assert run("undo", "ch_1", "--json", env=fake.env).json() == {**undone, "changeId": "ch_9"}
    with Fake([(404, {"success": False, "code": "not_found", "message": "No such change."}, {})]) as fake:
        result = run("undo", "ch_1", "ch_2", env=fake.env)
        assert (result.code, len(fake.requests)) == (1, 1) and "No such change" in result.err


# Imports


def test_imports_are_listed_page_by_page():
    def row(number, **more):
        return {"importId": f"im_{number}", "scope": "campaign", "campaignId": "q1", "action": "block",
                "state": "done", "blocked": number, "startedAt": "2026-11-29T05:00:00.000Z",
                "by": {"type": "key", "id": "k", "name": "CRM"}, **more}

    freed = row(7, scope="workspace", campaignId=None, action="unblock", unblocked=3, state="undone")
    pages = [(200, [row(9)], {"Link": '</v1/imports?take=100&cursor=c8>; rel="next"'}),
             (200, [freed], {})]
    with Fake(pages * 2) as fake:
        result = run("imports", env=fake.env)
        assert (result.code, result.out.splitlines()) == (0, [
            "im_9\t2026-11-29T05:00:00.000Z\tdone\tblock\t9\tq1\tCRM",
            "im_7\t2026-11-29T05:00:00.000Z\tundone\tunblock\t3\tworkspace\tCRM"])
        assert [request["path"] for request in fake.requests] == [
            "/v1/imports?take=100", "/v1/imports?take=100&cursor=c8"]
        assert run("imports", "--json", env=fake.env).json() == [row(9), freed]


# Leads


def test_lead_add_sends_the_file(tmp_path):
    path = tmp_path / "people.csv"
    path.write_bytes(b"LinkedIn\nin/ann\n")
    done = {"success": True, "message": "1 lead added", "added": 1, "people": 1, "errors": [],
            "warnings": [], "bad": 0, "blank": 0}
    with Fake([(200, done, {})] * 2) as fake:
        assert run("lead", "add", "q1", "--file", path, env=fake.env).out == "1 lead added\n"
        run("lead", "add", "q1", "-", "--column", "2", "--skip-invalid", stdin="x", env=fake.env)
        assert [request["path"] for request in fake.requests] == [
            "/v1/campaigns/q1/leads/import?dryRun=false&strict=true",
            "/v1/campaigns/q1/leads/import?dryRun=false&column=2"]
        assert fake.requests[0]["raw"] == path.read_bytes()
        for wrong in (["q1"], ["q1", "ann"], ["q1", "--column", "2"]):
            assert run("lead", "add", *wrong, env=fake.env).code == 2
