"""What Prometheus and Grafana are given: the metrics, the alert rules and the dashboard agree, and promtool
finds nothing wrong."""

import json
import os
import re
import subprocess
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from support.server import Server, on_postgresql, run

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"
RULES = PACKAGING / "prometheus" / "leadblock.rules.yml"
DASHBOARD = PACKAGING / "grafana" / "leadblock.json"
# Of several nodes on a database that they share: not in what one node with SQLite says.
SHARED = re.compile(r"leadblock_database_")
NAME = re.compile(r"\b((?:leadblock|process)_[a-z_]+)\b")


def scrape(server):
    with server.connect() as connection:
        response = connection.request("GET", "/metrics")
    assert response.status == 200, response
    return response.body.decode()


def samples(text):
    """{name with labels: value}"""
    rows = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in rows}


@pytest.fixture(scope="module")
def server():
    with Server() as server:
        yield server


def names_of(text):
    """As queries name them: those of a histogram have endings."""
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    names = set()
    for name, kind in types.items():
        names |= {f"{name}{end}" for end in ("_bucket", "_sum", "_count")} if kind == "histogram" else {name}
    return names


def test_promtool_accepts_the_metrics(server):
    result = subprocess.run(["promtool", "check", "metrics"], input=scrape(server), capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_the_metrics_keep_the_conventions(server):
    text = scrape(server)
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    helped = dict(re.findall(r"^# HELP (\S+) (.+)$", text, re.MULTILINE))
    assert types.keys() == helped.keys()
    for name, kind in types.items():
        assert name.startswith(("leadblock_", "process_")), name
        assert (kind == "counter") == name.endswith("_total"), name
        assert helped[name][-1] == ".", name


def test_the_process_is_told_as_prometheus_clients_tell_it(server):
    pid = server.process.pid

    def resident():
        return int(re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1]) * 1024

    before = resident()
    found = samples(scrape(server))
    least, most = sorted([before, resident()])
    assert 0.8 * least <= found["process_resident_memory_bytes"] <= 1.2 * most
    assert found["process_virtual_memory_bytes"] > found["process_resident_memory_bytes"]
    assert abs(found["process_open_fds"] - len(os.listdir(f"/proc/{pid}/fd"))) <= 3
    assert found["process_max_fds"] == int(re.search(r"Max open files\s+(\d+)",
                                                     Path(f"/proc/{pid}/limits").read_text())[1])
    ticks = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19])
    boot = float(re.search(r"btime (\d+)", Path("/proc/stat").read_text())[1])
    assert found["process_start_time_seconds"] == pytest.approx(boot + ticks / os.sysconf("SC_CLK_TCK"), abs=2)
    assert 0 < found["process_cpu_seconds_total"] < 60


def test_the_build_and_the_disk(server):
    found = samples(scrape(server))
    version = run("version", "--json").json()
    database = "postgresql" if on_postgresql() else "sqlite"
    assert found[f'leadblock_build_info{{version="{version["version"]}",commit="{version["commit"]}",'
                 f'database="{database}"}}'] == 1
    disk = os.statvfs(server.data)
    assert found["leadblock_disk_size_bytes"] == disk.f_blocks * disk.f_frsize
    assert found["leadblock_disk_free_bytes"] == pytest.approx(disk.f_bavail * disk.f_frsize, rel=0.1)


def test_failures_are_counted(server):
    server.cli("user", "create", "a@example.com", "--role", "operator")  # else it is not set up
    before = samples(scrape(server))
    with server.connect() as connection:
        for _ in range(3):
            answer = connection.request("POST", "/v1/session", [("Content-Type", "application/json")],
                                        {"email": "a@example.com", "password": "not the password"})
            assert answer.status in (401, 403), answer
        for _ in range(2):
            assert connection.request("GET", "/v1/me", [("x-api-key", "lb_nonsense")]).status == 401
    after = samples(scrape(server))
    counted = {name: after[name] - before[name] for name in ("leadblock_sign_in_failures_total",
                                                             "leadblock_key_failures_total")}
    assert counted == {"leadblock_sign_in_failures_total": 3, "leadblock_key_failures_total": 2}


def test_licenses_that_end_are_counted():
    with Server() as server:
        def in_days(days):
            return (datetime.now(timezone.utc) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")

        server.workspace(name="No end")
        for days in (0.5, 3, 20, 300):
            server.workspace("pro", "--expires", in_days(days), name=f"In {days}")
        server.end_license(server.workspace(name="Ended"))
        found = samples(scrape(server))
    assert {name: value for name, value in found.items()
            if name.startswith(("leadblock_licenses", "leadblock_workspaces"))} == {
        "leadblock_workspaces": 6, "leadblock_licenses_ended": 1,
        'leadblock_licenses_ending{within_days="1"}': 1, 'leadblock_licenses_ending{within_days="7"}': 2,
        'leadblock_licenses_ending{within_days="30"}': 3}


@pytest.mark.skipif(on_postgresql(), reason="PostgreSQL is backed up by its own means")
def test_a_backup_is_known_only_when_it_was_checked_and_after_a_restart_too(tmp_path):
    with Server() as server:
        assert samples(scrape(server))["leadblock_last_backup_timestamp_seconds"] == 0
        server.admin("POST", "/admin/backup", {"path": str(tmp_path / "a.db")})
        assert samples(scrape(server))["leadblock_last_backup_timestamp_seconds"] == 0
        before = time.time()
        server.cli("backup", tmp_path / "b.db")
        known = samples(scrape(server))["leadblock_last_backup_timestamp_seconds"]
        assert before - 1 <= known <= time.time() + 1
        server.restart()
        assert samples(scrape(server))["leadblock_last_backup_timestamp_seconds"] == pytest.approx(known, abs=0.01)


# Rules and dashboard


def test_promtool_accepts_the_rules_and_they_fire_on_what_they_name():
    check = subprocess.run(["promtool", "check", "rules", RULES], capture_output=True, text=True)
    assert check.returncode == 0 and re.search(r"SUCCESS: \d+ rules found", check.stdout), check
    tests = subprocess.run(["promtool", "test", "rules", "rules_test.yml"], cwd=RULES.parent, capture_output=True,
                           text=True)
    assert tests.returncode == 0, tests


def test_every_alert_is_tried():
    alerts = re.findall(r"- alert: (\w+)", RULES.read_text())
    tried = (RULES.parent / "rules_test.yml").read_text()
    assert len(alerts) > 10
    for alert in alerts:
        assert re.search(rf'alertname(="|: ){alert}\b', tried), alert


def test_rules_and_dashboard_name_metrics_that_there_are(server):
    known = names_of(scrape(server))
    used = {path.name: set(NAME.findall(path.read_text())) for path in (RULES, DASHBOARD)}
    for name, found in used.items():
        assert len(found) > 10, name
        assert {one for one in found - known if not SHARED.match(one)} == set(), name
    source = (PACKAGING.parent / "src" / "api" / "system" / "metrics.c").read_text()
    for one in {one for found in used.values() for one in found if SHARED.match(one)}:
        assert f'"{one.removeprefix("leadblock_")}"' in source, one


def test_the_dashboard_is_one_that_grafana_can_import():
    dashboard = json.loads(DASHBOARD.read_text())
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    assert dashboard["title"] == "leadblock" and len(panels) > 15
    taken = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken and place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells
        assert panel["targets"] and all(target["expr"] for target in panel["targets"]), panel["title"]


def test_the_queries_of_the_dashboard_are_right(tmp_path):
    """As rules they pass through Prometheus' own parser, with values for Grafana's variables."""
    dashboard = json.loads(DASHBOARD.read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    queries += [note["expr"] for note in dashboard["annotations"]["list"]]
    rules = [{"record": f"query:{number}", "expr": query.replace("$__rate_interval", "5m").replace("$instance", ".*")}
             for number, query in enumerate(queries)]
    file = tmp_path / "queries.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    result = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True)
    assert result.returncode == 0, result
