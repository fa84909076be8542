"""On a new database PostgreSQL has no statistics of a table, and the plans that it keeps were made
when there was next to nothing in it. Work goes from row to row all the same: no index is walked and
no table read from end to end for one row. Counted by PostgreSQL, in pages, whatever the clock says."""

from contextlib import contextmanager

import pytest

from support import expect, postgres
from support.campaigns import VISIT, Campaign, block_everywhere, crowd
from support.server import Server
from support.waiting import becomes

FEW, MANY = 20, 5000
STEPS = 10
PAGES_PER_ROW = 5  # from the root of an index to its leaf, and its neighbours; 2 are usual
ROWS_PER_PAGE = 20  # of a part of an index that is read in its order
PAGES_OF_THE_START = 2000

NEVER_ANALYZED = """DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT relname FROM pg_class
        WHERE relnamespace = 'leadblock'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('ALTER TABLE leadblock.%I SET (autovacuum_enabled = off)', name);
    END LOOP; END $$"""

# So many that the index of the queues, which is wider, has a level more than the one by status, and looks dearer.
OTHERS = """INSERT INTO leadblock.lead (workspace_id, no, campaign, identifier, added_at, status, set_aside, queue, step,
        since, marks)
    SELECT 1000000, n, 1, n, 1, 0, false, 0, 0, 0, 0 FROM generate_series(1, 15000) AS n"""

INDEXES = """SELECT i.relname, i.indexrelname, idx_blks_hit + idx_blks_read, x.idx_scan,
        x.idx_tup_read, n_tup_ins + n_tup_upd
    FROM pg_statio_user_indexes i JOIN pg_stat_user_indexes x USING (indexrelid)
        JOIN pg_stat_user_tables t ON t.relid = i.relid WHERE i.schemaname = 'leadblock'"""
TABLES = "SELECT relname, seq_tup_read FROM pg_stat_user_tables WHERE schemaname = 'leadblock'"


def acme(count, stem):
    return [{"publicIdentifier": name, "companyName": "Acme"} for name in crowd(count, stem)]


def claim_and_report(campaign, count):
    claimed = campaign.claim(count)
    assert len(claimed) == count
    for activity in claimed[:FEW]:
        campaign.complete(activity)


def block_in_the_campaign(campaign, count):
    campaign.block(*(lead["publicIdentifier"] for lead in acme(count, campaign.stem)))


def block_in_the_workspace(campaign, count):
    for first in range(0, count, 1000):
        names = crowd(count, campaign.stem)[first:first + 1000]
        block_everywhere(campaign.api, *names)


def import_blocks(campaign, count):
    file = "".join(name + "\n" for name in crowd(count, campaign.stem)).encode()
    expect.ok(campaign.api.post(campaign.blocks + "/import", file, content_type="text/plain"))


def block_a_company_in_the_background(campaign, count):
    entries = {"entries": [{"company": "Acme"}]}
    expect.ok(campaign.api.post("/blocklist", entries))
    campaign.await_blocked(count)
    expect.ok(campaign.api.delete("/blocklist", entries))
    campaign.await_blocked(0)


def do(work, tenant, stem, count):
    campaign = Campaign(tenant, *acme(count, stem))
    campaign.stem = stem
    work(campaign, count)


@contextmanager
def new_database():
    """A node on a database without statistics, the cluster, and the database's name."""
    cluster = postgres.shared()
    uri = cluster.create_database()
    name = postgres.database_of(uri)
    try:
        with Server(database=uri) as server:
            cluster.psql(NEVER_ANALYZED, name)
            yield server, cluster, name
    finally:
        cluster.drop_database(uri)


@pytest.mark.parametrize("analyzed", [False, True], ids=["never analyzed", "analyzed when small"])
@pytest.mark.parametrize("work", [claim_and_report, block_in_the_campaign, block_in_the_workspace,
                                  import_blocks, block_a_company_in_the_background])
def test_work_goes_from_row_to_row_on_a_new_database(work, analyzed):
    with new_database() as (server, cluster, name):
        tenant = server.tenant("agency")
        tenant.api = server.api(tenant.key, timeout=100)
        do(work, tenant, "few", FEW)
        if analyzed:
            cluster.psql("ANALYZE", name)
        do(work, tenant, "some", FEW)  # with plans for this much
        do(work, tenant, "many", MANY)
        tenant.api.close()
        server.stop()
        await_counts(cluster, name)
        assert walked(cluster, name) == []
        assert read_whole(cluster, name) == []


def test_a_claim_looks_into_queues_and_not_at_all_leads_on_a_new_database():
    with new_database() as (server, cluster, name):
        cluster.psql(OTHERS, name)
        campaign = Campaign(server.tenant("agency"), *crowd(MANY), steps=[VISIT] * STEPS)
        for _ in range(FEW):
            campaign.complete(campaign.claim_one(most=1))
        server.stop()
        await_counts(cluster, name)
        (found,) = [found for _, index, _, _, found, _ in rows(cluster, name, INDEXES) if index == "lead_by_status"]
        assert found < FEW * MANY, found


def await_counts(cluster, database):
    """A session of PostgreSQL's hands in what it has counted before it is gone."""
    sessions = (f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}'"
                " AND backend_type = 'client backend' AND pid <> pg_backend_pid()")
    becomes(lambda: cluster.psql(sessions, database), "0")


def rows(cluster, database, question):
    return [[int(field) if field.isdigit() else field for field in line.split("|")]
            for line in cluster.psql(question, database).splitlines()]


def walked(cluster, database):
    """The indexes of which more pages were read than there were rows to be found or written."""
    return [(index, pages, scans, found, written)
            for _, index, pages, scans, found, written in rows(cluster, database, INDEXES)
            if pages > PAGES_OF_THE_START + PAGES_PER_ROW * (scans + written)
            + found / ROWS_PER_PAGE]


def read_whole(cluster, database):
    """The tables that were read whole for one row after another when they were not small any more:
    a single statement may look up many in the few that were there."""
    return [(table, read) for table, read in rows(cluster, database, TABLES)
            if read > 4 * FEW * MANY]
