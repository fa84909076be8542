"""What is said about a run: where it was made, the tables, the chart."""

import datetime
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys

import cases
import instructions
import systems

LABELS = {
    "leadblock": "leadblock",
    "leadblock-pg": "leadblock + PostgreSQL",
    "leadblock-pg-2": "leadblock ×2 + PostgreSQL",
    "leadblock-pg-standby": "leadblock + PostgreSQL + standby",
    "leadblock-pg-bouncer": "leadblock + pgbouncer + PostgreSQL",
    "nginx": "nginx static",
    "webdis": "webdis + Redis",
    "redis": "Redis",
    "redis-pipelined": "Redis, pipelined",
    "fastify": "Fastify + PostgreSQL",
    "fsync": "disk's fsync",
}
NOISE = 0.10  # of a processor used by strangers: the figure is marked
FULL = 0.97  # of the generator's processor: the system could have done more
INSTRUCTION_GOALS = {instructions.CHECK: 6000, instructions.BLOCK_IO: 10000,
                     instructions.BLOCK_WRITER: 9000}
SIZE_GOALS = {"memory": 36, "disk": 50, "start": 5_000_000}


# --- where and how ---


def first_line(path, key):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            for line in f:
                if line.startswith(key):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return "unknown"


def filesystem(path):
    done = subprocess.run(
        ["df", "--output=fstype,source", path], capture_output=True, text=True, check=False
    )
    return " on ".join(done.stdout.split("\n")[1].split()) if done.returncode == 0 else "unknown"


def build_options(binary):
    """The build type, from Meson's own record: a debug build must not pass for a release."""
    done = subprocess.run(
        ["meson", "introspect", "--buildoptions", os.path.dirname(binary)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        return "unknown"
    wanted = ("buildtype", "optimization", "b_sanitize", "b_lto")
    found = {o["name"]: o["value"] for o in json.loads(done.stdout) if o["name"] in wanted}
    return ", ".join(f"{name} {found[name]}" for name in wanted if name in found)


def describe(bench):
    o = bench.options
    about = {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "command": "script/bench " + shlex.join(sys.argv[1:]),
        "cpu": first_line("/proc/cpuinfo", "model name"),
        "cpus": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "kernel": platform.release(),
        "filesystem": filesystem(bench.run_dir),
        "server_cpus": bench.server_cpus,
        "load_cpus": bench.load_cpus,
        "repeats": o.repeats,
        "seconds": o.seconds,
        "entries": o.entries,
        "quick": o.quick,
        "labels": {n: s.label for n, s in bench.systems.items()},
        "versions": {n: s.version() for n, s in bench.systems.items()},
    }
    if any(name.startswith("leadblock") for name in bench.systems):
        about["leadblock_build"] = build_options(o.leadblock)
    return about


# --- figures ---


def median(rows, key):
    return statistics.median(row[key] for row in rows)


def median_us(rows, quantile):
    return statistics.median(row["us"][quantile] for row in rows)


def failures(data):
    found = []
    for key, by_system in data["cases"].items():
        for name, rows in by_system.items():
            bad = [row["failed"] for row in rows if row["failed"]]
            if bad:
                found.append((key, name, bad[0]))
    for name, by_size in data["sizes"].items():
        for size, row in by_size.items():
            if row["failed"]:
                found.append((f"sizes {size}", name, row["failed"]))
    for key, name in (("campaign", "leadblock"), ("shared", "leadblock-pg")):
        found += [(key, name, what) for what in (data.get(key) or {"failed": []})["failed"]]
    return found


def ratio(rows, against):
    """Of the medians, and the least and greatest of the rounds (neighbours in time)."""
    seen = median(rows, "per_second") / max(median(against, "per_second"), 1e-9)
    each = [a["per_second"] / max(b["per_second"], 1e-9) for a, b in zip(rows, against)]
    return seen, min(each), max(each)


def case_goals(title, rows, wanted, by_system):
    for against, factor, *every_round in wanted:
        if against == "p99_ms":
            seen = median_us(rows, "p99") / 1000
            each = [row["us"]["p99"] / 1000 for row in rows]
            yield (title, f"p99 at most {factor:g} ms",
                   f"{seen:.2f} ms ({min(each):.2f} to {max(each):.2f}){mark(rows)}",
                   factor / max(seen, 1e-9))
        elif against in by_system:
            seen, low, high = ratio(rows, by_system[against])
            yield (title, ", ".join([f"{factor:g} × {LABELS[against]}", *every_round]),
                   f"{seen:.2f} × ({low:.2f} to {high:.2f}){mark(rows)}",
                   (low if every_round else seen) / factor)


def goals(data):
    """(case title, goal, seen, met, factor by which it is exceeded or missed)."""
    found = []
    for case in cases.CASES:
        by_system = data["cases"].get(case.key, {})
        for name in cases.LEADBLOCKS:
            if name in by_system:
                alone = name == "leadblock"
                found += case_goals(case.title if alone else f"{case.title}: {LABELS[name]}",
                                    by_system[name], case.goals if alone else case.shared_goals,
                                    by_system)
    for name, most in INSTRUCTION_GOALS.items():
        if data.get("instructions"):
            seen = data["instructions"][name]
            found.append((name, f"at most {most:,} instructions", f"{seen:,}", most / seen))
    sizes = data["sizes"].get("leadblock", {})
    for size, row in sorted(sizes.items(), key=lambda item: int(item[0])):
        n = int(size)
        seen = row["memory_bytes"] / n
        found.append((f"memory, {n:,} entries", f"at most {SIZE_GOALS['memory']} B each",
                      f"{seen:.1f} B", SIZE_GOALS["memory"] / seen))
        seen = row["disk_bytes"] / n
        found.append((f"disk, {n:,} entries", f"at most {SIZE_GOALS['disk']} B each",
                      f"{seen:.1f} B", SIZE_GOALS["disk"] / seen))
        seen = n / row["start_seconds"]
        found.append((f"start, {n:,} entries", f"{SIZE_GOALS['start']:,} entries/s",
                      f"{seen:,.0f} entries/s ({row['start_seconds']:.2f} s)",
                      seen / SIZE_GOALS["start"]))
    return found


def number(value):
    if value >= 10000:
        return f"{value / 1000:,.0f} k" if value >= 100000 else f"{value / 1000:,.1f} k"
    return f"{value:,.0f}"


def milliseconds(us):
    return f"{us / 1000:.2f}" if us < 100000 else f"{us / 1000:.0f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


# --- markdown ---


def mark(rows):
    if any(row["failed"] for row in rows):
        return " FAILED"
    text = " ~" if median(rows, "foreign_cpu") > NOISE else ""
    busiest = FULL * rows[0].get("generator_threads", 1)
    return text + (" ^" if median(rows, "generator_cpu") > busiest else "")


def columns(data):
    used = {name for by_system in data["cases"].values() for name in by_system}
    return [name for name in LABELS if name in used]


def case_table(data, cell, names):
    rows = []
    for case in cases.CASES:
        by_system = data["cases"].get(case.key)
        if by_system:
            cells = [cell(by_system[n]) if n in by_system else "" for n in names]
            rows.append([case.title, *cells])
    return table(["", *(LABELS[n] for n in names)], rows)


def case_notes(data):
    """Cases with the same note share it."""
    titles = {}
    for case in cases.CASES:
        if case.note and data["cases"].get(case.key):
            titles.setdefault(case.note, []).append(case.title)
    return [f"- {'; '.join(shared)}: {note}" for note, shared in titles.items()]


def peak(row, name):
    return f"{row[f'{name}_peak_bytes'] / 2**20:.0f} MiB" if f"{name}_peak_bytes" in row else ""


def sizes_table(data):
    rows = []
    for name, by_size in data["sizes"].items():
        for size, row in sorted(by_size.items(), key=lambda item: int(item[0])):
            n = int(size)
            rows.append([
                LABELS[name] if name != "fastify" else "PostgreSQL + Fastify",
                f"{n:,}",
                f"{row['memory_bytes'] / n:.1f}",
                f"{row['memory_bytes_restarted'] / n:.1f}",
                f"{row['idle_bytes'] / 2**20:.0f} MiB",
                f"{row['disk_bytes'] / n:.1f}",
                f"{row['disk_bytes_stopped'] / n:.1f}" if "disk_bytes_stopped" in row else "",
                f"{row['start_seconds']:.2f} s",
                peak(row, "start"),
                f"{row['verify_seconds']:.2f} s" if "verify_seconds" in row else "",
                peak(row, "verify"),
                f"{row['load_seconds']:.1f} s",
            ])
    head = ["", "entries", "memory B/entry", "after restart", "when empty", "disk B/entry",
            "after stop", "start", "its peak", "verify", "its peak", "filled in"]
    return table(head, rows)


def work_table(title, work):
    rows = []
    for row in work:
        noise = " ~" if row.get("foreign_cpu", 0) > NOISE else ""
        rate = f"{number(row['per_second'])} {row['unit']}/s{noise}" if row["per_second"] else ""
        rows.append([row["title"], rate, milliseconds(row["us"]["p50"]),
                     milliseconds(row["us"]["p99"])])
    return table([title, "", "p50 ms", "p99 ms"], rows)


def campaign_claims_table(campaign):
    """A column for each claim whose time is told; the last has another number in each row."""
    points = sorted({n for row in campaign["claims"] for n in row["points"][:-1]})
    rows = []
    for row in campaign["claims"]:
        at = dict(zip(row["points"][:-1], row["at_us"]))
        noise = " ~" if row["foreign_cpu"] > NOISE else ""
        rows.append([
            f"{row['share']:.0%}{noise}",
            milliseconds(row["very_first_us"]),
            *(milliseconds(at[n]) if n in at else "" for n in points),
            f"{milliseconds(row['at_us'][-1])} ({row['count']:,}th)",
            f"{row['at_us'][-1] / row['at_us'][0]:.2f}",
            " / ".join(milliseconds(us) for us in reversed(row["cpu_us"])),
            f"{row['cpu_us'][-1] / max(row['cpu_us'][0], 1):.2f}",
            milliseconds(row["us"]["p99"]),
            number(row["per_second"] * campaign["claim"]),
        ])
    head = ["blocked", "the very first", *(f"around {n:,}" for n in points), "the last",
            "last / first", "server's time, last / first tenth", "ratio", "p99", "leads/s"]
    return table(head, rows)


def campaign_text(campaign):
    n, sizes = campaign["leads"], campaign["sizes"]
    return [
        "", work_table(f"a campaign of {n:,} leads", campaign["work"]),
        "", f"Claims of {campaign['claim']}, one after the other until nobody is left, in ms "
        "(median of the ten around each); the server's own processor time "
        "moves less with what else runs", "", campaign_claims_table(campaign),
        "", f"A lead takes {sizes['disk_bytes'] / n:.0f} bytes of disk and "
        f"{sizes['memory_bytes'] / n:.1f} of memory ({sizes['memory_bytes_restarted'] / n:.1f} "
        f"after a restart, which takes {sizes['start_seconds']:.2f} s). "
        f"Deleted, the campaign is gone from the file after {sizes['delete_seconds']:.0f} s.",
    ]


def shared_text(shared):
    n, sizes = shared["entries"], shared["sizes"]
    return [
        "", work_table(f"a list of {n:,} on PostgreSQL", shared["work"]),
        "", f"A second node is ready after {sizes['start_seconds']:.2f} s and takes "
        f"{sizes['memory_bytes'] / n:.1f} bytes of memory per entry (the first, which was there "
        f"when the list grew, {sizes['memory_bytes_filled'] / n:.1f}; an empty one "
        f"{sizes['idle_bytes'] / 2**20:.0f} MiB). PostgreSQL takes {sizes['disk_bytes'] / n:.1f} "
        "bytes of disk per entry.",
    ]


def cpu_cell(rows):
    if "us" in rows[0] and rows[0]["generator_cpu"]:
        generator = median(rows, "generator_cpu")
        share = generator / rows[0].get("processors", 2)
        return f"{median(rows, 'server_cpu'):.2f} / {generator:.2f} ({share:.0%})"
    return ""


def goal_rows(data):
    rows = []
    for title, goal, seen, factor in goals(data):
        verdict = f"met ({factor:.2f})" if factor >= 1 else f"**missed** ({factor:.2f})"
        rows.append([title, goal, seen, verdict])
    return rows


INTRO = """
{date}; {cpu}, {cpus} processors, {memory_gb} GB; Linux {kernel}; data on {filesystem}.
Servers on processor {server_cpus}, load generator (bench/load.c, for every system) on {load_cpus};
*unpinned*: both on all processors.
{how}leadblock runs with its defaults but for --log-level warn and, where it is pinned, --threads (the
number of its processors). `{command}`
"""
HOW = """Median of {repeats} runs of {seconds:g} s, systems in turn; a system that is not being measured is
stopped (SIGSTOP), and none writes an access log. {entries:,} identifiers of 24 bytes are on the list already.
"""


def markdown(data):
    about = data["about"]
    names = columns(data)
    rates = lambda rows: number(median(rows, "per_second")) + mark(rows)
    latency = lambda rows: (
        f"{milliseconds(median_us(rows, 'p50'))} / {milliseconds(median_us(rows, 'p99'))}"
    )
    how = HOW.format(**about) if data["cases"] else ""
    parts = ["", "## Benchmark", INTRO.strip().format(how=how, **about), ""]
    parts += [f"- {about['labels'][n]}: {v}" for n, v in about["versions"].items()]
    if "leadblock_build" in about:
        parts.append(f"- leadblock's build: {about['leadblock_build']}")
    if data["cases"]:
        parts += ["", "Requests per second (lists of 1,000: identifiers per second)", "",
                  case_table(data, rates, names)]
        parts += ["", "Latency in ms, p50 / p99 (of the checks where checks and blocks mix)", "",
                  case_table(data, latency, names)]
        parts += ["", "Processors in use, server / generator (the generator's share of the machine's time): "
                  "1.00 is one processor, all the time", "",
                  case_table(data, cpu_cell, [n for n in names if n != "fsync"])]
        notes = case_notes(data)
        notes.append(f"- ~: other programs used more than {NOISE:.0%} of a processor meanwhile")
        notes.append("- ^: the generator had no time left; the system could have done more")
        parts += ["", *notes]
    if data["sizes"]:
        parts += ["", sizes_table(data)]
    if data.get("campaign"):
        parts += campaign_text(data["campaign"])
    if data.get("shared"):
        parts += shared_text(data["shared"])
    if goal_rows(data):
        parts += ["", "Goals (in brackets: the least and the greatest of the rounds; the factor is what "
                  f"was seen over what was asked for), by `{about['command']}`", "",
                  table(["", "goal", "seen", ""], goal_rows(data))]
    for key, name, what in failures(data):
        parts += ["", f"FAILED: {key}, {name}: {what}"]
    if data.get("left_out"):
        parts += ["", f"FAILED: the time was up before {', '.join(data['left_out'])}"]
    if about["quick"]:
        parts += ["", "This was a quick run: figures are rough."]
    return "\n".join(parts) + "\n"


# --- chart ---

STYLE = """
text{font:13px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#24292f}
.t{font-size:16px;font-weight:600}.c{font-weight:600}.s{fill:#57606a}.f{font-size:11px;fill:#57606a}
.b{fill:#8c959f}.us{fill:#1a7f64}.r{font-weight:600;fill:#24292f}
@media (prefers-color-scheme:dark){text,.r{fill:#e6edf3}.s,.f{fill:#9198a1}.b{fill:#656c76}.us{fill:#3fb68b}}
"""
CHART = [
    ("check-allowed", "check, requests per second", ["nginx", "webdis", "fastify"]),
    ("block-64", "durable block of 2, requests per second, 64 connections",
     ["webdis", "fastify"]),
    ("block-bulk", "durable block of 1,000, identifiers per second",
     ["redis", "redis-pipelined"]),
    ("check-1000", "check of 1,000, identifiers per second", ["redis", "fastify"]),
]
BAR_LEFT, BAR_WIDTH, WIDTH = 178, 390, 760


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def best_redis(by_system, names):
    """Of several ways to ask Redis, the chart shows the fastest."""
    redis = [n for n in names if n.startswith("redis") and n in by_system]
    if len(redis) < 2:
        return names
    best = max(redis, key=lambda n: median(by_system[n], "per_second"))
    return [n for n in names if n == best or n not in redis]


def chart_group(y, title, by_system, names):
    names = [n for n in ["leadblock", *best_redis(by_system, names)] if n in by_system]
    value = {n: median(by_system[n], "per_second") for n in names}
    top = max(value.values())
    out = [f'<text class="c" x="16" y="{y}">{escape(title)}</text>']
    for name in names:
        y += 24
        width = max(2, BAR_WIDTH * value[name] / top)
        css = "us" if name == "leadblock" else "b"
        out.append(f'<text class="s" x="{BAR_LEFT - 10}" y="{y}" text-anchor="end">'
                   f"{escape(LABELS[name])}</text>")
        out.append(f'<rect class="{css}" x="{BAR_LEFT}" y="{y - 12}" width="{width:.1f}" '
                   'height="16" rx="3"/>')
        label = number(value[name])
        if name != "leadblock":
            times = value["leadblock"] / value[name]
            label += f'<tspan class="s">  leadblock {times:.1f} ×</tspan>'
        out.append(f'<text class="r" x="{BAR_LEFT + width + 8:.1f}" y="{y}" '
                   f'xml:space="preserve">{label}</text>')
    return y + 36, out


def svg(data):
    about = data["about"]
    body, y = [], 66
    for key, title, names in CHART:
        by_system = data["cases"].get(key, {})
        if "leadblock" in by_system and not any(f[0] == key for f in failures(data)):
            y, lines = chart_group(y, title, by_system, names)
            body += lines
    drawn = [rows for key, _, names in CHART for name, rows in data["cases"].get(key, {}).items()
             if name == "leadblock" or name in names]
    if any("~" in mark(rows) for rows in drawn):
        body.append(f'<text class="f" x="16" y="{y}">Other programs disturbed this run.</text>')
        y += 20
    foot = (f"{about['date'][:10]}, {about['cpu']}, server on processor {about['server_cpus']}; "
            f"median of {about['repeats']} runs of {about['seconds']:g} s; "
            f"{about['entries']:,} entries; script/bench")
    height = y + 8
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        'aria-label="Benchmark of leadblock and what one would use in its place">',
        f"<style>{STYLE.strip()}</style>",
        '<text class="t" x="16" y="30">leadblock and what one would use in its place</text>',
        *body,
        f'<text class="f" x="16" y="{height - 12}">{escape(foot)}</text>',
        "</svg>",
        "",
    ])


assert set(systems.ALL) <= set(LABELS)
