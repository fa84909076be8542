"""Templates are filled in when an activity is claimed; nothing is handed out with a hole in it."""

import pytest

from support.campaigns import INVITATION, MESSAGE, VISIT, Campaign, crowd, names

LEAD = {"publicIdentifier": "john-doe", "firstName": "John", "lastName": "Doe",
        "companyName": "Example", "variables": {"topic": "tea", "empty": "", "a.b-c_9": "odd"}}
CUSTOM = {"product": "Kettle", "topic": "coffee", "empty": "full", "none": ""}


@pytest.fixture
def render(tenant):
    def render(template, lead=LEAD, **custom):
        campaign = Campaign(tenant, lead, steps=[{**MESSAGE, "genericBody": template}],
                            customVariables={**CUSTOM, **custom})
        return campaign.claim_one()["message"]

    return render


@pytest.mark.parametrize("template, message", [
    ("Hi {{firstName}} {{lastName}} of {{companyName}} ({{publicIdentifier}})",
     "Hi John Doe of Example (john-doe)"),
    ("{{topic}}", "tea"),
    ("{{product}}", "Kettle"),
    ("{{a.b-c_9}}", "odd"),
    ("{{firstName}}{{firstName}}", "JohnJohn"),
    ("{{firstName|there}}", "John"),
    ("{{nothing|there}}", "there"),
    ("{{nothing|}}!", "!"),
    ("{{none|fallback}}", "fallback"),
    ("{{  firstName  }}", "John"),
    ("{{\tfirstName\n|\n there you \t}}", "John"),
    ("{{ nothing | there you }}!", "there you!"),
    ("{{nothing|a|b}}", "a|b"),
    ("{{nothing|Grüß Gott 🎻}}", "Grüß Gott 🎻"),
    ("{{firstname|names differ by case}}", "names differ by case"),
    ("no variable", "no variable"),
    ("{firstName} } }} { ", "{firstName} } }} { "),
    ("  kept  \n\t ", "  kept  \n\t "),
    ("<b>{{firstName}}</b> &amp; \"x\" 'y' \\n %s %d $1",
     "<b>John</b> &amp; \"x\" 'y' \\n %s %d $1"),
    ("Ünï {{firstName}} 中文 🎻{{lastName}}🎻", "Ünï John 中文 🎻Doe🎻"),
])
def test_what_a_template_becomes(render, template, message):
    assert render(template) == message


@pytest.mark.parametrize("value", ["{{lastName}}", "{{", "}}", "{{nothing}}", "{{firstName|x}}"])
def test_values_are_never_expanded_again(render, value):
    lead = {**LEAD, "firstName": value, "variables": {"topic": value}}
    message = render("{{firstName}}-{{topic}}-{{product}}", lead, product=value)
    assert message == f"{value}-{value}-{value}"


@pytest.mark.parametrize("value", ["<script>alert('x')</script>", "Zoë & Søn", "\"quoted\" \\ back",
                                   "مرحبا", "王小明", "🎻", "a\nb\tc", "%s%n", " padded "])
def test_values_are_handed_out_as_they_are(render, value):
    lead = {**LEAD, "firstName": value, "variables": {"topic": value}}
    assert render("Hi {{firstName}}, {{topic}}!", lead) == f"Hi {value}, {value}!"


def test_a_field_wins_over_a_variable_and_a_variable_over_the_campaigns(render):
    lead = {**LEAD, "variables": {"firstName": "variable", "topic": "variable"}}
    message = render("{{firstName}} {{topic}} {{product}}", lead, firstName="campaign")
    assert message == "John variable Kettle"


def test_the_next_source_is_asked_when_a_lead_lacks_the_field(render):
    nameless = {"publicIdentifier": "john-doe"}
    assert render("{{firstName}}", nameless, firstName="campaign") == "campaign"
    lead = {**nameless, "variables": {"firstName": "variable"}}
    assert render("{{firstName}}", lead, firstName="campaign") == "variable"


@pytest.mark.parametrize("steps", [[VISIT], [{"type": "invitation"}]], ids=["visit", "invitation"])
def test_a_step_without_a_text_has_a_null_message(tenant, steps):
    assert Campaign(tenant, LEAD, steps=steps).claim_one()["message"] is None


def test_an_invitations_text_is_filled_in_too(tenant):
    assert Campaign(tenant, LEAD, steps=[INVITATION]).claim_one()["message"] == "Hi John"


def test_it_is_filled_in_when_the_activity_is_claimed(tenant):
    campaign = Campaign(tenant, LEAD)
    campaign.pause()
    campaign.change_step(campaign.sequence()[0]["id"], genericBody="Changed, {{lastName}}")
    campaign.activate()
    assert campaign.claim_one()["message"] == "Changed, Doe"


MISSING = {**MESSAGE, "genericBody": "Hi {{firstName}}, {{nickname}}"}


def test_a_missing_variable_sets_the_lead_to_error_and_hands_nothing_out(tenant):
    campaign = Campaign(tenant, LEAD, steps=[MISSING, VISIT])
    assert campaign.claim() == []
    assert campaign.lead("john-doe")["status"] == "error"
    (failed,) = campaign.activities()
    assert (failed["state"], failed["publicIdentifier"]) == ("failed", "john-doe")
    assert failed["leaseExpiresAt"] is None
    assert (campaign.status, campaign.progress) == ("completed", 100)


def test_a_missing_variable_holds_up_nobody_else(tenant):
    whole = {**LEAD, "variables": {"nickname": "Jo"}}
    people = [{**(LEAD if number < 60 else whole), "publicIdentifier": f"lead-{number:03}"}
              for number in range(90)]
    campaign = Campaign(tenant, *people[:60], steps=[MISSING], active=False)
    campaign.add(*people[60:])
    campaign.activate()
    claimed = campaign.claim(most=10)
    assert len(claimed) == 10
    assert {activity["message"] for activity in claimed} == {"Hi John, Jo"}
    for activity in claimed:
        campaign.complete(activity)
    claimed += campaign.work(most=10)
    assert sorted(names(claimed)) == [f"lead-{number:03}" for number in range(60, 90)]
    assert campaign.status == "completed"
    leads = campaign.details()["analytics"]["leads"]
    assert (leads["completed"], leads["error"]) == (30, 60)


def test_a_later_step_that_cannot_be_filled_in_fails_there(tenant):
    campaign = Campaign(tenant, LEAD, steps=[VISIT, MISSING])
    assert campaign.complete(campaign.claim_one()) == "active"
    assert campaign.claim() == []
    assert campaign.lead("john-doe")["status"] == "error"
    assert [entry["state"] for entry in campaign.activities()] == ["failed", "done"]


def test_an_empty_value_is_a_hole_too(tenant):
    campaign = Campaign(tenant, {**LEAD, "firstName": ""}, active=False,
                        steps=[{**MESSAGE, "genericBody": "Hi {{firstName}}, how are you?"}])
    campaign.activate()
    assert campaign.claim() == []
    assert campaign.lead("john-doe")["status"] == "error"


def test_a_lead_in_error_goes_on_once_its_text_can_be_filled_in(tenant):
    campaign = Campaign(tenant, LEAD, steps=[MISSING])
    assert campaign.claim() == []
    campaign.change_step(campaign.sequence()[0]["id"], genericBody="Hi {{firstName}}")
    campaign.set_status("john-doe", "active")
    assert campaign.status == "paused"
    campaign.activate()
    assert campaign.claim_one()["message"] == "Hi John"


LONGEST = 64 * 1024  # bytes


def long_text(size):
    """A lead and a step whose text has so many bytes."""
    lead = {"publicIdentifier": "john-doe", "variables": {"v": "é" * 1000}}
    body = "{{v}}" * (size // 2000) + "y" * (size % 2000)
    return lead, {**MESSAGE, "genericBody": body}


def test_a_text_of_64_kib_is_handed_out_whole(tenant):
    lead, step = long_text(LONGEST)
    message = Campaign(tenant, lead, steps=[step]).claim_one()["message"]
    assert len(message.encode()) == LONGEST
    assert message == "é" * 32_000 + "y" * 1536


@pytest.mark.parametrize("size", [LONGEST + 1, 4_000_000])
def test_a_longer_text_fails_like_one_with_a_hole(tenant, size):
    lead, step = long_text(size)
    campaign = Campaign(tenant, lead, steps=[step])
    assert campaign.claim() == []
    assert campaign.lead("john-doe")["status"] == "error"
    (failed,) = campaign.activities()
    assert (failed["state"], campaign.status) == ("failed", "completed")


def test_texts_that_are_more_than_one_claim_hands_out_come_with_the_next(tenant):
    campaign = Campaign(tenant, *crowd(1000), steps=[{**MESSAGE, "genericBody": "x" * 10_000}])
    handed_out = []
    while claimed := campaign.claim(most=10_000):
        assert len(claimed) < 600, "some 4 MiB"
        handed_out += names(claimed)
    assert sorted(handed_out) == crowd(1000)


def test_many_who_cannot_be_written_to_are_passed_claim_by_claim(tenant):
    whole = [{**LEAD, "publicIdentifier": name, "variables": {"nickname": "Jo"}}
             for name in crowd(3, "whole")]
    campaign = Campaign(tenant, *[{**LEAD, "publicIdentifier": name, "memberId": None}
                                  for name in crowd(2500)], steps=[MISSING], active=False)
    campaign.add(*whole)
    campaign.activate()
    claims = [campaign.claim() for _ in range(4)]
    assert sorted(name for claim in claims for name in names(claim)) == crowd(3, "whole")
    assert campaign.details()["analytics"]["leads"]["error"] == 2500


def test_a_claim_that_finds_none_at_first_looks_on(server, tenant):
    """An empty answer tells a sender to wait. One commit looks at 100 in vain, as others write: without looking on,
    nine claims find none; with it a slow machine may need two."""
    Campaign(server.tenant("pro"), LEAD, steps=[INVITATION])
    campaign = Campaign(tenant, *[{**LEAD, "publicIdentifier": name, "memberId": None}
                                  for name in crowd(950)], steps=[MISSING], active=False)
    campaign.add({**LEAD, "publicIdentifier": "whole", "variables": {"nickname": "Jo"}})
    campaign.activate()
    assert ["whole"] in [names(campaign.claim()) for _ in range(2)]
