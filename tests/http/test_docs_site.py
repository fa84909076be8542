"""The documentation as pages at /docs: headers, caching, links, size, and what a build without npm says."""

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from support import expect
from support.server import Server, binary

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(binary()).resolve().parent / "src"
FILES = BUILD / "dashboard" / "docs"
SIZE_MAX = 150_000  # gzip'd, of all files together


def built_in():
    """How many files the program was built with; without npm, one page under two names."""
    table = BUILD / "documents_table.c"
    found = re.search(r"lb_document_count = (\d+)", table.read_text()) if table.exists() else None
    return int(found.group(1)) if found else 0


with_pages = pytest.mark.skipif(built_in() <= 2, reason="the program was built without npm")
without_pages = pytest.mark.skipif(built_in() != 2, reason="the program was built with npm")


def get(server, path, *headers, method="GET"):
    with server.connect() as connection:
        return connection.request(method, path, headers)


def files():
    """{path of the request: file of the build}, but for the page that says what does not exist."""
    return {"/docs/" + ("" if file.name == "index.html" else file.name.removesuffix(".html")): file
            for file in sorted(FILES.iterdir()) if file.name != "404.html"}


def pages():
    return [path for path, file in files().items() if file.suffix == ".html"]


class Page(HTMLParser):
    """What a page links to and loads, and the ids that it has."""

    def __init__(self, text):
        super().__init__()
        self.links, self.loads, self.ids, self.inline, self.title = [], [], [], [], ""
        self.within = None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        has = dict(attributes)
        self.within = tag
        self.ids += [has["id"]] if "id" in has else []
        self.links += [has["href"]] if tag == "a" else []
        self.loads += [has[name] for name in ("src", "action", "srcset", "data") if name in has]
        self.loads += [has["href"]] if tag == "link" else []
        self.inline += [name for name in has if name == "style" or name.startswith("on")]
        self.inline += [tag] if tag == "style" or (tag == "script" and "src" not in has) else []

    def handle_endtag(self, tag):
        self.within = None

    def handle_data(self, data):
        self.title += data if self.within == "title" else ""


@with_pages
def test_every_document_is_a_page_with_a_title_of_its_own(server):
    names = {path.stem.lower() for path in (ROOT / "docs").glob("*.md")} - {"readme", "architecture", "chain", "comparison", "performance", "threading"}
    assert {f"/docs/{name}" for name in names} | {"/docs/", "/docs/readme", "/docs/changelog"} == set(pages())
    titles = set()
    for path in pages():
        response = get(server, path)
        assert (response.status, response.header("content-type")) == (200, "text/html; charset=utf-8")
        assert response.body == files()[path].read_bytes()
        titles.add(Page(response.body.decode()).title)
    assert len(titles) == len(pages()) and "" not in titles


@with_pages
def test_the_pages_have_the_headers_of_the_dashboard(server):
    names = ("content-security-policy", "referrer-policy", "x-frame-options", "permissions-policy",
             "cross-origin-opener-policy", "x-content-type-options", "cache-control", "vary")
    wanted = {name: get(server, "/").header(name) for name in names}
    assert "script-src 'self'; style-src 'self'" in wanted["content-security-policy"]
    for path in [*pages(), "/docs/nothing"]:
        response = get(server, path)
        assert {name: response.header(name) for name in names} == wanted
        assert Page(response.body.decode()).inline == []


@with_pages
def test_all_links_and_anchors_lead_somewhere(server):
    """Whoever follows any link of any page, also of that of a path that does not exist, arrives."""
    read = {path: Page(get(server, path).body.decode()) for path in [*pages(), "/docs/a/b"]}
    others = {}
    for path, page in read.items():
        assert len(page.ids) == len(set(page.ids)), f"{path} has an id twice"
        assert len(page.links) > 5
        for link in [*page.links, *page.loads]:
            to = urlsplit(urljoin(f"http://here{path}", link))
            if to.netloc != "here":
                assert link in page.links and to.scheme == "https", f"{path} loads {link}"
                continue
            if to.path not in read and to.path not in others:
                others[to.path] = get(server, to.path).status
            assert others.get(to.path, 200) == 200, f"{path}: {link} leads nowhere"
            if to.fragment:
                assert to.fragment in read[to.path].ids, f"{path}: {link} leads nowhere"
    reached = {urlsplit(urljoin(f"http://here{path}", link)).path
               for path in read for link in read[path].links}
    assert set(pages()) <= reached


@with_pages
def test_no_page_names_a_document_without_a_link(server):
    """So that nothing says 'see docs/api.md' to a reader who cannot go there. Commands are left out."""
    for path in pages():
        text = re.sub(r"<pre>.*?</pre>|<a .*?</a>|<code>[^<]* [^<]*</code>", "",
                      get(server, path).body.decode(), flags=re.S)
        assert not re.search(r"docs/[\w-]+\.md", text), path


@with_pages
def test_what_a_client_has_is_not_sent_again_and_heads_have_no_body(server):
    for path, file in files().items():
        kept = "public, max-age=31536000, immutable" if re.search(r"-[0-9a-f]{8}\.", file.name) else "no-cache"
        for accept in ("identity", "gzip"):
            headers = [("Accept-Encoding", accept), ("X-Request-Id", "same")]
            whole = get(server, path, *headers)
            assert whole.header("cache-control") == kept
            assert whole.header("content-encoding") == (None if accept == "identity" else "gzip")
            body = whole.body if accept == "identity" else gzip.decompress(whole.body)
            assert body == file.read_bytes()
            again = get(server, path, *headers, ("If-None-Match", whole.header("etag")))
            assert (again.status, again.body) == (304, b"")
            head = get(server, path, *headers, method="HEAD")
            assert (head.status, head.body) == (200, b"")
            assert int(head.header("content-length")) == len(whole.body)


@with_pages
def test_all_files_together_are_small(server):
    size = sum(len(get(server, path, ("Accept-Encoding", "gzip")).body) for path in files())
    assert 50_000 < size <= SIZE_MAX, f"{size} bytes gzip'd, of at most {SIZE_MAX}"


@with_pages
def test_the_index_of_the_search_names_every_page(server):
    name = next(path for path in files() if path.endswith(".json"))
    index = get(server, name).json()
    assert {urljoin("/docs/", page) for page, _ in index["pages"]} == set(pages())
    assert max(ord(letter) - ord("A") for key in index["sets"] for letter in key) < len(pages())


def test_the_folder_and_the_names_of_files_lead_to_the_pages(server):
    for path, to in [("/docs", "/docs/"), ("/docs?x=1", "/docs/")]:
        response = get(server, path)
        assert (response.status, response.reason) == (308, "Permanent Redirect")
        assert (response.header("location"), response.body) == (to, b"")
    assert get(server, "/docs/?q=words").status == 200


@with_pages
def test_a_markdown_file_leads_to_its_page(server):
    assert get(server, "/docs/api.md").header("location") == "/docs/api"
    assert get(server, "/docs/nothing.md").status == 404


@pytest.mark.parametrize("path", ["/docs/nothing", "/docs/a/b", "/docs/404", "/docs/index.html", "/docs/Api",
                                  "/docs/..%2findex.html", "/docs/api/", "/docs//", "/docs/" + "x" * 300])
def test_what_does_not_exist_is_a_page_that_says_so(server, path):
    for accept in ("identity", "gzip"):
        response = get(server, path, ("Accept-Encoding", accept))
        body = response.body if accept == "identity" else gzip.decompress(response.body)
        assert response.status == 404
        assert response.header("content-type") == "text/html; charset=utf-8"
        assert response.header("etag") is None and b"<h1>" in body
        head = get(server, path, ("Accept-Encoding", accept), method="HEAD")
        assert (head.status, head.body) == (404, b"")


def test_other_names_and_methods_are_the_apis(server):
    expect.error(get(server, "/docsx"), 404, "not_found")
    for path in ("/docs", "/docs/", "/docs/api"):
        expect.error(get(server, path, method="POST"), 405, "method_not_allowed")


def test_without_the_dashboard_the_documentation_stays():
    with Server("--dashboard=false") as server:
        assert get(server, "/docs/").status == 200
        expect.error(get(server, "/"), 404, "not_found")


@without_pages
def test_a_build_without_npm_says_where_the_documents_are(server):
    page = get(server, "/docs/")
    assert page.status == 200 and b"<code>docs</code>" in page.body
    assert "default-src 'none'" in page.header("content-security-policy")
    assert get(server, "/v1/openapi.json").status == 200
