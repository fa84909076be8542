"""A real Prometheus that scrapes a real server: each query of Grafana's dashboard finds something there, and so does
what each alert looks at. A parser does not see labels that never meet, or a name that no server shows any more."""

import json
import math
import re
import subprocess
import threading
import urllib.parse
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import yaml

from support.server import Server, on_postgresql, unique
from support.waiting import SOON, eventually

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"
DASHBOARD = json.loads((PACKAGING / "grafana" / "leadblock.json").read_text())
RULES = PACKAGING / "prometheus" / "leadblock.rules.yml"
# Only servers on that kind of database have them.
OTHER = re.compile("leadblock_last_backup_" if on_postgresql() else "leadblock_database_")
LIMIT = re.compile(r" (?:[<>]|==|!=) [0-9.]+(?: \* [0-9]+)?$")


def dashboard_queries(instance=".+"):
    """{panel with the target's letter: query}"""
    queries = {f"{panel['title']} {target['refId']}": target["expr"]
               for panel in DASHBOARD["panels"] for target in panel.get("targets", [])}
    return {title: expr.replace("$__rate_interval", "20s").replace("$instance", instance)
            for title, expr in queries.items()}


def alert_queries():
    """{alert with the part's number: what is compared with its limit}"""
    queries = {}
    for rule in yaml.safe_load(RULES.read_text())["groups"][0]["rules"]:
        for number, part in enumerate(rule["expr"].split(" or ")):
            assert LIMIT.search(part), f"{rule['alert']} has no limit at its end: {part}"
            query = re.sub(r"\[\d+m\]", "[20s]", LIMIT.sub("", part))
            # A class of statuses is there from its first answer on, and this server has none of 5xx.
            queries[f"{rule['alert']} {number}"] = query.replace('status="5xx"', 'status="2xx"')
    return queries


@contextmanager
def at_work(server):
    """A server of which every panel has something to show."""
    tenant = server.tenant("agency")
    stop = threading.Event()

    def work():
        while not stop.wait(0.02):
            tenant.api.post("/blocked-leads", {"leads": [{"publicIdentifier": unique()}]})
            tenant.api.get("/blocked-leads?take=5")

    thread = threading.Thread(target=work)
    thread.start()
    try:
        if not on_postgresql():
            server.cli("backup", server.root / "copy.db")
        yield
    finally:
        stop.set()
        thread.join()


@pytest.fixture(scope="module")
def servers():
    """Their addresses: of one at work, and of one at which nothing has happened yet."""
    with Server() as busy, at_work(busy), Server() as new:
        yield [f"127.0.0.1:{server.port}" for server in (busy, new)]


@pytest.fixture(scope="module")
def ask(servers, tmp_path_factory):
    """ask(path, **parameters): the data of an answer of Prometheus' API."""
    folder = tmp_path_factory.mktemp("prometheus")
    config = {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "rule_files": [str(RULES)],
              "scrape_configs": [{"job_name": "leadblock", "static_configs": [{"targets": servers}]}]}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
             "--web.listen-address=127.0.0.1:0"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder)
    try:
        def address():
            assert process.poll() is None, (folder / "log").read_text()
            return re.search(r'msg="Listening on".* address=(127\.0\.0\.1:[1-9]\d*)', (folder / "log").read_text())

        base = f"http://{eventually(address)[1]}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

        def ready():
            with suppress(OSError):  # it answers 503 until it has opened its storage
                return opener.open(f"{base}/-/ready", timeout=30).status == 200

        def ask(path, **parameters):
            with opener.open(f"{base}/api/v1/{path}?{urllib.parse.urlencode(parameters)}", timeout=30) as answer:
                return json.loads(answer.read())["data"]

        eventually(ready)
        yield ask
    finally:
        process.kill()  # nothing of it is kept
        process.wait()


def numbers(ask, query):
    """What the query finds; quantiles of nothing are left out."""
    found = [float(one["value"][1]) for one in ask("query", query=query)["result"]]
    return [one for one in found if not math.isnan(one)]


def all_found(ask, queries):
    missing = {title: query for title, query in queries.items() if not OTHER.search(query)}

    def look():
        for title in [title for title, query in missing.items() if numbers(ask, query)]:
            del missing[title]
        return not missing

    eventually(look, told=lambda: f"found nothing within {SOON} s: {missing}")
    # What only another kind of database has is empty here, and not zero.
    assert [title for title, query in queries.items() if OTHER.search(query) and numbers(ask, query)] == []


def test_each_panel_has_something_to_show(ask):
    queries = dashboard_queries()
    assert len(queries) > 25
    all_found(ask, queries)


def test_the_dashboard_finds_its_instances(ask):
    wanted = next(one for one in DASHBOARD["templating"]["list"] if one["name"] == "instance")["query"]["query"]
    metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", wanted).groups()
    eventually(lambda: ask(f"label/{label}/values", **{"match[]": metric}))


def test_each_alert_looks_at_something(ask):
    queries = alert_queries()
    assert len(queries) > 15
    all_found(ask, queries)


def test_prometheus_evaluates_the_rules_and_none_fires_at_a_server_that_is_well(ask):
    def evaluated():
        rules = [rule for group in ask("rules")["groups"] for rule in group["rules"]]
        return rules if rules and all(rule["health"] != "unknown" for rule in rules) else None

    rules = eventually(evaluated)
    assert {rule["name"]: rule.get("lastError") for rule in rules if rule["health"] != "ok"} == {}
    assert [rule["name"] for rule in rules if rule["state"] == "firing"] == []


@pytest.mark.skipif(on_postgresql(), reason="PostgreSQL is backed up by its own means")
def test_the_last_backup_is_of_now_and_none_is_not_one_of_1970(ask, servers):
    busy, new = (dashboard_queries(server)["Last good backup A"] for server in servers)
    ago, = eventually(lambda: numbers(ask, busy))
    assert 0 <= ago < 600
    eventually(lambda: numbers(ask, f'leadblock_last_backup_timestamp_seconds{{instance="{servers[1]}"}}') == [0])
    assert ask("query", query=new)["result"] == []
