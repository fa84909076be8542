"""The proxy that makes the trouble, between PostgreSQL's own programs and a real cluster."""

import subprocess
import time

import pytest

from support.postgres import ADMIN, tool
from support.proxy import AFTER, BEFORE, HOLE, Proxy
from support.waiting import eventually

PLAIN = "BEGIN; INSERT INTO proof VALUES (1); COMMIT"
IN_STEPS = ["BEGIN", "INSERT INTO proof VALUES (1)", "COMMIT"]
PIPELINE = "\\startpipeline\nBEGIN;\nINSERT INTO proof VALUES (1);\nCOMMIT;\n\\endpipeline\n"


@pytest.fixture
def proxy(cluster):
    cluster.psql("DROP TABLE IF EXISTS proof; CREATE TABLE proof (number integer)")
    with Proxy(cluster.host, cluster.port) as proxy:
        yield proxy


def psql(proxy, *statements, timeout=20):
    """True when all went well."""
    return subprocess.run(command(proxy, *statements), capture_output=True, timeout=timeout).returncode == 0


def command(proxy, *statements):
    return [tool("psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", uri(proxy),
            *(part for statement in statements for part in ("-c", statement))]


def uri(proxy):
    return f"postgresql://{ADMIN}@127.0.0.1:{proxy.port}/{ADMIN}"


def pipeline(proxy, tmp_path):
    """The transaction as prepared statements, all sent before the first answer is read."""
    script = tmp_path / "transaction.sql"
    script.write_text(PIPELINE)
    result = subprocess.run([tool("pgbench"), "-n", "-t", "1", "-M", "prepared", "-f", script,
                             uri(proxy)], capture_output=True, text=True, timeout=20)
    return result.returncode == 0


def transact(proxy, how, tmp_path):
    if how == "pipeline":
        return pipeline(proxy, tmp_path)
    return psql(proxy, PLAIN) if how == "plain" else psql(proxy, *IN_STEPS)


def rows(cluster):
    return int(cluster.psql("SELECT count(*) FROM proof"))


HOW = pytest.mark.parametrize("how", ["plain", "in steps", "pipeline"])


@HOW
def test_it_forwards(cluster, proxy, how, tmp_path):
    assert transact(proxy, how, tmp_path)
    assert rows(cluster) == 1


@HOW
def test_a_cut_before_the_commit_leaves_nothing(cluster, proxy, how, tmp_path):
    cut = proxy.cut_at_commit(BEFORE)
    assert not transact(proxy, how, tmp_path)
    assert cut.happened.is_set() and rows(cluster) == 0
    assert transact(proxy, how, tmp_path), "only one connection is cut"
    assert rows(cluster) == 1


@HOW
def test_a_cut_after_the_commit_leaves_all_of_it(cluster, proxy, how, tmp_path):
    cut = proxy.cut_at_commit(AFTER)
    assert not transact(proxy, how, tmp_path)
    assert cut.happened.is_set() and rows(cluster) == 1


def test_other_statements_are_not_cut(proxy):
    cut = proxy.cut_at_commit(BEFORE)
    assert psql(proxy, "SELECT 'COMMIT'", "BEGIN", "ROLLBACK")
    assert not cut.happened.is_set()


def test_it_delays_each_direction(proxy):
    for delay in ({"to_server": 0.2}, {"to_client": 0.2}):
        proxy.delay(**delay)
        started = time.monotonic()
        assert psql(proxy, "SELECT 1")
        assert time.monotonic() - started > 0.4, "the greeting and the query"


def test_a_slow_line_is_slow_by_bytes(proxy):
    """However many pieces they come in."""
    proxy.bytes_per_second = 100_000
    started = time.monotonic()
    assert psql(proxy, "SELECT repeat('x', 100000)")
    assert time.monotonic() - started > 1


def test_a_black_hole_swallows_until_it_ends(proxy):
    proxy.black_hole()
    with pytest.raises(subprocess.TimeoutExpired):
        psql(proxy, "SELECT 1", timeout=1)
    proxy.flow()
    assert psql(proxy, "SELECT 1")


def test_a_hole_at_the_commit_keeps_the_transaction_open(cluster, proxy):
    hole = proxy.cut_at_commit(HOLE)
    open_ones = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
    with subprocess.Popen(command(proxy, *IN_STEPS), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
        try:
            assert hole.happened.wait(30)
            eventually(lambda: cluster.psql(open_ones) == "1", 30)
            with pytest.raises(subprocess.TimeoutExpired):
                client.wait(1)
            assert rows(cluster) == 0 and cluster.psql(open_ones) == "1"
        finally:
            client.kill()


def test_it_cuts_all_connections_and_refuses_new_ones(proxy):
    asleep = subprocess.Popen([tool("psql"), "-Xq", "-d", uri(proxy), "-c", "SELECT pg_sleep(20)"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not any(link.frontend.started for link in list(proxy.links)):
        time.sleep(0.01)
    proxy.refuses = True
    proxy.cut_all()
    assert asleep.wait(5) != 0
    assert not psql(proxy, "SELECT 1")
    proxy.refuses = False
    assert psql(proxy, "SELECT 1")
