"""Leads that are excluded by an e-mail address, a phone number, a domain or a company."""


import pytest
from test_evidence import alter

from support import expect
from support.campaigns import Campaign
from support.server import Server, Tenant, on_postgresql
from support.waiting import becomes

JANE = {"publicIdentifier": "jane-doe", "email": "Jane@Mail.Acme.com",
        "phone": "+49 (0)170 1234567", "website": "https://www.acme.example.org/about",
        "companyUrl": "https://www.linkedin.com/company/Acme-Inc/",
        "companyName": "ACME GmbH & Co. KG"}
OTHER = {"publicIdentifier": "joe-bloggs", "email": "joe@notacme.com", "phone": "+49 170 1234568",
         "website": "acme.org", "companyUrl": "linkedin.com/company/acme",
         "companyName": "Acme Berlin"}

# What is sent, its type and form, and what is said of it.
ENTRIES = [
    ({"email": "JANE@mail.acme.com"}, "email", "jane@mail.acme.com", "The e-mail address "),
    ({"phone": "0049-170-1234567"}, "phone", "+491701234567", "The phone number "),
    ({"domain": "mail.acme.com"}, "domain", "mail.acme.com", "The domain "),
    ({"domain": "https://www.acme.com/"}, "domain", "acme.com", "The domain "),
    ({"domain": "example.org"}, "domain", "example.org", "The domain "),
    ({"company": "linkedin.com/company/acme-inc"}, "company", "acme-inc", "The company page "),
    ({"company": "Acme AG"}, "company", "acme", "The company "),
]


def block(api, *entries, path="/blocklist"):
    return expect.ok(api.post(path, {"entries": list(entries)}))


def unblock(api, *entries, path="/blocklist"):
    return expect.ok(api.delete(path, {"entries": list(entries)}))["unblocked"]


def blocked(campaign):
    return campaign.details()["analytics"]["leads"]["blocked"]


def await_blocked(campaign, wanted):
    becomes(lambda: blocked(campaign), wanted)


@pytest.mark.parametrize("entry, type, form, words", ENTRIES)
def test_each_type_of_entry_excludes_a_lead_until_it_ends(fresh, entry, type, form, words):
    campaign = Campaign(fresh, JANE, OTHER)
    block(fresh.api, {**entry, "reason": "our client"})
    assert blocked(campaign) == 1
    lead = campaign.lead("jane-doe")
    assert lead["blocked"] is True and lead["blockedScope"] == "workspace"
    assert campaign.lead("joe-bloggs")["blocked"] is False
    explained = campaign.explain("jane-doe")
    assert explained["contact"] is False and explained["blocked"] is True
    assert explained["because"].startswith(f"{words}{form} is blocked in the workspace since ")
    (found,) = explained["blocks"]
    assert (found["type"], found["value"], found["publicIdentifier"]) == (type, form, None)
    assert found["reason"] == "our client" and found["scope"] == "workspace"
    assert [activity["publicIdentifier"] for activity in campaign.claim()] == ["joe-bloggs"]
    assert campaign.add({**JANE, "publicIdentifier": "jane-2"}) == (1, 0, 1)
    assert unblock(fresh.api, entry) == 1
    assert blocked(campaign) == 0
    campaign.activate()
    assert {activity["publicIdentifier"] for activity in campaign.claim()} == {"jane-doe", "jane-2"}


# A company's page, as exports have it in other columns.
ELSEWHERE = [{"website": "https://www.linkedin.com/company/Acme-Inc/about"}, {"website": "de.LinkedIn.com/company/acme-inc"},
             {"companyName": "https://www.linkedin.com/company/acme-inc/"}, {"companyName": "urn:li:company:1441"},
             {"website": "https://linkedin.com/company/acme-inc", "companyUrl": "https://acme.org", "companyName": "Acme"},
             {"website": "linkedin.com/school/acme-inc", "companyName": "linkedin.com/company/other"}]
# Another page, no page, or one beside that of companyUrl.
NOT_THERE = [{"website": "https://www.linkedin.com/company/acme-incs"}, {"website": "https://www.linkedin.com/in/acme-inc"},
             {"website": "https://linkedin.com.acme.org/company/acme-inc"}, {"companyName": "Acme-Inc"},
             {"website": "https://notlinkedin.com/company/acme-inc"}, {"website": "linkedin.com"},
             {"website": "linkedin.com/company/acme-inc", "companyUrl": "https://www.linkedin.com/company/acme"}]
PAGES = [{"company": "https://www.linkedin.com/company/acme-inc"}, {"company": "https://www.linkedin.com/company/1441"}]


def page_campaign(tenant):
    return Campaign(tenant, *({"publicIdentifier": f"there-{number}", **lead} for number, lead in enumerate(ELSEWHERE)),
                    *({"publicIdentifier": f"other-{number}", **lead} for number, lead in enumerate(NOT_THERE)))


def claimed(campaign):
    return {activity["publicIdentifier"].split("-")[0] for activity in campaign.claim()}


def test_a_page_excludes_leads_that_have_it_in_another_field(fresh):
    campaign = page_campaign(fresh)
    answer = block(fresh.api, *PAGES)
    assert [entry["leads"] for entry in answer["entries"]] == [len(ELSEWHERE) - 1, 1]
    assert blocked(campaign) == len(ELSEWHERE)
    for leads, wanted in ((ELSEWHERE, True), (NOT_THERE, False)):
        found = expect.ok(fresh.api.post("/check", {"leads": leads}))
        assert [each["blocked"] for each in found] == [wanted] * len(leads)
    assert campaign.explain("there-1")["blocks"][0]["value"] == "acme-inc"
    assert claimed(campaign) == {"other"}
    assert unblock(fresh.api, *PAGES) == 2 and blocked(campaign) == 0
    campaign.activate()
    assert claimed(campaign) == {"there"}


@pytest.mark.parametrize("by_address_first", [False, True])
def test_a_page_in_another_field_of_a_lead_of_an_earlier_version(own, by_address_first):
    """Such a lead is not found by its page. Claims know it, and the end of the block puts it back."""
    tenant = own.tenant()
    campaign = page_campaign(tenant)
    campaign.add(*({**lead, "publicIdentifier": f"there-{number + 10}", "email": f"x{number}@acme.de"}
                   for number, lead in enumerate(ELSEWHERE)))
    if by_address_first:
        block(tenant.api, {"domain": "acme.de"})
        await_blocked(campaign, len(ELSEWHERE))
    own.stop()
    alter(own, *["UPDATE lead SET page_form = NULL WHERE identifier LIKE 'there-%'"] * 2)
    own.start()
    campaign.api = api = own.api(tenant.key)
    block(api, *PAGES)
    if by_address_first:
        unblock(api, {"domain": "acme.de"})
        assert blocked(campaign) == len(ELSEWHERE)
    assert claimed(campaign) == {"other"}
    await_blocked(campaign, 2 * len(ELSEWHERE))
    assert unblock(api, *PAGES) == 2
    await_blocked(campaign, 0)
    campaign.activate()
    assert claimed(campaign) == {"there"}


def test_a_campaigns_entries_exclude_there_alone(fresh):
    one, two = Campaign(fresh, JANE), Campaign(fresh, JANE)
    block(fresh.api, {"domain": "acme.com"}, path=one.path + "/blocklist")
    assert one.claim() == [] and len(two.claim()) == 1
    assert (blocked(one), blocked(two)) == (1, 0)
    assert one.explain("jane-doe")["blocks"][0]["scope"] == "campaign"


def test_every_block_of_a_lead_is_told(fresh):
    campaign = Campaign(fresh, JANE)
    block(fresh.api, *[entry for entry, *_ in ENTRIES], {"publicIdentifier": "jane-doe"})
    told = [(found.get("type"), found.get("value") or found["publicIdentifier"])
            for found in campaign.explain("jane-doe")["blocks"]]
    assert told[0] == (None, "jane-doe")
    assert sorted(told[1:]) == sorted((type, form) for _, type, form, _ in ENTRIES)


def crowd(count, **fields):
    return [{**JANE, "publicIdentifier": f"lead-{number}", **fields} for number in range(count)]


def test_a_company_with_many_leads_is_blocked_at_once(fresh):
    campaign = Campaign(fresh, *crowd(1000))
    assert len(campaign.claim(10)) == 10
    for entry in ({"company": "Acme"}, {"domain": "acme.com"}, {"domain": "example.org"}):
        block(fresh.api, entry)
        assert campaign.claim() == []
        await_blocked(campaign, 1000)
        unblock(fresh.api, entry)
        await_blocked(campaign, 0)
    campaign.activate()
    assert len(campaign.claim()) == 100


def test_a_crash_in_between_leaves_no_lead_behind():
    with Server() as server:
        tenant = server.tenant()
        campaign = Campaign(tenant, *crowd(1000))

        def crash():
            server.kill()
            server.start()
            return campaign.seen_from(Tenant(server, tenant.workspace, tenant.key))

        block(tenant.api, {"company": "Acme"})
        await_blocked(campaign, 1000)
        unblock(tenant.api, {"company": "Acme"})
        campaign = crash()
        await_blocked(campaign, 0)
        block(campaign.api, {"company": "Acme"})
        campaign = crash()
        assert campaign.claim() == []
        await_blocked(campaign, 1000)


def test_what_another_node_blocks_is_not_handed_out():
    if not on_postgresql():
        pytest.skip("nodes share a PostgreSQL database")
    with Server() as one, Server(database=one.database) as two:
        tenant = one.tenant()
        campaign = Campaign(tenant, JANE, OTHER)
        there = campaign.seen_from(Tenant(two, tenant.workspace, tenant.key))
        for entry, *_ in ENTRIES:
            block(tenant.api, entry)
            assert there.lead("jane-doe")["blocked"] is True
            assert there.explain("jane-doe")["contact"] is False
            unblock(there.api, entry)
            assert campaign.lead("jane-doe")["blocked"] is False
        block(tenant.api, {"company": "Acme"})
        assert [activity["publicIdentifier"] for activity in there.claim()] == ["joe-bloggs"]
