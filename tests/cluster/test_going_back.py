"""A database that goes back to an earlier state under running nodes, as a recovery to a point in time
does: nodes whose memory has more end, and ids of what was lost name nothing from then on."""

import re
import time

import pytest

from support import expect, postgres
from support.campaigns import block_everywhere
from support.nodes import Nodes
from support.server import CommandFailed

NOTICED = 10.0  # seconds until a node says so


def number(identity):
    return int(identity.split("_")[1])


def go_back(nodes, last):
    """Takes back all rows of the first workspace after that number, as if they had never been."""
    rest = ("SELECT {} FROM blocklist_log WHERE workspace_id = 1 ORDER BY id DESC LIMIT 1")
    postgres.shared().psql(
        "SET search_path = leadblock; BEGIN;"
        f" DELETE FROM blocklist_log WHERE workspace_id = 1 AND id > {last};"
        f" UPDATE workspace SET head_row = ({rest.format('id')}), head_number = {last},"
        f" head_digest = ({rest.format('digest')}) WHERE workspace_id = 1; COMMIT",
        postgres.database_of(nodes.database))


def records(api):
    return {entry["publicIdentifier"]: entry["id"]
            for entry in expect.ok(api.get("/blocked-leads?limit=100"))}


def ends(node):
    limit = time.monotonic() + NOTICED
    while node.alive():
        assert time.monotonic() < limit, "it goes on"
        time.sleep(0.05)
    assert re.search("has lost blocks that it had acknowledged", node.log_text())
    node.process.wait()
    node.process = None


def test_a_node_does_not_start_on_a_log_whose_end_is_gone():
    """It would write its next row after an earlier one, and no one would know of those between."""
    with Nodes(2) as nodes:
        tenant = nodes.tenants("agency")[0]
        for name in ("early", "late"):
            block_everywhere(tenant.api, name)
        nodes.stop()
        postgres.shared().psql(
            "DELETE FROM leadblock.blocklist_log WHERE workspace_id = 1 AND id = 2",
            postgres.database_of(nodes.database))
        with pytest.raises(CommandFailed, match="does not end where the workspace says"):
            nodes[0].start()


def test_ids_of_what_a_recovery_has_taken_back_name_nothing():
    with Nodes(2) as nodes:
        tenants = nodes.tenants("agency")
        kept = block_everywhere(tenants[0].api, "early")
        lost = [block_everywhere(tenants[n % 2].api, f"lost-{n}") for n in range(4)]
        before = records(tenants[0].api)
        go_back(nodes, number(kept))
        for node in nodes:
            ends(node)
        for node, tenant in zip(nodes, tenants):
            node.start()
            tenant.api.port = node.port
        new = [block_everywhere(tenants[n % 2].api, f"new-{n}") for n in range(4)]
        assert [number(change) for change in new] == [number(change) for change in lost]
        now = records(tenants[1].api)
        for tenant in tenants:
            for change in lost:
                expect.error(tenant.api.post(f"/changes/{change}/undo"), 404, "not_found")
            assert expect.ok(tenant.api.delete("/blocked-leads", [before[f"lost-{n}"] for n in range(4)]
                                               ))["unblocked"] == 0
            assert records(tenant.api) == now and len(now) == 5
        # Those of either node are good at both.
        for change, tenant in zip(new, reversed(tenants)):
            assert expect.ok(tenant.api.post(f"/changes/{change}/undo"))["unblocked"] == 1
        assert expect.ok(tenants[1].api.post(f"/changes/{kept}/undo"))["unblocked"] == 1
