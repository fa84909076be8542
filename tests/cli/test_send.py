"""send: programs that are run for a campaign's activities, against a server that does what a test
needs."""

import json
import os
import pty
import signal
import subprocess
import threading
import time

import pytest

from fake import KEY, Campaign, Fake, activity
from tests.support.server import binary, clean_environment, run
from tests.support.terminal import all_of


class Started:
    """The command while it runs."""

    def __init__(self, fake, *args, before=(), **options):
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        self.process = subprocess.Popen([*before, binary(), "send", "q1", *map(str, args)], text=True,
                                        stdin=subprocess.DEVNULL, env=clean_environment(fake.env),
                                        **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def signal(self, number):
        self.process.send_signal(number)

    def end(self, timeout=60):
        self.out, self.err = self.process.communicate(timeout=timeout)
        return self.process.returncode


def until(condition, limit=30):
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def send(fake, program, *args, **options):
    return run("send", "q1", "--exec", program, *args, env=fake.env, **options)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def one(program, *args, **fields):
    """Runs a program for one activity; the result of the command and the body of the report."""
    campaign = Campaign([activity(1, **fields)])
    with Fake(campaign) as fake:
        result = send(fake, program, *args)
    assert len(campaign.results) == 1, result
    return result, campaign.results[0]


# What a program gets


def test_the_activity_comes_as_one_line_of_json(tmp_path):
    given = activity(1, message='Hi "Jane",\n\u00fcber/all \U0001f600', variables={"n": "1"})
    campaign = Campaign([given])
    with Fake(campaign) as fake:
        result = send(fake, f"cat > {tmp_path}/in")
    assert result.code == 0, result
    text = (tmp_path / "in").read_text()
    assert json.loads(text) == given
    assert text.endswith("}\n") and text.count("\n") == 1
    assert campaign.claims[0][0] == {"max": 1, "leaseSeconds": 300}
    assert campaign.results == [{"id": "ac_1_1", "leaseToken": "token-1", "result": "done"}]
    assert result.out == "lead-1\tmessage\tdone\n"


def test_variables_name_what_there_is_to_do_and_hold_no_key(tmp_path):
    campaign = Campaign([activity(1, message="two\nlines"),
                         activity(2, type="visit_profile", message=None, publicIdentifier=None,
                                  memberId="ACoAAA1")])
    with Fake(campaign) as fake:
        fake.env["LEADBLOCK_MESSAGE"] = fake.env["OTHER"] = "from outside"
        result = send(fake, f"env -0 > {tmp_path}/$LEADBLOCK_ACTIVITY_ID")
    seen = [dict(line.split("=", 1) for line in (tmp_path / name).read_text().split("\0") if line)
            for name in ("ac_1_1", "ac_2_1")]
    ours = [{name: value for name, value in env.items()
             if name.startswith("LEADBLOCK_") and name != "LEADBLOCK_URL"} for env in seen]
    assert ours == [
        {"LEADBLOCK_ACTIVITY_ID": "ac_1_1", "LEADBLOCK_TYPE": "message", "LEADBLOCK_MEMBER_ID": "",
         "LEADBLOCK_PUBLIC_IDENTIFIER": "lead-1", "LEADBLOCK_MESSAGE": "two\nlines",
         "LEADBLOCK_CAMPAIGN": "q1"},
        {"LEADBLOCK_ACTIVITY_ID": "ac_2_1", "LEADBLOCK_TYPE": "visit_profile",
         "LEADBLOCK_MEMBER_ID": "ACoAAA1", "LEADBLOCK_PUBLIC_IDENTIFIER": "",
         "LEADBLOCK_MESSAGE": "", "LEADBLOCK_CAMPAIGN": "q1"}]
    assert all(env["OTHER"] == "from outside" for env in seen)
    assert KEY not in (tmp_path / "ac_1_1").read_text()
    assert result.out.splitlines()[1] == "ACoAAA1\tvisit_profile\tdone"


def test_the_connection_to_the_server_is_not_the_programs():
    _, report = one("ls -l /proc/$$/fd | grep -c socket: || true")
    assert report["detail"] == "0"


def test_the_command_line_of_a_shell_works():
    _, report = one('tr a-z A-Z <<X | sed "s/$/ $LEADBLOCK_TYPE/"\nhello\nX\n')
    assert report["detail"] == "HELLO message"


def test_a_program_need_not_read_its_input():
    big = "x" * 120_000
    for program in ("true", "exec <&-; sleep 0.05; true"):
        result, report = one(program, message=None, variables={"n": big, "m": big})
        assert (result.code, report["result"]) == (0, "done"), result


def test_large_input_and_large_output_pass_at_once():
    big = "x" * 120_000
    _, report = one("echo; cat; cat /dev/zero | head -c 3000000; cat; echo >&2", message=None,
                    variables={"n": big, "m": big})
    assert report == {"id": "ac_1_1", "leaseToken": "token-1", "result": "done"}


def test_errors_of_the_program_go_to_ours():
    result, _ = one("echo oops >&2")
    assert "oops\n" in result.err and "oops" not in result.out


def test_a_message_too_long_for_a_variable_fails_alone():
    campaign = Campaign([activity(1, message="x" * 140_000), activity(2)])
    with Fake(campaign) as fake:
        result = send(fake, "true")
    assert result.code == 0, result
    assert [r["result"] for r in campaign.results] == ["failed", "done"]
    assert "too long" in campaign.results[0]["detail"]


# What its end means


@pytest.mark.parametrize("program, expected", [
    ("exit 0", "done"), ("exit 10", "replied"), ("exit 75", "retry"), ("exit 1", "failed"),
    ("exit 2", "failed"), ("exit 11", "failed"), ("exit 76", "failed"), ("exit 255", "failed"),
    ("kill -9 $$", "failed"), ("kill -TERM $$", "failed")])
def test_the_exit_code_is_the_result(program, expected):
    result, report = one(program)
    assert report["result"] == expected
    assert result.out.split("\n")[0].split("\t")[:3] == ["lead-1", "message", expected]
    assert result.code == 0, result


@pytest.mark.parametrize("program, expected", [
    ("exit 3", "exit code 3"), ("kill -9 $$", "killed by signal 9"), ("echo why; exit 3", "why"),
    ("echo why; kill -9 $$", "killed by signal 9: why")])
def test_what_went_wrong_is_the_detail_when_the_program_says_nothing(program, expected):
    assert one(program)[1]["detail"] == expected


@pytest.mark.parametrize("printed, expected", [
    (r"  sent \r\nsecond\n", "sent"), (r"no end", "no end"), (r"\n\nlate\n", None), (r"", None),
    (r"a\377b\303\n", "a\ufffdb\ufffd"), (r"\033[2Jx\302\233\177y\tz\0w", " [2Jx  y z w"),
    (r"\303\251" * 600, "\u00e9" * 500), (r"\377" * 4000, "\ufffd" * 500),
    (r"\360\237\230\200" * 501, "\U0001f600" * 500)], ids=[
        "trimmed", "without end", "blank", "none", "no UTF-8", "controls", "two bytes",
        "nothing but bad bytes", "four bytes"])
def test_the_first_line_of_the_output_is_the_detail(printed, expected):
    result, report = one(f"printf '{printed}'")
    assert report.get("detail") == (expected and expected.strip()), result
    assert result.out.rstrip("\n") == "\t".join(
        ["lead-1", "message", "done"] + ([expected.strip()] if expected else []))


def test_a_process_left_in_the_background_is_not_waited_for(tmp_path):
    started = time.monotonic()
    _, report = one(f"sleep 30 2>&- & echo $! > {tmp_path}/pid; echo sent")
    pid = int((tmp_path / "pid").read_text())
    assert time.monotonic() - started < 25
    assert report["detail"] == "sent"
    assert alive(pid), "a program may leave something behind"
    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("program", ["/nonexistent/program", "echo x; exit 126"])
def test_a_program_that_cannot_be_run_is_no_leads_fault_and_ends_it(program):
    campaign = Campaign([activity(1), activity(2), activity(3)])
    with Fake(campaign) as fake:
        result = send(fake, program, "--parallel", "2")
    assert result.code == 1
    assert [r["result"] for r in campaign.results] == ["retry", "retry"]
    assert len(campaign.claims) == 1 and len(campaign.queue) == 1
    assert result.err.count("the program cannot be run") == 1 and program in result.err
    assert "2 to retry" in result.err


# Time


def test_a_program_that_takes_too_long_is_ended_with_all_its_processes(tmp_path):
    program = f"sleep 60 & echo $! > {tmp_path}/pid; echo begun; wait; exit 0"
    started = time.monotonic()
    result, report = one(program, "--timeout", "2")
    assert 2 <= time.monotonic() - started < 7, "no process resisted SIGTERM, which has 5 s"
    assert report["result"] == "retry"
    assert report["detail"] == "took longer than 2 s: begun"
    assert result.code == 0
    assert not alive(int((tmp_path / "pid").read_text()))


def test_what_resists_is_killed_also_when_the_first_process_has_gone(tmp_path):
    """The shell ends at once; what it started does not, and must not go on when others get to."""
    program = (f"(trap '' TERM; echo x > {tmp_path}/up; while :; do sleep 0.05; done) & "
               f"echo $! > {tmp_path}/pid; wait")
    started = time.monotonic()
    _, report = one(program, "--timeout", "2")
    assert time.monotonic() - started >= 7
    assert report["result"] == "retry"
    assert not alive(int((tmp_path / "pid").read_text()))


def test_the_time_follows_the_lease_and_cannot_exceed_it():
    started = time.monotonic()
    campaign = Campaign([activity(1)])
    with Fake(campaign) as fake:
        result = send(fake, "sleep 30", "--lease", "16")
        assert 1 <= time.monotonic() - started < 25, result
        assert campaign.claims[0][0] == {"max": 1, "leaseSeconds": 16}
        result = send(fake, "true", "--lease", "30", "--timeout", "31")
        assert result.code == 2 and "--lease" in result.err


def test_while_the_server_is_slow_programs_are_looked_after(tmp_path):
    """While a report is not answered, another program's output is read, and a third one's time
    ends."""
    campaign = Campaign([activity(1), activity(2), activity(3)])
    program = ("case $LEADBLOCK_ACTIVITY_ID in ac_1_1) ;; "
               f"ac_2_1) until [ -e {tmp_path}/asked ]; do sleep 0.01; done; "
               f"head -c 100000 /dev/zero; touch {tmp_path}/written ;; "
               f"*) trap 'touch {tmp_path}/ended; exit' TERM; sleep 60; esac")

    def slow(request):
        if "ac_1_1" in request["path"]:
            (tmp_path / "asked").touch()
            until(lambda: len(list(tmp_path.iterdir())) == 3)

    campaign.on_report = slow
    with Fake(campaign) as fake:
        result = send(fake, program, "--parallel", "3", "--timeout", "3")
    assert {r["id"]: r["result"] for r in campaign.results} == {
        "ac_1_1": "done", "ac_2_1": "done", "ac_3_1": "retry"}, result
    assert campaign.results[0]["id"] == "ac_1_1"


def test_a_program_that_was_in_time_is_not_late_because_nobody_looked(tmp_path):
    """As after ^Z and fg."""
    campaign = Campaign([activity(1)])
    program = f"touch {tmp_path}/up; until [ -e {tmp_path}/go ]; do sleep 0.01; done"
    with Fake(campaign) as fake:
        with Started(fake, "--exec", program, "--timeout", "2") as command:
            until((tmp_path / "up").exists)
            command.signal(signal.SIGSTOP)
            (tmp_path / "go").touch()
            time.sleep(2.1)
            command.signal(signal.SIGCONT)
            assert command.end() == 0
    assert campaign.results[0]["result"] == "done"


# Claims


def test_programs_run_at_once_and_no_more_is_claimed_than_can_run(tmp_path):
    campaign = Campaign([activity(n) for n in range(1, 8)])
    program = (f"echo > {tmp_path}/$LEADBLOCK_ACTIVITY_ID; case $LEADBLOCK_ACTIVITY_ID in "
               f"ac_[123]_1) until [ $(ls {tmp_path} | wc -l) -ge 3 ]; do sleep 0.01; done; esac")
    with Fake(campaign) as fake:
        result = send(fake, program, "--parallel", "3", "--timeout", "10")
    assert result.code == 0, result
    assert [r["result"] for r in campaign.results] == ["done"] * 7, result
    assert campaign.claims[0][0]["max"] == 3
    for body, out in campaign.claims:
        assert body["max"] + out <= 3, campaign.claims


def test_one_at_a_time_unless_told_otherwise():
    campaign = Campaign([activity(n) for n in range(1, 4)])
    with Fake(campaign) as fake:
        send(fake, "true")
    assert [(body["max"], out) for body, out in campaign.claims] == [(1, 0)] * 4


def test_limit():
    campaign = Campaign([activity(n) for n in range(1, 6)])
    with Fake(campaign) as fake:
        result = send(fake, "true", "--limit", "3", "--parallel", "2")
    assert result.code == 0, result
    assert len(campaign.results) == 3 and len(campaign.queue) == 2
    assert [body["max"] for body, _ in campaign.claims] == [2, 1]
    assert "3 activities done" in result.err and "campaign at 50 %, active" in result.err


def test_a_server_that_hands_out_too_much_is_not_followed():
    campaign = Campaign([activity(1), activity(2)])
    campaign.on_claim = lambda request: campaign.claim(2)
    with Fake(campaign) as fake:
        send(fake, "true", "--limit", "1")
    assert [r["id"] for r in campaign.results] == ["ac_1_1"]


def test_once_ends_when_nothing_is_due():
    campaign = Campaign([activity(1)], after="active")
    with Fake(campaign) as fake:
        result = send(fake, "true", "--once")
        assert result.code == 0, result
        assert result.err.endswith("campaign at 100 %, active.\n")
        assert len(campaign.claims) == 2
        assert send(fake, "true", "--once").code == 0


def test_the_next_step_of_a_lead_may_be_due_at_once(tmp_path):
    """Also when a claim for a second program came back empty a moment ago."""
    campaign = Campaign([activity(1)])
    steps = [activity(1, id="ac_1_2")]

    def report(request):
        campaign.queue += steps
        steps.clear()

    campaign.on_claim = lambda request: None if campaign.queue else (tmp_path / "dry").touch()
    campaign.on_report = report
    with Fake(campaign) as fake:
        result = send(fake, f"until [ -e {tmp_path}/dry ]; do sleep 0.01; done", "--parallel", "2",
                      "--poll", "1000")
    assert [r["id"] for r in campaign.results] == ["ac_1_1", "ac_1_2"]
    assert "1 person contacted, 2 activities done;" in result.err


def test_it_waits_and_asks_again():
    campaign = Campaign([activity(1)])
    times = []

    def claim(request):
        times.append(time.monotonic())
        return (200, [], {}) if len(times) == 1 else None

    campaign.on_claim = claim
    with Fake(campaign) as fake:
        result = send(fake, "true", "--poll", "1")
    assert result.code == 0, result
    assert times[1] - times[0] >= 1
    assert result.err.count("\n") == 1, "nothing is said in a pipe but the sum"


def test_a_person_is_told_once_that_it_waits():
    campaign = Campaign([])
    campaign.after = "active"
    ours, theirs = pty.openpty()
    with Fake(campaign) as fake:
        with Started(fake, "--exec", "true", "--poll", "1", stderr=theirs) as command:
            os.close(theirs)
            until(lambda: len(campaign.claims) == 3)
            command.signal(signal.SIGINT)
            assert command.end() == 0
        text = all_of(ours)
    assert text.count("nothing is due now; asking every 1 s") == 1
    assert "0 people contacted" in text


def test_a_completed_campaign_ends_it_with_the_sum():
    with Fake(Campaign([], blocked=1)) as fake:
        result = send(fake, "true")
    assert (result.code, result.out) == (0, "")
    assert result.err == ("0 people contacted, 0 activities done; 1 lead skipped (blocked); "
                          "campaign at 100 %, completed.\n")


def test_the_sum_counts_people_and_results():
    campaign = Campaign([activity(1), activity(1, id="ac_1_2"), activity(2), activity(3),
                         activity(4), activity(5)], blocked=2)
    with Fake(campaign) as fake:
        result = send(fake, "case $LEADBLOCK_ACTIVITY_ID in *_2) exit 10;; ac_3*) exit 1;; "
                            "ac_4*) exit 75;; esac")
    assert result.err == (
        "3 people contacted, 3 activities done, 1 replied, 1 failed, 1 to retry; "
        "2 leads skipped (blocked); campaign at 100 %, completed.\n")


@pytest.mark.parametrize("status", ["paused", "draft"])
def test_a_campaign_that_is_not_active_says_how_to_activate_it(status):
    with Fake(Campaign([], after=status)) as fake:
        result = send(fake, "true")
        assert result.code == 1
        assert f"campaign 'q1' is {status}" in result.err
        assert f"-X PUT {fake.url}/v1/campaigns/q1/activate" in result.err
        assert KEY not in result.err


def test_a_campaign_that_is_paused_later_ends_it_well():
    with Fake(Campaign([activity(1)], after="paused")) as fake:
        result = send(fake, "true")
    assert result.code == 0, result
    assert "is paused" in result.err and "1 activity done" in result.err


# Reports


def test_a_lost_lease_is_said_and_not_fatal():
    campaign = Campaign([activity(1), activity(2)])
    lost = (409, {"success": False, "code": "lease_lost", "message": "Too late."}, {})
    campaign.on_report = lambda request: lost if "ac_1_1" in request["path"] else None
    with Fake(campaign) as fake:
        result = send(fake, "true", "--limit", "2")
    assert result.code == 0, result
    assert result.out == "lead-1\tmessage\tlease lost\nlead-2\tmessage\tdone\n"
    assert "2 people contacted, 1 activity done, 1 with a lost lease" in result.err


def test_a_lead_that_was_blocked_meanwhile_is_said():
    campaign = Campaign([activity(1), activity(2)])
    campaign.on_report = lambda request: campaign.take(request["path"].split("/")[3],
                                                       request["json"], blocked=True)
    with Fake(campaign) as fake:
        result = send(fake, "[ $LEADBLOCK_PUBLIC_IDENTIFIER = lead-1 ] || echo sent")
    assert result.out == ("lead-1\tmessage\tdone\t\tblocked meanwhile\n"
                          "lead-2\tmessage\tdone\tsent\tblocked meanwhile\n")
    assert "2 blocked meanwhile" in result.err


def test_a_lead_that_was_deleted_meanwhile_is_not_fatal():
    campaign = Campaign([activity(1), activity(2)])
    gone = (404, {"success": False, "code": "activity_not_found", "message": "No activity."}, {})
    campaign.on_report = lambda request: gone if "ac_1_1" in request["path"] else None
    with Fake(campaign) as fake:
        result = send(fake, "true", "--limit", "2")
    assert result.code == 0, result
    assert result.out == "lead-1\tmessage\tnot reported\nlead-2\tmessage\tdone\n"


def test_a_report_is_repeated_when_the_server_is_busy():
    campaign = Campaign([activity(1)])
    busy = [(503, {"success": False, "code": "overloaded", "message": "Busy."}, {})] * 2
    tokens = []

    def report(request):
        tokens.append(request["json"]["leaseToken"])
        return busy.pop() if busy else None

    campaign.on_report = report
    with Fake(campaign) as fake:
        result = send(fake, "true")
    assert (result.code, result.out) == (0, "lead-1\tmessage\tdone\n")
    assert tokens == ["token-1"] * 3


def test_a_report_that_is_refused_ends_it_and_says_what_follows():
    campaign = Campaign([activity(1), activity(2), activity(3)])
    refused = (401, {"success": False, "code": "invalid_api_key", "message": "Unknown key."}, {})
    campaign.on_report = lambda request: refused
    with Fake(campaign) as fake:
        result = send(fake, "true", "--parallel", "2")
    assert result.code == 1
    assert sorted(result.out.splitlines()) == ["lead-1\tmessage\tnot reported",
                                               "lead-2\tmessage\tnot reported"]
    assert "Unknown key. (invalid_api_key)" in result.err
    assert "could not report 'done' for ac_1_1; when its lease ends" in result.err
    assert len(campaign.claims) == 1


@pytest.mark.parametrize("status, code", [(403, "license_required"), (403, "license_expired"),
                                          (404, "campaign_not_found"), (401, "invalid_api_key")])
def test_what_the_server_refuses_is_explained(status, code):
    with Fake([(status, {"success": False, "code": code, "message": "No."}, {})]) as fake:
        result = send(fake, "true")
        assert (result.code, result.out) == (1, "")
        assert result.err.startswith(f"leadblock: No. ({code})\n")
        assert len(fake.requests) == 1


def test_an_answer_that_is_no_list_of_activities_is_a_failure():
    for body in ({}, [{}], ["x"], [{"id": "ac_1", "leadId": "ld_1"}]):
        with Fake(lambda request: (200, body, {})) as fake:
            assert send(fake, "true").code == 1


def test_when_standard_output_is_gone_nothing_more_is_claimed():
    campaign = Campaign([activity(1), activity(2)])
    ours, theirs = os.pipe()
    os.close(ours)
    with Fake(campaign) as fake, Started(fake, "--exec", "true", stdout=theirs) as command:
        os.close(theirs)
        assert command.end() == 1
        assert "standard output" in command.err
    assert [r["result"] for r in campaign.results] == ["done"] and len(campaign.queue) == 1


def test_json():
    campaign = Campaign([activity(1), activity(2), activity(3, publicIdentifier=None,
                                                            memberId="ACoAAA1")], blocked=1)
    lost = (409, {"success": False, "code": "lease_lost", "message": "Too late."}, {})
    campaign.on_report = lambda request: lost if "ac_2_1" in request["path"] else None
    with Fake(campaign) as fake:
        result = send(fake, "echo '\"x'; [ $LEADBLOCK_ACTIVITY_ID != ac_3_1 ]", "--json",
                      "--limit", "3")
    assert (result.code, result.err) == (0, "")
    lines = [json.loads(line) for line in result.out.splitlines()]
    assert lines == [
        {"id": "ac_1_1", "type": "message", "leadId": "ld_1", "publicIdentifier": "lead-1",
         "memberId": None, "result": "done", "detail": '"x', "reported": True, "refusal": None,
         "leadStatus": "active", "blocked": False},
        {"id": "ac_2_1", "type": "message", "leadId": "ld_2", "publicIdentifier": "lead-2",
         "memberId": None, "result": "done", "detail": '"x', "reported": False,
         "refusal": "lease_lost", "leadStatus": None, "blocked": False},
        {"id": "ac_3_1", "type": "message", "leadId": "ld_3", "publicIdentifier": None,
         "memberId": "ACoAAA1", "result": "failed", "detail": '"x', "reported": True,
         "refusal": None, "leadStatus": "active", "blocked": False},
        {"summary": {"peopleContacted": 2, "activities": 3, "done": 1, "replied": 0, "failed": 1,
                     "retry": 0, "leaseLost": 1, "unreported": 0, "blockedMeanwhile": 0,
                     "campaign": {"status": "active", "progress": 50, "blocked": 1}}}]


# Signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_lets_finish_what_runs_and_claims_nothing_more(tmp_path, number):
    campaign = Campaign([activity(1), activity(2)])
    program = f"echo > {tmp_path}/up; until [ -e {tmp_path}/go ]; do sleep 0.01; done; echo sent"
    with Fake(campaign) as fake, Started(fake, "--exec", program) as command:
        until((tmp_path / "up").exists)
        command.signal(number)
        time.sleep(0.1)
        assert command.process.poll() is None
        (tmp_path / "go").touch()
        assert command.end() == 0
        assert command.out == "lead-1\tmessage\tdone\tsent\n"
        assert "1 person contacted" in command.err and "campaign at 50 %" in command.err
    assert len(campaign.claims) == 1 and campaign.results[0]["result"] == "done"


def test_a_signal_that_was_ignored_before_stays_ignored(tmp_path):
    """As nohup has it."""
    campaign = Campaign([activity(1), activity(2)])
    program = f"echo > {tmp_path}/up; until [ -e {tmp_path}/go ]; do sleep 0.01; done"
    nohup = ["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"]
    with Fake(campaign) as fake, Started(fake, "--exec", program, before=nohup) as command:
        until((tmp_path / "up").exists)
        command.signal(signal.SIGHUP)
        time.sleep(0.2)  # for one that hands it on to what it runs
        (tmp_path / "go").touch()
        assert command.end() == 0
    assert [result["result"] for result in campaign.results] == ["done"] * 2


def test_a_second_signal_ends_what_runs(tmp_path):
    campaign = Campaign([activity(1), activity(2), activity(3)])
    program = f"echo > {tmp_path}/$LEADBLOCK_ACTIVITY_ID; sleep 60"
    with Fake(campaign) as fake, Started(fake, "--exec", program, "--parallel", "2") as command:
        until(lambda: len(list(tmp_path.iterdir())) == 2)
        command.signal(signal.SIGINT)
        command.signal(signal.SIGTERM)
        assert command.end() == 0
        assert "2 to retry" in command.err and "campaign at 50 %" in command.err
    assert [(r["result"], r["detail"]) for r in campaign.results] == [("retry", "interrupted")] * 2
    assert len(campaign.claims) == 1


def test_a_signal_ends_the_waiting():
    campaign = Campaign([activity(1)])
    campaign.on_claim = lambda request: (200, [], {})
    with Fake(campaign) as fake, Started(fake, "--exec", "true", "--poll", "1000") as command:
        until(lambda: fake.requests and fake.requests[-1]["method"] == "GET")
        command.signal(signal.SIGTERM)
        assert command.end() == 0


@pytest.mark.parametrize("when", ["before the answer", "after it"])
def test_a_signal_ends_the_patience_with_a_busy_server(when):
    campaign = Campaign([activity(1)])
    started = threading.Event()

    def busy(request):
        started.wait(10)
        if when == "before the answer":
            command.signal(signal.SIGTERM)
        return 503, {"code": "overloaded", "message": "Busy."}, {"Retry-After": "60"}

    campaign.on_claim = busy
    with Fake(campaign) as fake, Started(fake, "--exec", "true") as command:
        started.set()
        until(lambda: campaign.claims)
        if when == "after it":
            time.sleep(0.1)
            command.signal(signal.SIGTERM)
        assert command.end() == 0
    assert len(campaign.claims) == 1


def test_what_is_handed_out_after_a_signal_is_given_back(tmp_path):
    campaign = Campaign([activity(1)])
    started = threading.Event()
    campaign.on_claim = lambda request: started.wait(10) and command.signal(signal.SIGTERM)
    with Fake(campaign) as fake, Started(fake, "--exec", f"touch {tmp_path}/ran") as command:
        started.set()
        assert command.end() == 0
    assert [(r["result"], r["detail"]) for r in campaign.results] == [
        ("retry", "interrupted before it began")]
    assert not (tmp_path / "ran").exists()


def test_a_second_signal_ends_the_waiting_for_a_server_that_hangs():
    campaign = Campaign([activity(1)])
    hangs = threading.Event()
    campaign.on_claim = lambda request: hangs.wait(20) and None
    with Fake(campaign) as fake, Started(fake, "--exec", "true") as command:
        until(lambda: campaign.claims)
        command.signal(signal.SIGTERM)
        command.signal(signal.SIGINT)
        assert command.end() == 0
        assert "gave up waiting" in command.err
        hangs.set()


def test_the_terminals_interrupt_does_not_reach_the_program(tmp_path):
    """A ^C goes to the whole foreground group: programs are in groups of their own."""
    campaign = Campaign([activity(1)])
    program = f"echo > {tmp_path}/up; until [ -e {tmp_path}/go ]; do sleep 0.01; done"
    with Fake(campaign) as fake:
        with Started(fake, "--exec", program, start_new_session=True) as command:
            until((tmp_path / "up").exists)
            os.killpg(command.process.pid, signal.SIGINT)
            time.sleep(0.1)
            (tmp_path / "go").touch()
            assert command.end() == 0
    assert campaign.results[0]["result"] == "done"


def test_a_program_meets_signals_as_they_were():
    _, report = one("grep -E '^Sig(Blk|Ign)' /proc/self/status | tr -d '\\n\\t'")
    blocked, ignored = (int(part, 16) for part in report["detail"][7:].split("SigIgn:"))
    libc = 1 << 31 | 1 << 32  # signals that glibc keeps to itself
    assert (blocked, ignored & ~libc) == (0, 0)


# Usage


@pytest.mark.parametrize("args", [
    [], ["--exec", ""], ["--exec", "x", "--parallel", "0"], ["--exec", "x", "--parallel", "65"],
    ["--exec", "x", "--lease", "86401"], ["--exec", "x", "--limit", "0"],
    ["--exec", "x", "--poll", "0"], ["--exec", "x", "--timeout", "0"], ["--exec", "x", "--quiet"]])
def test_wrong_usage(args):
    with Fake([]) as fake:
        result = run("send", "q1", *args, env=fake.env)
        assert result.code == 2 and "leadblock help send" in result.err
        assert fake.requests == []
