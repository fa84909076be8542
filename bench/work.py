"""What the cases that measure leadblock alone share: asking it, timing that, noting the figures."""

import json
import os

from processes import BenchError, http_get, say
from systems import IDENTIFIER, Request, http_request

TAKE = 10  # entries on a page
JSON_TYPE = "Content-Type: application/json"


def quantile(times, q):
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]


def latency(times):
    return {"p50": quantile(times, 0.5), "p99": quantile(times, 0.99), "max": max(times)}


class Work:
    """Measures one campaign of one system, and gathers in `result` what the report shows."""

    def __init__(self, bench, system, campaign, **result):
        self.bench, self.system, self.campaign = bench, system, campaign
        self.times_path = os.path.join(bench.run_dir, "times")
        self.result = {**result, "work": [], "sizes": {}, "failed": []}

    # --- asking ---

    def path(self, rest=""):
        return f"/v1/campaigns/{self.campaign}{rest}"

    def request(self, method, path, body=None, expect=None, key=None):
        headers = [f"x-api-key: {key or self.system.key}"]
        if body is not None:
            headers.append(JSON_TYPE)
            body = body if isinstance(body, str) else json.dumps(body)
        return Request(http_request(method, path, body, headers), expect)

    def call(self, method, path, body=None, expect=200):
        """One request outside of the measurements; returns headers and the answer."""
        headers = {"x-api-key": self.system.key, "Content-Type": "application/json"}
        text = json.dumps(body) if body is not None else None
        status, headers, reply = http_get(self.system.port, path, headers, 60, method, text)
        if status != expect:
            raise BenchError(f"{method} {path}: {status} {reply[:300]!r}")
        return {k.lower(): v for k, v in headers}, json.loads(reply)

    def blocks(self, count, path=None, key=None):
        ids = ",".join([f'"{IDENTIFIER}"'] * count)
        path = path or self.path("/blocked-leads")
        body = f'{{"publicIdentifiers":[{ids}]}}'
        return self.request("POST", path, body, f'"blocked":{count}', key)

    def cursor(self, pages, skip):
        """Of the page behind `skip` entries."""
        headers, _ = self.call("GET", self.path(f"/{pages}?take={TAKE}&skip={skip - TAKE}"))
        return headers["link"].partition("cursor=")[2].partition(">")[0].partition("&")[0]

    # --- timing ---

    def fail(self, what):
        self.result["failed"].append(what)
        say(f"  FAILED: {what}")

    def run(self, jobs, seconds=3600.0, warmup=0.0):
        """The generator's row and the first job's times in microseconds, one by one."""
        jobs[0]["times"] = self.times_path
        row = self.bench.load_run(self.system, jobs, warmup=warmup, seconds=seconds)
        with open(self.times_path, encoding="ascii") as f:
            times = [float(line) for line in f]
        if row["failed"]:
            self.fail(row["failed"])
        return row, times

    def note(self, title, rate, unit, us, row=None):
        cpu = {k: row[k] for k in ("server_cpu", "generator_cpu", "foreign_cpu")} if row else {}
        self.result["work"].append(
            {"title": title, "per_second": rate, "unit": unit, "us": us, **cpu}
        )
        rate_text = f"{rate:,.0f} {unit}/s  " if rate else ""
        text = f"  {title}: {rate_text}p50 {us['p50'] / 1000:.2f} ms  p99 {us['p99'] / 1000:.2f} ms"
        if cpu and cpu["foreign_cpu"] > 0.05:
            text += f"  (others used {cpu['foreign_cpu']:.2f} of a processor)"
        print(text, flush=True)

    def get(self, title, path, expect=None):
        job = {"request": self.request("GET", path, None, expect), "connections": 1}
        row, _ = self.run([job], seconds=self.bench.options.seconds, warmup=0.1)
        self.note(title, row["per_second"], "requests", row["us"], row)
