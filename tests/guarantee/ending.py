"""What comes when the blocking has ended: what is left is claimed and completed, some of the
blocked are freed and must go on where they stood, and the server says how every lead ended."""

import itertools
import time

import calls
import workers
from wire import Channel, Loop

DRAIN_LIMIT = 120  # seconds in which nothing is handed out: then a campaign must be completed
ENDLESS = 600  # seconds: what is still handed out then has no end, unless the patience is longer
DRAINERS = 4  # connections for each campaign
CHECKED = 5000  # names in one check


class Drain(workers.Worker):
    """Claims and completes in one campaign until it is completed, or nothing has come for `patience` seconds."""

    def run(self, channel, campaign, patience):
        limit = time.monotonic() + patience
        end = time.monotonic() + max(ENDLESS, patience)
        while time.monotonic() < min(limit, end):
            activities = self.took((yield self.claim(channel, campaign, 50, 60)))
            for activity in activities:
                yield from self.complete(channel, campaign, activity, "done")
            if activities:
                limit = time.monotonic() + patience
            else:
                state = (yield channel.send(calls.campaign_state(campaign, self.name))).event
                if state.get("state", {}).get("status") == "completed":
                    return
                yield 0.05


class Ending:
    """All by one process. `events` is its part of the history."""

    def __init__(self, campaigns, rng, key, ports, drain_limit=DRAIN_LIMIT):
        self.drain_limit = drain_limit
        self.campaigns = [campaign.id for campaign in campaigns]
        self.scene = workers.Scene(campaigns, 0, deadline=0)
        self.rng = rng
        self.key = key
        self.ports = itertools.cycle(ports)
        self.events = []

    def run(self):
        first, everywhere = self.campaigns[0], self.campaigns
        self.together([self.activate] * len(everywhere), everywhere)
        self.drain(everywhere)
        self.together([self.free_some], [first])
        self.drain([first])
        self.together([self.look] * len(everywhere), everywhere)

    def together(self, jobs, campaigns):
        """Runs jobs (functions of a channel and a campaign that are workers) at the same time."""
        loop = Loop()
        loop.events = self.events
        for job, campaign in zip(jobs, campaigns):
            loop.start(job(Channel(loop, next(self.ports), self.key), campaign))
        loop.run()

    def drain(self, campaigns):
        def job(channel, campaign):
            return Drain(self.scene, self.rng, f"Drain-{campaign}").run(channel, campaign, self.drain_limit)

        campaigns = campaigns * DRAINERS
        self.together([job] * len(campaigns), campaigns)

    def activate(self, channel, campaign):
        yield channel.send(calls.activate(campaign, "Ending"))

    def leads(self, channel, campaign, final):
        """Reads all pages; returns the leads as they are in the records."""
        target, leads = calls.first_leads_page(campaign), []
        while target:
            event = (yield channel.send(calls.leads_page(target, campaign, "Ending", final))).event
            leads += event.get("leads", [])
            target = event.get("next")
        return leads

    def free_some(self, channel, campaign):
        """Takes half of those who are blocked off the campaign's list."""
        leads = yield from self.leads(channel, campaign, final=False)
        names = [lead[1] for lead in leads if lead[4] and lead[1]][::2]
        for start in range(0, len(names), 100):
            some = names[start : start + 100]
            yield channel.send(calls.unblock(self.rng, campaign, some, "Ending"))
        yield from self.activate(channel, campaign)

    def look(self, channel, campaign):
        """What the server says in the end. Nothing is left to be handed out."""
        yield channel.send(calls.claim(campaign, 100, 60, "Ending"))
        yield channel.send(calls.campaign_state(campaign, "Ending", final=True))
        leads = yield from self.leads(channel, campaign, final=True)
        names = [lead[1] for lead in leads if lead[1]]
        for start in range(0, len(names), CHECKED):
            some = names[start : start + CHECKED]
            yield channel.send(calls.check(campaign, some, "Ending", final=True))
