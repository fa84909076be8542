"""The campaigns of a run."""

from typing import NamedTuple

PROCESSES = 3  # that share the work
SMALL = 200  # leads that wait in the campaigns of few


class Campaign(NamedTuple):
    id: str
    stop_on_reply: list  # of each step
    stock: int  # leads that wait in it
    first: int  # the number of the first person in it
    settings: dict = {}
    by_other_names: bool = False  # people are added by the names that links give them


OPEN = ["alpha", "beta", "gamma"]  # to all kinds of workers; they have the same people in them
WATCHED = "watched"  # only watchers claim there
REPLYING = "replying"  # blocks who replies
SKIPPING = ["skipping", "skipping-too"]  # whom one has contacted the other skips
STOPPING = "stopping"  # ends the sequence of colleagues of who has replied
FIRST_WATCHED, FIRST_AMBUSH, EACH = 10_000_000, 20_000_000, 1_000_000
FIRST_REPLYING, FIRST_SKIPPING, FIRST_STOPPING = 30_000_000, 40_000_000, 50_000_000


def ambush(process):
    """The campaign in which only the ambushers of one process claim."""
    return f"ambush-{process}"


def campaigns(stock):
    """All campaigns; `stock` leads wait in the open ones."""
    every, visits_go_on, invitations_go_on = [True] * 3, [False, False, True], [True, False, True]
    none, skips = [False] * 3, {"skipContacted": {"days": 1}}
    return [
        Campaign(OPEN[0], every, stock, 0),
        Campaign(OPEN[1], visits_go_on, stock, 0),
        Campaign(OPEN[2], invitations_go_on, stock, 0),
        Campaign(WATCHED, every, SMALL, FIRST_WATCHED),
        *(Campaign(ambush(process), every, SMALL, FIRST_AMBUSH + process * EACH)
          for process in range(PROCESSES)),
        Campaign(REPLYING, none, SMALL, FIRST_REPLYING, {"blockOnReply": True}),
        Campaign(SKIPPING[0], every, SMALL, FIRST_SKIPPING, skips),
        Campaign(SKIPPING[1], every, SMALL, FIRST_SKIPPING, skips, by_other_names=True),
        Campaign(STOPPING, none, SMALL, FIRST_STOPPING, {"stopColleagues": True}),
    ]


def steps(campaign):
    """The steps as they are sent. Delays are 0: who has done a step is due at once."""
    visit, invitation, message = campaign.stop_on_reply
    return [
        {"type": "visit_profile", "delay": 0, "stopOnReply": visit},
        {"type": "invitation", "delay": 0, "stopOnReply": invitation,
         "genericBody": "Hi {{firstName|there}}"},
        {"type": "message", "delay": 0, "stopOnReply": message,
         "genericBody": "Hi {{firstName}}, how is {{companyName|your company}}?"},
    ]
