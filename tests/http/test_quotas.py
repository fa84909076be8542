"""What a workspace may fill the database with beside its blocklists: leads in all campaigns together, and bytes within a
day. Each bound is tried in the writer, has a setting, and leaves other workspaces alone."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from support import expect, people
from support.campaigns import Campaign
from support.client import build
from support.server import Server

MIB = 1 << 20


def leads(first, count, **fields):
    return {"leads": [{"publicIdentifier": f"lead-{first + n}", **fields} for n in range(count)]}


# --- leads ---

def test_the_leads_of_all_campaigns_together_are_bounded():
    with Server("--max-workspace-leads", "100") as server, ThreadPoolExecutor(8) as pool:
        tenant, other = server.tenant(), server.tenant()
        first, second = tenant.campaign(), tenant.campaign()
        assert expect.ok(tenant.api.post(f"/campaigns/{first}/leads", leads(0, 60)))["added"] == 60
        refused = tenant.api.post(f"/campaigns/{second}/leads", leads(0, 41))
        assert "max-workspace-leads" in expect.error(refused, 429, "overloaded")["message"]
        # None of them is added, and those that the campaign has already count for nothing.
        assert expect.ok(tenant.api.get(f"/campaigns/{second}/leads")) == []
        assert expect.ok(tenant.api.post(f"/campaigns/{first}/leads", leads(0, 60)))["duplicates"] == 60

        def add(n):
            return server.api(tenant.key).post(f"/campaigns/{second}/leads", leads(n * 10, 10)).status

        # Requests at the same time cannot exceed it together.
        assert sorted(pool.map(add, range(16))) == [200] * 4 + [429] * 12
        assert expect.ok(other.api.post(f"/campaigns/{other.campaign()}/leads", leads(0, 50)))["added"] == 50
        server.restart()
        tenant.api = server.api(tenant.key)
        expect.error(tenant.api.post(f"/campaigns/{second}/leads", leads(900, 1)), 429, "overloaded")
        # Room comes back with a lead, and with a campaign.
        lead = expect.ok(tenant.api.get(f"/campaigns/{first}/leads"))[0]
        expect.ok(tenant.api.delete(f"/leads/{lead['id']}"))
        expect.ok(tenant.api.post(f"/campaigns/{second}/leads", leads(900, 1)))
        expect.error(tenant.api.post(f"/campaigns/{second}/leads", leads(901, 1)), 429, "overloaded")
        expect.ok(tenant.api.delete(f"/campaigns/{first}"))
        assert expect.ok(tenant.api.post(f"/campaigns/{second}/leads", leads(901, 59)))["added"] == 59
        expect.error(tenant.api.post(f"/campaigns/{second}/leads", leads(980, 1)), 429, "overloaded")


def test_a_file_of_leads_ends_at_the_bound():
    with Server("--max-workspace-leads", "1500") as server:
        tenant = server.tenant()
        tenant.api.post(f"/campaigns/{tenant.campaign()}/leads", leads(0, 400))
        body = "linkedin\n" + "".join(f"https://www.linkedin.com/in/lead-{n}\n" for n in range(2100))
        with server.connect() as connection:
            connection.send(build("POST", f"/v1/campaigns/{tenant.campaign()}/leads/import",
                                  [("x-api-key", tenant.key), ("Content-Type", "text/csv")], body.encode()))
            answer = expect.error(connection.read("POST"), 429, "overloaded")
        assert answer["added"] == 1000 and "max-workspace-leads" in answer["message"]


# --- bytes within a day ---

@pytest.fixture(scope="module")
def full():
    """A server on which a workspace has recorded a mebibyte, which is all it may; and what it has."""
    with Server("--max-workspace-daily-bytes", str(MIB)) as server:
        tenant = server.tenant("agency")
        tenant.campaigner = Campaign(tenant, *[f"old-{n}" for n in range(3)])
        (tenant.activity,) = tenant.campaigner.claim(1)
        tenant.target = tenant.campaigner.path
        fields = {"variables": {f"v{n}": "x" * 2000 for n in range(50)}}
        for n in range(40):
            response = tenant.api.post(f"{tenant.target}/leads", leads(n, 1, **fields))
            if response.status != 200:
                break
        assert 9 <= n <= 11, "a lead of 100 KB is one of ten"
        tenant.refusal = response
        yield server, tenant


def refused(response):
    message = expect.error(response, 429, "rate_limited")["message"]
    assert "max-workspace-daily-bytes" in message and "1 MiB" in message
    assert 23 * 3600 < int(response.header("retry-after")) <= 25 * 3600
    return message


def import_of(server, tenant, target, body=b"https://www.linkedin.com/in/from-a-file\n"):
    with server.connect() as connection:
        connection.send(build("POST", "/v1" + target, [("x-api-key", tenant.key), ("Content-Type", "text/csv")], body))
        return connection.read("POST")


def test_whatever_fills_the_database_is_refused(full):
    server, tenant = full
    api, target = tenant.api, tenant.target
    step = expect.ok(api.get(f"{target}/sequence"))["steps"][0]["id"]
    lead = expect.ok(api.get(f"{target}/leads"))[0]["id"]
    refused(tenant.refusal)
    expect.ok(api.put(f"{target}/pause"))
    for response in (
            api.post("/campaigns", {"name": "one more"}),
            api.patch(target, {"customVariables": {"a": "b"}}),
            api.post(f"{target}/leads", leads(500, 1)),
            api.put(f"/leads/{lead}/status", {"status": "active"}),
            api.post(f"{target}/steps", {"type": "message", "genericBody": "hi"}),
            api.put(f"{target}/steps/{step}", {"delayHours": 3}),
            api.post(f"{target}/activities/claim", {"limit": 1}),
            api.put(f"{target}/activate"),
            people.person(server, "member", tenant.workspace).api.patch("/workspace", {"defaultCountry": "DE"}),
            import_of(server, tenant, f"{target}/leads/import")):
        refused(response)


@pytest.mark.parametrize("path", ["/blocked-leads/import", "/blocklist/import"])
def test_an_import_blocks_and_unblocks_all_the_same(full, path):
    server, tenant = full

    def count(action, name):
        return import_of(server, tenant, f"{path}?action={action}",
                         f"linkedin\nhttps://www.linkedin.com/in/{name}\n".encode())
    assert expect.ok(count("block", "from-a-file"))["blocked"] == 1
    assert expect.ok(count("unblock", "from-a-file"))["unblocked"] == 1


def test_settings_of_a_campaign_that_protect_people_are_taken(full):
    """Alone; with a text they are refused as the text is."""
    api, target = full[1].api, full[1].target
    wanted = {"blockOnReply": True, "skipContacted": {"days": 30}, "stopColleagues": True}
    for name, value in wanted.items():
        refused(api.patch(target, {"settings": {name: value}, "customVariables": {"a": "b"}}))
        expect.ok(api.patch(target, {"settings": {name: value}}))
    assert expect.ok(api.get(target))["settings"] == wanted


def test_what_protects_people_goes_on(full):
    server, tenant = full
    api = tenant.api
    expect.blocked_result(api.post("/blocked-leads", {"leads": [{"publicIdentifier": "protected"}]}), 1)
    expect.ok(api.delete("/campaigns/{}/blocked-leads".format(tenant.campaigner.id), {"publicIdentifiers": ["protected"]}))
    expect.ok(tenant.campaigner.report(tenant.activity, "opted_out"))
    lead = expect.ok(api.get(f"{tenant.target}/leads"))[0]["id"]
    expect.ok(api.put(f"/leads/{lead}/status", {"status": "paused"}))
    expect.ok(api.put(f"{tenant.target}/pause"))
    other = server.tenant()
    other.campaign()
    expect.ok(api.delete(tenant.target))
