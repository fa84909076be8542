"""The steps of a campaign: with it, added, moved, changed, deleted, and what leads make of that."""

import random

import pytest

from support import expect
from support.campaigns import INVITATION, MESSAGE, STEP, VISIT, Campaign, crowd, names

THREE = (VISIT, INVITATION, MESSAGE)


def orders(campaign):
    return [step["order"] for step in campaign.sequence()]


def ids(campaign):
    return [step["id"] for step in campaign.sequence()]


@pytest.fixture
def three(tenant):
    return Campaign(tenant, steps=THREE)


@pytest.fixture
def empty(tenant):
    return Campaign(tenant, steps=())


def test_a_campaign_is_created_with_its_steps_in_the_order_given(api):
    body = expect.ok(api.post("/campaigns", {"name": "Three", "steps": [
        VISIT, {**INVITATION, "delay": 2, "stopOnReply": False}, MESSAGE]}), 201)
    steps = body["steps"]
    assert [step.keys() for step in steps] == [STEP] * 3
    assert len({step.pop("id") for step in steps}) == 3
    assert steps == [
        {"type": "visit_profile", "order": 1, "delay": 0, "delayHours": 0, "stopOnReply": True,
         "genericBody": None, "variants": []},
        {"type": "invitation", "order": 2, "delay": 2, "delayHours": 48, "stopOnReply": False,
         "genericBody": INVITATION["genericBody"], "variants": []},
        {"type": "message", "order": 3, "delay": 0, "delayHours": 0, "stopOnReply": True,
         "genericBody": MESSAGE["genericBody"], "variants": []}]


def test_steps_read_alike_in_the_campaign_the_list_and_the_sequence(fresh):
    made = expect.ok(fresh.api.post("/campaigns", {"name": 'Three "3"', "steps": list(THREE)}), 201)
    assert expect.ok(fresh.api.get(f"/campaigns/{made['id']}")) == made
    assert expect.ok(fresh.api.get("/campaigns")) == [made]
    sequence = expect.ok(fresh.api.get(f"/campaigns/{made['id']}/sequence"))
    assert sequence.keys() == {"campaignId", "campaignName", "steps"}
    assert (sequence["campaignId"], sequence["campaignName"]) == (made["id"], 'Three "3"')
    for step in sequence["steps"]:
        step["variants"] = step.pop("messages")  # what the sequence calls them
    assert sequence["steps"] == made["steps"]


def test_a_campaign_without_steps_has_an_empty_sequence(empty, api, campaign):
    assert empty.sequence() == []
    assert expect.ok(api.get(f"/campaigns/{campaign}/sequence"))["steps"] == []


def test_an_added_step_becomes_the_last_and_has_the_defaults(empty):
    for order in (1, 2, 3):
        step = empty.add_step(VISIT)
        assert step == {"id": step["id"], "type": "visit_profile", "order": order, "delay": 0,
                        "delayHours": 0, "stopOnReply": True, "genericBody": None, "variants": []}
        assert empty.sequence()[-1]["id"] == step["id"]


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_a_step_added_with_an_order_stands_there_and_the_others_move_up(three, order):
    before = ids(three)
    step = three.add_step(order=order)
    assert step["order"] == order
    before.insert(order - 1, step["id"])
    assert ids(three) == before
    assert orders(three) == [1, 2, 3, 4]


@pytest.mark.parametrize("order", [1, 10, 20, None])
@pytest.mark.parametrize("size", [10, 200, 9000])
def test_adding_or_moving_a_step_leaves_the_texts_of_the_others_alone(tenant, order, size):
    before = [{**MESSAGE, "genericBody": f"{number:02} " * (size // 3)} for number in range(20)]
    campaign = Campaign(tenant, steps=before)
    texts = [step["genericBody"] for step in before]
    for text in ("x" * 10_000, "y", "z" * 500):
        campaign.add_step(genericBody=text, **({"order": order} if order else {}))
        texts.insert(order - 1 if order else len(texts), text)
        assert [step["genericBody"] for step in campaign.sequence()] == texts
    for start, end in ((1, 23), (23, 2), (7, 8)):
        campaign.change_step(ids(campaign)[start - 1], order=end, genericBody="moved " * 1000)
        texts.pop(start - 1)
        texts.insert(end - 1, "moved " * 1000)
        assert [step["genericBody"] for step in campaign.sequence()] == texts


@pytest.mark.parametrize("start", [1, 2, 3])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_new_order_moves_a_step_and_closes_the_gap(three, start, order):
    before = ids(three)
    step = before.pop(start - 1)
    before.insert(order - 1, step)
    three.change_step(step, order=order)
    assert ids(three) == before
    assert orders(three) == [1, 2, 3]


@pytest.mark.parametrize("fields", [{"delay": 2, "delayHours": 48}, {"stopOnReply": False},
                                    {"genericBody": "Other"}, {"type": "invitation"},
                                    {"delay": 365, "delayHours": 8760, "genericBody": "Two"},
                                    {}], ids=repr)
def test_a_change_replaces_the_given_fields_and_nothing_else(tenant, fields):
    campaign = Campaign(tenant, steps=[MESSAGE, {**MESSAGE, "delay": 5}, MESSAGE])
    before = campaign.sequence()
    campaign.change_step(before[1]["id"], **fields)
    before[1] = {**before[1], **fields}
    assert campaign.sequence() == before


def test_an_invitations_text_can_be_taken_away_a_messages_cannot(three):
    _, invitation, message = three.sequence()
    three.change_step(invitation["id"], genericBody=None)
    assert three.sequence()[1]["genericBody"] is None
    response = three.api.put(f"{three.path}/steps/{message['id']}", {"genericBody": None})
    expect.error(response, 400, "invalid_body", "invalid_template")
    response = three.api.put(f"{three.path}/steps/{invitation['id']}", {"type": "message"})
    expect.error(response, 400, "invalid_body", "invalid_template")
    assert [step["genericBody"] for step in three.sequence()] == [None, None,
                                                                  MESSAGE["genericBody"]]


def test_a_deleted_step_is_gone_and_the_others_close_up(three):
    first, second, third = ids(three)
    three.delete_step(second)
    assert ids(three) == [first, third]
    assert orders(three) == [1, 2]
    expect.error(three.api.delete(f"{three.path}/steps/{second}"), 404, "step_not_found")
    expect.error(three.api.put(f"{three.path}/steps/{second}", {"delay": 1}), 404, "step_not_found")
    assert three.add_step()["id"] not in (first, second, third)


@pytest.mark.parametrize("step", ["st_999999999", "nonsense", "0", "-1", "%20", "x" * 300,
                                  "18446744073709551616"])
def test_an_unknown_step_is_404(three, step):
    before = three.sequence()
    path = f"{three.path}/steps/{step}"
    expect.error(three.api.put(path, {"delay": 1}), 404, "step_not_found")
    expect.error(three.api.delete(path), 404, "step_not_found")
    assert three.sequence() == before


def test_a_step_of_another_campaign_of_ones_own_is_404(three, tenant):
    sibling = Campaign(tenant, steps=THREE)
    before = sibling.sequence()
    path = f"{three.path}/steps/{before[0]['id']}"
    expect.error(three.api.put(path, {"delay": 1}), 404, "step_not_found")
    expect.error(three.api.delete(path), 404, "step_not_found")
    assert sibling.sequence() == before


def test_a_campaign_has_at_most_50_steps(tenant, fresh):
    full = Campaign(tenant, steps=[VISIT] * 50)
    assert orders(full) == list(range(1, 51))
    expect.error(full.post_step(VISIT), 400, "invalid_body")
    assert len(full.sequence()) == 50
    full.delete_step(ids(full)[7])
    full.add_step(VISIT, order=1)
    response = fresh.api.post("/campaigns", {"name": "Full", "steps": [VISIT] * 51})
    expect.error(response, 400, "invalid_body")
    assert expect.ok(fresh.api.get("/campaigns")) == []


BAD_STEPS = {
    "no type": {"genericBody": "x"},
    "null type": {"type": None},
    "unknown type": {"type": "email", "genericBody": "x"},
    "type in another case": {"type": "Message", "genericBody": "x"},
    "number as type": {"type": 1},
    "negative delay": {**VISIT, "delay": -1},
    "long delay": {**VISIT, "delay": 366},
    "long delay in hours": {**VISIT, "delayHours": 8761},
    "text as delay": {**VISIT, "delay": "24"},
    "contradiction": {**VISIT, "delay": 1, "delayHours": 1},
    "text as stopOnReply": {**VISIT, "stopOnReply": "yes"},
    "number as stopOnReply": {**VISIT, "stopOnReply": 1},
    "number as text": {**MESSAGE, "genericBody": 5},
    "array as text": {**MESSAGE, "genericBody": ["x"]},
    "message without text": {"type": "message"},
    "message with null": {"type": "message", "genericBody": None},
    "message with an empty text": {"type": "message", "genericBody": ""},
    "long text": {"type": "message", "genericBody": "é" * 10_001},
    "array": [],
}
bad_steps = pytest.mark.parametrize("step", BAD_STEPS.values(), ids=BAD_STEPS)


@bad_steps
def test_a_bad_step_is_refused_alone(three, step):
    before = three.sequence()
    expect.error(three.post_step(step), 400, "invalid_body", "invalid_template")
    assert three.sequence() == before


@bad_steps
def test_a_bad_step_refuses_the_campaign_that_is_created_with_it(fresh, step):
    body = {"name": "Bad", "id": "mine", "steps": [VISIT, step]}
    expect.error(fresh.api.post("/campaigns", body), 400, "invalid_body", "invalid_template")
    assert expect.ok(fresh.api.get("/campaigns")) == []
    assert fresh.campaign(id="mine") == "mine"


@pytest.mark.parametrize("fields", [
    {"type": "email"}, {"type": None}, {"delay": -1}, {"delay": 365.01}, {"delayHours": 1.5},
    {"delay": "1"}, {"delay": 2, "delayHours": 2}, {"stopOnReply": "no"}, {"genericBody": 5}, {"genericBody": ""},
    {"genericBody": "x" * 10_001}, {"order": 0}, {"order": -1}, {"order": 1.5}, {"order": "1"},
    {"delay": 7, "type": "email"}], ids=lambda fields: repr(fields)[:40])
def test_a_bad_change_is_refused_whole(three, fields):
    before = three.sequence()
    response = three.api.put(f"{three.path}/steps/{before[2]['id']}", fields)
    expect.error(response, 400, "invalid_body", "invalid_template")
    assert three.sequence() == before


@pytest.mark.parametrize("order", [0, -1, 1.5, "1", True, [], 2**64], ids=repr)
def test_a_step_with_a_bad_order_is_refused(three, order):
    before = three.sequence()
    expect.error(three.post_step({**VISIT, "order": order}), 400, "invalid_body")
    assert three.sequence() == before


@pytest.mark.parametrize("steps", [{}, "x", 5, [None], ["visit_profile"], {"0": VISIT}], ids=repr)
def test_steps_of_another_shape_are_refused(fresh, steps):
    response = fresh.api.post("/campaigns", {"name": "Bad", "steps": steps})
    expect.error(response, 400, "invalid_body")
    assert expect.ok(fresh.api.get("/campaigns")) == []


def test_the_bounds_themselves_are_allowed(empty):
    for step in ({**VISIT, "delay": 0}, {**VISIT, "delay": 365},
                 {"type": "message", "genericBody": "é" * 10_000},
                 {"type": "message", "genericBody": "x"}, {"type": "invitation"}):
        made = empty.add_step(step)
        assert {**made, **step} == made


DELAYS = {  # as sent: hours, and days as answered
    "0": (0, "0"), "-0": (0, "0"), "-0.0": (0, "0"), "0e9": (0, "0"), "0.0E-5": (0, "0"),
    "1": (24, "1"), "2.0": (48, "2"), "1e1": (240, "10"), "1.5": (36, "1.5"), "0.5": (12, "0.5"),
    "0.25": (6, "0.25"), "0.125": (3, "0.125"), "0.0417": (1, "0.0417"), "0.0625": (2, "0.0833"),
    "0.062499": (1, "0.0417"), "0.0208": (1, "0.0417"), "0.0001": (1, "0.0417"),
    "1e-400": (1, "0.0417"), "0." + "0" * 400 + "1": (1, "0.0417"), "0.0209": (1, "0.0417"),
    "0.3333": (8, "0.3333"), "0.9583": (23, "0.9583"), "0.99": (24, "1"), "1.0208": (24, "1"),
    "1.0209": (25, "1.0417"), "7.1666666666666667": (172, "7.1667"), "364.99": (8760, "365"),
    "364.9583": (8759, "364.9583"), "365": (8760, "365"), "365.0": (8760, "365"),
    "3.65e2": (8760, "365"), "365." + "0" * 400: (8760, "365")}


def raw_step(delay):
    return '{"type":"visit_profile",%s}' % delay


@pytest.mark.parametrize("sent", DELAYS, ids=lambda sent: sent[:20])
def test_a_delay_is_in_days_and_kept_in_whole_hours(empty, sent):
    hours, days = DELAYS[sent]
    response = empty.post_step(raw_step(f'"delay":{sent}'))
    assert expect.ok(response, 201)["delayHours"] == hours
    assert f'"delay":{days},'.encode() in response.body  # up to four decimals, none that says nothing
    (step,) = empty.sequence()
    assert (step["delayHours"], step["delay"]) == (hours, float(days))
    both = {"delay": step["delay"], "delayHours": hours}  # what was answered may be sent
    empty.change_step(step["id"], **both)
    assert {**step, **both} == empty.sequence()[0]


def test_every_whole_hour_comes_back_from_its_days(tenant):
    for start in range(0, 8761, 50 * 17):
        hours = list(range(start, min(8761, start + 50 * 17), 17))
        campaign = Campaign(tenant, steps=[{**VISIT, "delayHours": hour} for hour in hours])
        sent = [{**VISIT, "delay": step["delay"]} for step in campaign.sequence()]
        assert [step["delayHours"] for step in Campaign(tenant, steps=sent).sequence()] == hours


BAD_DELAYS = ["-1", "-0.0001", "-1e-400", "365.01", "365.00001", "366", "8760", "1e400", "-1e400",
              "18446744073709551616", "1" + "0" * 400, "9" * 400 + ".5", '"2"', "true", "false",
              "null", "[]", "[1]", "{}", '""']


@pytest.mark.parametrize("delay", [f'"delay":{value}' for value in BAD_DELAYS] + [
    f'"delayHours":{value}' for value in [
        "-1", "8761", "1.5", "1.0", "1e1", "1e400", "9223372036854775808", '"2"', "true", "null", "[]"]
] + ['"delay":1,"delayHours":23', '"delay":0,"delayHours":1', '"delay":0.0001,"delayHours":0',
     '"delay":24,"delayHours":24', '"delay":"1","delayHours":24', '"delay":1,"delayHours":"24"',
     '"delay":1,"delayHours":null'], ids=lambda text: text[:40])
def test_a_bad_delay_is_refused_wherever_a_step_is_sent(empty, fresh, delay):
    expect.error(empty.post_step(raw_step(delay)), 400, "invalid_body")
    body = '{"name":"Bad","steps":[%s]}' % raw_step(delay)
    expect.error(fresh.api.post("/campaigns", body), 400, "invalid_body")
    step = empty.add_step({**VISIT, "delay": 3})
    path = f"{empty.path}/steps/{step['id']}"
    expect.error(empty.api.put(path, "{%s}" % delay), 400, "invalid_body")
    assert [step["delayHours"] for step in empty.sequence()] == [72]
    assert expect.ok(fresh.api.get("/campaigns")) == []


@pytest.mark.parametrize("delay", ["NaN", "Infinity", "-Infinity", "+1", ".5", "1.", "01", "0x1"])
def test_a_delay_that_is_no_json_number_is_refused(empty, delay):
    expect.error(empty.post_step(raw_step(f'"delay":{delay}')), 400, "invalid_json")
    assert empty.sequence() == []


def test_both_delays_together_say_the_same_after_rounding(empty):
    for sent in ({"delay": 0.5, "delayHours": 12}, {"delay": 0.49, "delayHours": 12},
                 {"delay": 0.001, "delayHours": 1}, {"delay": 0, "delayHours": 0}):
        assert empty.add_step(VISIT, **sent)["delayHours"] == sent["delayHours"]
    empty.change_step(ids(empty)[0], delayHours=30)
    assert empty.sequence()[0]["delay"] == 1.25


def test_a_visit_never_keeps_a_text(empty):
    response = empty.post_step({**VISIT, "genericBody": "Hello"})
    if response.status == 201:
        assert response.json()["genericBody"] is None
    else:
        expect.error(response, 400, "invalid_body", "invalid_template")
        assert empty.sequence() == []


BAD_TEMPLATES = ["Hi {{firstName", "Hi {{firstName|there", "{{", "{{firstName}", "{{}}", "{{ }}",
                 "{{|there}}", "{{first name}}", "{{vorname-ü}}", "{{a/b}}", "{{a:b}}",
                 "{{" + "x" * 65 + "}}", "{{a{{b}}", "{{firstName}} and {{lastName"]


@pytest.mark.parametrize("template", BAD_TEMPLATES)
def test_a_bad_template_is_refused_everywhere(three, template):
    before = three.sequence()
    bad = {**MESSAGE, "genericBody": template}
    expect.error(three.post_step(bad), 400, "invalid_template")
    expect.error(three.post_step({**INVITATION, "genericBody": template}), 400, "invalid_template")
    response = three.api.put(f"{three.path}/steps/{before[1]['id']}", {"genericBody": template})
    expect.error(response, 400, "invalid_template")
    response = three.api.post("/campaigns", {"name": "Bad", "steps": [VISIT, bad]})
    expect.error(response, 400, "invalid_template")
    assert three.sequence() == before


@pytest.mark.parametrize("template", ["{{" + "x" * 64 + "}}", "{{a.b-c_9}}", "{ {a} }", "a } } b",
                                      "closing }} alone", "{single}", "{{ firstName | there }}",
                                      "{{firstName|}}", "🎻 <b>&amp;</b> \" \\ \n\t"])
def test_a_good_template_is_kept_as_it_was_sent(empty, template):
    assert empty.add_step(genericBody=template)["genericBody"] == template
    assert empty.sequence()[0]["genericBody"] == template


def test_custom_variables_are_kept(api):
    variables = {"product": "Bücher & more", "a.b-c_9": "", "x" * 64: "{{firstName}}"}
    body = expect.ok(api.post("/campaigns", {"name": "Own", "customVariables": variables}), 201)
    assert body["customVariables"] == variables
    assert expect.ok(api.get(f"/campaigns/{body['id']}")) == body


@pytest.mark.parametrize("variables", [[], "x", 5, {"a": []}, {"a": {"b": "c"}}], ids=repr)
def test_custom_variables_of_another_shape_are_refused(fresh, variables):
    response = fresh.api.post("/campaigns", {"name": "Bad", "customVariables": variables})
    expect.error(response, 400, "invalid_body")
    assert expect.ok(fresh.api.get("/campaigns")) == []


def test_steps_change_while_the_campaign_is_active(tenant):
    campaign = Campaign(tenant, "a-1", "b-2", "c-3", steps=[MESSAGE, MESSAGE])
    first, second = ids(campaign)
    held = campaign.claim_one(most=1)
    campaign.change_step(first, genericBody="Changed")
    assert held["message"] != "Changed"
    assert campaign.claim_one(most=1)["message"] == "Changed"
    added = campaign.add_step(order=1, genericBody="Added")["id"]
    assert campaign.claim_one(most=1)["stepId"] == added
    campaign.delete_step(first)
    assert campaign.complete(held) == "active"
    campaign.change_step(second, delay=1)
    assert campaign.claim() == []
    campaign.change_step(second, delay=0)
    assert [activity["stepId"] for activity in campaign.claim()] == [second]
    assert campaign.status == "active"


def test_the_answer_to_a_deletion_has_the_steps_that_are_left(tenant):
    campaign = Campaign(tenant, "a-1", steps=THREE)
    _, second, _ = ids(campaign)
    body = campaign.delete_step(second)
    assert list(body) == ["success", "message", "steps"]
    assert body["steps"] == campaign.details()["steps"]
    assert [step["order"] for step in body["steps"]] == [1, 2]


def test_a_campaign_without_steps_stays_active(tenant):
    campaign = Campaign(tenant, "a-1")
    campaign.delete_step(ids(campaign)[0])
    assert campaign.claim() == [] and campaign.status == "active"
    step = campaign.add_step()
    assert campaign.claim_one()["stepId"] == step["id"]


def test_steps_change_while_the_campaign_is_paused_or_completed(tenant):
    campaign = Campaign(tenant, "a-1")
    campaign.pause()
    campaign.delete_step(campaign.add_step()["id"])
    campaign.activate()
    campaign.work()
    assert campaign.status == "completed"
    step = campaign.add_step()
    campaign.change_step(step["id"], delay=1)
    campaign.delete_step(step["id"])
    assert campaign.status == "completed"


def test_leads_that_wait_for_a_deleted_step_go_on_with_the_one_behind(tenant):
    campaign = Campaign(tenant, "a-1", steps=THREE)
    first, second, third = ids(campaign)
    assert campaign.complete(campaign.claim_one()) == "active"
    campaign.pause()
    campaign.delete_step(second)
    campaign.activate()
    activity = campaign.claim_one()
    assert (activity["stepId"], activity["order"]) == (third, 2)
    assert campaign.complete(activity) == "completed"


def test_leads_that_wait_for_a_deleted_last_step_have_been_through_all(tenant):
    campaign = Campaign(tenant, "a-1", steps=THREE[:2])
    campaign.complete(campaign.claim_one())
    campaign.pause()
    campaign.delete_step(ids(campaign)[1])
    campaign.activate()
    assert campaign.claim() == []
    assert campaign.lead("a-1")["status"] == "completed"
    assert campaign.status == "completed"


def test_a_claimed_activity_of_a_deleted_step_can_be_completed(tenant):
    campaign = Campaign(tenant, "a-1", steps=THREE[:2])
    first, second = ids(campaign)
    activity = campaign.claim_one()
    campaign.pause()
    campaign.delete_step(first)
    assert campaign.complete(activity) == "active"
    campaign.activate()
    assert [activity["stepId"] for activity in campaign.work()] == [second]
    assert campaign.status == "completed"


def test_a_step_that_a_lead_did_and_that_is_moved_behind_it_is_not_done_again(tenant):
    campaign = Campaign(tenant, "a-1", steps=THREE[:2])
    first, second = ids(campaign)
    campaign.complete(campaign.claim_one())
    campaign.pause()
    campaign.change_step(first, order=2)
    campaign.activate()
    assert [activity["stepId"] for activity in campaign.work()] == [second]
    assert campaign.lead("a-1")["status"] == "completed"
    assert campaign.status == "completed"


def test_a_step_added_behind_is_for_those_who_are_still_on_their_way(tenant):
    campaign = Campaign(tenant, "a-1", steps=THREE[:2])
    campaign.complete(campaign.claim_one())
    campaign.pause()
    added = campaign.add_step()["id"]
    campaign.activate()
    assert [activity["stepId"] for activity in campaign.work()] == [ids(campaign)[1], added]


@pytest.mark.parametrize("seed", range(6))
def test_no_lead_does_a_step_twice_however_the_sequence_is_changed(tenant, seed):
    """And none is held up for good: the campaign completes."""
    chance = random.Random(seed)
    campaign = Campaign(tenant, *crowd(8), steps=[VISIT] * 4)
    done = []

    def change():
        sequence = ids(campaign)
        kind = chance.choice(["move", "add", "delete", "move"])
        if kind == "add" or len(sequence) < 2:
            campaign.add_step(VISIT, order=chance.randint(1, len(sequence) + 1))
        elif kind == "move":
            campaign.change_step(chance.choice(sequence), order=chance.randint(1, len(sequence)))
        else:
            campaign.delete_step(chance.choice(sequence))

    for _ in range(12):
        for activity in campaign.claim(chance.randint(1, 5)):
            done.append((activity["leadId"], activity["stepId"]))
            campaign.complete(activity)
        if campaign.status != "active":
            break
        campaign.pause()
        change()
        campaign.activate()
    done += [(activity["leadId"], activity["stepId"]) for activity in campaign.work()]
    assert len(set(done)) == len(done)
    assert campaign.status == "completed"
    assert {lead["status"] for lead in campaign.leads()} == {"completed"}


def test_each_lead_does_all_steps_in_order(tenant):
    campaign = Campaign(tenant, "a-1", "b-2", steps=THREE)
    work = campaign.work()
    for name in ("a-1", "b-2"):
        mine = [activity for activity in work if activity["publicIdentifier"] == name]
        assert [activity["order"] for activity in mine] == [1, 2, 3]
        assert [activity["stepId"] for activity in mine] == ids(campaign)
        assert [activity["type"] for activity in mine] == [step["type"] for step in THREE]
    assert sorted(names(campaign.leads("status=completed"))) == ["a-1", "b-2"]
