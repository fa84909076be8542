"""What the documents tell a newcomer to type, typed as it stands there: each line with curl of each page is run, and
its answer has the form, and the words, that the page shows below it. Requests and commands that pages and messages
name exist."""

import json
import os
import re
import shlex
import subprocess
import textwrap

import pytest

from endpoints import routes
from support.receiver import Receiver
from support.server import ROOT, Server, binary, clean_environment

PAGES = [path.relative_to(ROOT).as_posix()
         for path in [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("integrations/**/*.md"))]
         if "node_modules" not in path.parts]
FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.M | re.S)
INLINE = re.compile(r"`(curl [^`\n]+)`")
PRELUDE = 'set -e -o pipefail\ncurl() { command curl -sS --fail-with-body --max-time 40 "$@"; }\n'
SERVERS = re.compile(r"https?://(127\.0\.0\.1:8080|blocklist\.example\.com)")
RECEIVERS = re.compile(r"https://hooks?\.[\w.]+/[\w./]*")
AHEAD = "2096-"  # in place of the years of the pages, which the tests outlive; a leap year
SAID = {"success", "message", "code", "blocked", "scope", "type", "value", "publicIdentifier"}  # and not only their type


def text_of(page):
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page):
    """[(language, text)]"""
    return [(found[2], textwrap.dedent(found[3])) for found in FENCED.finditer(text_of(page))]


def commands(page):
    """[(command, what the page shows of its answer)]: within a block the answer is in comments, or else it is the
    block of JSON after it."""
    found = []
    fenced = blocks(page)
    for (language, text), (following, answer) in zip(fenced, [*fenced[1:], ("", "")]):
        if language != "sh" or "curl " not in text:
            continue
        pieces = re.split(r"((?:^#.*\n)+)", text, flags=re.M)
        shown = [re.sub(r"^# ?", "", comment, flags=re.M) for comment in pieces[1::2]]
        if len(shown) < len(pieces[::2]):
            shown.append(answer if following == "json" else "")
        found += [(command, answer) for command, answer in zip(pieces[::2], shown) if command.strip()]
    return found + [(command, "") for command in INLINE.findall(text_of(page))]


# The lines are for a proxy, which refuses one of them.
WALKED = [page for page in PAGES if page != "docs/reverse-proxy.md" and commands(page)]


@pytest.fixture(scope="module")
def receiving():
    """A server, and a receiver that takes what is sent to it: nothing is tried again."""
    with Server("--hooks-allow", "127.0.0.0/8") as server, Receiver() as receiver:
        yield server, receiver


class Walk:
    """A newcomer with a key of a workspace of their own, which has the campaign `demo`."""

    def __init__(self, server, receiver):
        self.url = f"http://127.0.0.1:{server.port}"
        self.tenant = server.tenant()
        self.tenant.campaign(id="demo")
        self.receiver = receiver.url()
        self.cursor = ""

    def hook(self):
        return self.tenant.api.post("/zapier/hooks/subscribe",
                                    {"url": self.receiver, "type": "campaign_completed"}).json()["id"]

    def filled_in(self, command):
        command = SERVERS.sub(self.url, RECEIVERS.sub(self.receiver, command)).replace("lb_...", self.tenant.key)
        command = re.sub(r"after=e\d[\w-]*", f"after={self.cursor}", command)
        command = re.sub(r"\b20\d\d-(?=\d\d-\d\d)", AHEAD, command)
        return command.replace("hk_...", self.hook()) if "hk_..." in command else command

    def __call__(self, command):
        if "wait=" in command:  # which something must happen for
            self.tenant.api.post("/campaigns/demo/blocked-leads", {"publicIdentifiers": ["meanwhile"]})
        done = subprocess.run(["bash", "-c", PRELUDE + self.filled_in(command)], env=clean_environment(
            {"LEADBLOCK_KEY": self.tenant.key}), capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, (command, done)
        self.cursor = re.search(r'"cursor":"([^"]+)"|$', done.stdout)[1] or self.cursor
        return done.stdout


def has_form(answer, shown, where):
    if isinstance(shown, dict):
        assert isinstance(answer, dict) and answer.keys() == shown.keys(), (where, answer, shown)
        for name, value in shown.items():
            if name in SAID and not isinstance(value, (dict, list)):
                assert answer[name] == value, (where, name, answer, shown)
            has_form(answer[name], value, f"{where}.{name}")
    elif isinstance(shown, list):
        assert isinstance(answer, list) and len(answer) == len(shown), (where, answer, shown)
        for one, other in zip(answer, shown):
            has_form(one, other, where)
    elif shown is not None and answer is not None:
        assert type(answer) is type(shown), (where, answer, shown)


def is_as_shown(answer, shown, command):
    if not shown.lstrip().startswith("{"):  # a file
        lines, wanted = answer.splitlines(), shown.splitlines()
        assert lines[0] == wanted[0], (command, answer)
        assert {line.count(",") for line in lines} == {line.count(",") for line in wanted}, (command, answer)
    elif "..." in re.sub(r'"[^"]*"', "", shown):  # parts of it are left out
        named = [set(re.findall(r'"(\w+)":', text)) for text in (answer, shown)]
        assert named[0] >= named[1], (command, answer)
    else:
        has_form(json.loads(answer), json.loads(shown), command)


@pytest.mark.parametrize("page", WALKED)
def test_lines_with_curl_are_answered_as_the_page_shows(receiving, page):
    walk = Walk(*receiving)
    for command, shown in commands(page):
        answer = walk(command)
        if shown.strip():
            is_as_shown(answer, shown, command)


def test_pages_with_curl_are_found():
    assert {"README.md", "docs/api.md", "integrations/zapier.md"} <= set(WALKED)
    assert sum(bool(shown.strip()) for page in WALKED for _, shown in commands(page)) >= 9


# --- What is named ---

REQUEST = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) ((?:/[\w{}%-]+)+)")


def is_of(path, route):
    """Does a path in a text mean the route? Other words than its own stand for any id."""
    parts = path.removeprefix("/api").split("/")[1:]
    if parts[0] not in ("v1", "admin", "livez", "readyz", "metrics"):
        parts = ["v1", *parts]  # as WaLead's pages have them
    wanted = route.split("/")[1:]
    return len(parts) == len(wanted) and all(
        place.startswith("{") or part == place or "%" in part for part, place in zip(parts, wanted))


def sources():
    """(file, text), of the program's strings without the gaps between their parts."""
    for page in PAGES:
        yield page, text_of(page)
    for path in sorted((ROOT / "src").rglob("*.[ch]")):
        yield path.name, re.sub(r'"[\s\\]*\n\s*"', "", path.read_text(encoding="utf-8"))


def test_requests_that_are_named_have_a_route():
    known, named = routes().keys(), 0
    for file, text in sources():
        for method, path in REQUEST.findall(text):
            named += 1
            assert any(method == verb and is_of(path, route) for verb, route in known), (file, method, path)
    assert named > 200


def lines_of_shell(page):
    for language, text in blocks(page):
        if language == "sh":
            yield from text.replace("\\\n", " ").splitlines()
    yield from re.findall(r"`((?:build/)?leadblock [^`\n]+)`", text_of(page))


def helps():
    overview = subprocess.run([binary(), "help"], capture_output=True, text=True, check=True).stdout
    for command in re.findall(r"^  ([a-z]+(?: [a-z-]+)?)  +[A-Z]", overview, re.M):
        text = subprocess.run([binary(), *command.split(), "--help"], capture_output=True, text=True, check=True).stdout
        yield command, set(re.findall(r"^  --([a-z-]+)", text, re.M))


def test_commands_that_are_shown_have_the_options_that_are_shown():
    known, seen = dict(helps()), 0
    known["help"] |= {"man", "settings-markdown"}  # for the build
    for page in PAGES:
        for line in lines_of_shell(page):
            for words in re.findall(r"\b(?:leadblock|lb) ([a-z]+(?: [a-z-]+)?[^|;#]*)", line):
                name = words.split()[:2]
                command = " ".join(name) if " ".join(name) in known else name[0]
                if command not in known:
                    continue
                seen += 1
                options = set(re.findall(r" --([a-z][a-z-]+)", words.split(" -- ")[0].split("'")[0]))
                assert options <= known[command], (page, line)
    assert seen > 80


# --- A newcomer's way ---


class Shell:
    """A folder with `leadblock` in the path, on the data of a running server."""

    def __init__(self, server, folder):
        (folder / "bin").mkdir()
        (folder / "bin" / "leadblock").symlink_to(binary())
        self.folder = folder
        self.env = clean_environment({"LEADBLOCK_DATA": str(server.data),
                                      "LEADBLOCK_URL": f"http://127.0.0.1:{server.port}"})
        self.env["PATH"] = f"{folder / 'bin'}:{os.environ['PATH']}"

    def __call__(self, text):
        done = subprocess.run(["bash", "-c", PRELUDE + text], cwd=self.folder, env=self.env, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=60)
        assert done.returncode == 0, (text, done.stdout)
        return done.stdout


def test_the_readme_from_a_workspace_to_people_who_are_contacted(own, tmp_path):
    shell = Shell(own, tmp_path)
    (tmp_path / "opt-outs.csv").write_text("LinkedIn\nhttps://www.linkedin.com/in/john-doe/\n")
    fenced = [text for _, text in blocks("README.md")]
    first = next(text for text in fenced if text.startswith("leadblock workspace create"))
    said = {}
    for line in first.splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["export"]:
            shell.env["LEADBLOCK_KEY"] = said["key"].strip()
        elif words and words[1] != "serve":
            said[words[1]] = shell(line)
    assert said["workspace"].startswith("ws_") and said["key"].startswith("lb_")
    assert said["check"] == "john-doe\tblocked\n" and said["list"].startswith("john-doe\t")
    assert "john-doe,asked to stop," in (tmp_path / "q1.csv").read_text()

    # A campaign, and a sender.
    at = next(i for i, text in enumerate(fenced) if text.startswith("export LEADBLOCK_KEY") and "api()" in text)
    making, sending, shown = fenced[at:at + 3]
    making = making.replace("export LEADBLOCK_KEY=lb_...\n", "")
    answers = [json.loads(line) for line in shell(SERVERS.sub(shell.env["LEADBLOCK_URL"], making)).splitlines()]
    assert len(answers) == 4 and answers[0]["id"] == "spring"
    begin, end = shown.split("...\n")
    sent = re.sub(" +$", "", shell(sending.replace("build/leadblock", "leadblock")), flags=re.M)
    assert sent.startswith(begin) and sent.endswith(end), sent
