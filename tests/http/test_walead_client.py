"""A client of WaLead's, with another base URL and key."""

import pytest

from support.campaigns import MESSAGE, Campaign
from support.receiver import Receiver
from support.server import Server
from walead_client import WaLead


@pytest.fixture(scope="module")
def sending():
    with Server("--hooks-allow", "127.0.0.0/8", "--hooks-backoff", "1") as server:
        yield server


@pytest.fixture
def tenant(sending):
    return sending.tenant("pro")


@pytest.fixture
def campaign(tenant):
    """It was made before, in the program that WaLead's clients do not replace."""
    return Campaign(tenant, "ann-doe", "bob-roe", steps=[MESSAGE], active=False)


@pytest.fixture
def walead(sending, tenant):
    return WaLead(f"http://127.0.0.1:{sending.port}/api/v1", tenant.key)


def test_a_campaign_is_read_changed_started_and_stopped(walead, campaign):
    (found,) = walead.campaigns()
    read = walead.campaign(campaign.id)
    assert found["id"] == read["id"] == campaign.id and read["status"] == "draft"
    sequence = walead.sequence(campaign.id)
    (step,) = sequence["steps"]
    assert (sequence["campaignId"], sequence["campaignName"]) == (campaign.id, read["name"])
    assert walead.update_step(campaign.id, step["id"], delay=2, genericBody="Hello {{firstName|there}}")["success"]
    added = walead.add_step(campaign.id, type="invitation", delay=1, genericBody="Hi", order=2)
    (step, more) = walead.sequence(campaign.id)["steps"]
    assert (step["delay"], step["genericBody"], more["id"]) == (2, "Hello {{firstName|there}}", added["id"])
    assert [each["id"] for each in walead.delete_step(campaign.id, more["id"])["steps"]] == [step["id"]]
    assert walead.activate(campaign.id)["status"] == "active"
    assert walead.pause(campaign.id)["status"] == "paused"


def test_variants_are_added_changed_and_deleted(walead, campaign):
    (step,) = walead.sequence(campaign.id)["steps"]
    for body in ("One", "Two"):
        variants = walead.add_variant(campaign.id, step["id"], body)["variants"]
    one, two = variants
    assert walead.update_variant(campaign.id, step["id"], one["id"], body="First", isDisabled=True)["success"]
    messages = walead.sequence(campaign.id)["steps"][0]["messages"]
    assert [(each["body"], each["isDisabled"], each["stepId"]) for each in messages] == [
        ("First", True, step["id"]), ("Two", False, step["id"])]
    (left,) = walead.delete_variant(campaign.id, step["id"], one["id"])["variants"]
    assert left["id"] == two["id"]


def test_leads_are_stopped_and_blocked(walead, campaign):
    ann, bob = (campaign.lead_id(name) for name in ("ann-doe", "bob-roe"))
    changed = walead.set_lead_status(ann, "paused")
    assert changed["success"] and (changed["leadId"], changed["status"]) == (ann, "paused")
    assert walead.set_lead_status(bob, "completed")["status"] == "completed"
    assert walead.block(campaign.id, "ann-doe", "https://www.linkedin.com/in/bob-roe/")["blocked"] == 2
    assert {each["publicIdentifier"] for each in walead.blocked(campaign.id)} == {"ann-doe", "bob-roe"}
    assert walead.unblock(campaign.id, "ann-doe")["unblocked"] == 1
    assert walead.block_everywhere("cat-poe")["blocked"] == 1
    (entry,) = walead.blocked_everywhere()
    assert entry["publicIdentifier"] == "cat-poe"
    assert walead.unblock_everywhere(entry["id"])["unblocked"] == 1


def test_hooks_are_subscribed_to_listed_and_ended(walead, campaign):
    with Receiver() as there:
        made = walead.subscribe(there.url(), "lead_blocked")
        assert (made["url"], made["type"]) == (there.url(), "lead_blocked")
        assert [each["id"] for each in walead.hooks("lead_blocked")] == [made["id"]]
        walead.block(campaign.id, "ann-doe")
        (event,) = [each.json()["data"] for each in there.wait(1)]
        assert (event["campaignId"], event["linkedinUrl"]) == (campaign.id, "https://www.linkedin.com/in/ann-doe/")
        assert event["leadId"] == campaign.lead_id("ann-doe") and event["status"] == "waiting"
        assert walead.unsubscribe(there.url(), "lead_blocked") == {"message": "Webhook unsubscribed successfully"}
        assert walead.hooks("lead_blocked") == []
