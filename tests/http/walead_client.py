"""A client as somebody writes one from WaLead's public documentation alone: it knows the paths, fields and
statuses that are documented there, and nothing of leadblock. Only its base URL and its key are ours."""

import json
import urllib.request


class WaLead:
    def __init__(self, base_url, api_key):
        self.base_url = base_url
        self.api_key = api_key

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            self.base_url + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"x-api-key": self.api_key, "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    # Campaigns

    def campaigns(self):
        return self.call("GET", "/campaigns?skip=0&take=10")

    def campaign(self, campaign):
        return self.call("GET", f"/campaigns/{campaign}")

    def activate(self, campaign):
        return self.call("PUT", f"/campaigns/{campaign}/activate")

    def pause(self, campaign):
        return self.call("PUT", f"/campaigns/{campaign}/pause")

    def sequence(self, campaign):
        return self.call("GET", f"/campaigns/{campaign}/sequence")

    # Steps and variants

    def add_step(self, campaign, **step):
        return self.call("POST", f"/campaigns/{campaign}/steps", step)

    def update_step(self, campaign, step, **fields):
        return self.call("PUT", f"/campaigns/{campaign}/steps/{step}", fields)

    def delete_step(self, campaign, step):
        return self.call("DELETE", f"/campaigns/{campaign}/steps/{step}")

    def add_variant(self, campaign, step, body):
        return self.call("POST", f"/campaigns/{campaign}/steps/{step}/variants", {"body": body})

    def update_variant(self, campaign, step, variant, **fields):
        return self.call("PUT", f"/campaigns/{campaign}/steps/{step}/variants/{variant}", fields)

    def delete_variant(self, campaign, step, variant):
        return self.call("DELETE", f"/campaigns/{campaign}/steps/{step}/variants/{variant}")

    # Leads

    def set_lead_status(self, lead, status):
        return self.call("PUT", f"/leads/{lead}/status", {"status": status})

    def block(self, campaign, *names):
        return self.call("POST", f"/campaigns/{campaign}/blocked-leads", {"publicIdentifiers": list(names)})

    def unblock(self, campaign, *names):
        return self.call("DELETE", f"/campaigns/{campaign}/blocked-leads", {"publicIdentifiers": list(names)})

    def blocked(self, campaign):
        return self.call("GET", f"/campaigns/{campaign}/blocked-leads?skip=0&take=100")

    def block_everywhere(self, *names):
        return self.call("POST", "/blocked-leads", {"leads": [{"publicIdentifier": name} for name in names]})

    def blocked_everywhere(self):
        return self.call("GET", "/blocked-leads?skip=0&take=100")

    def unblock_everywhere(self, *ids):
        return self.call("DELETE", "/blocked-leads", list(ids))

    # Hooks

    def subscribe(self, url, kind):
        return self.call("POST", "/zapier/hooks/subscribe", {"url": url, "type": kind})

    def unsubscribe(self, url, kind):
        return self.call("DELETE", "/zapier/hooks/unsubscribe", {"url": url, "type": kind})

    def hooks(self, kind):
        return self.call("GET", f"/hooks/list?type={kind}")
