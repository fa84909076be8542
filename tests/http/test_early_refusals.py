"""Ordinary clients with a large body that is refused before it came: they see the status, always.

A client that is still sending when the connection is reset loses the reply that it has not read."""

import http.client
import importlib.util
import json
import shutil
import subprocess
import tempfile

import pytest

SIZE = 20 * 1024 * 1024
TIMES = 10

FETCH = """
const [url, headers, chunked, size, times] = process.argv.slice(1);
const pieces = () => {
  let left = size / 65536;
  return new ReadableStream({ pull(out) {
    left-- > 0 ? out.enqueue(new Uint8Array(65536)) : out.close();
  } });
};
const body = Buffer.alloc(Number(size), 'x');
for (let i = 0; i < times; i++) {
  const options = { method: 'POST', headers: JSON.parse(headers), body, duplex: 'half' };
  if (chunked === 'true') options.body = pieces();
  const reply = await fetch(url, options);
  console.log(reply.status, (await reply.json()).code);
}
"""


def by_http_client(url, headers, chunked):
    host, path = url.removeprefix("http://").split("/", 1)
    piece = b"x" * 65536
    seen = []
    for _ in range(TIMES):
        connection = http.client.HTTPConnection(host, timeout=30)
        pieces = (piece for _ in range(SIZE // len(piece)))
        connection.request("POST", "/" + path, pieces if chunked else piece * (SIZE // len(piece)),
                           headers, encode_chunked=chunked)
        reply = connection.getresponse()
        seen.append((reply.status, json.loads(reply.read())["code"]))
        connection.close()
    return seen


def by_fetch(url, headers, chunked):
    result = subprocess.run(["node", "--input-type=module", "-e", FETCH, url, json.dumps(headers),
                             "true" if chunked else "false", str(SIZE), str(TIMES)],
                            capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    return [(int(line.split()[0]), line.split()[1]) for line in result.stdout.splitlines()]


def by_curl(url, headers, chunked):
    seen = []
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"x" * SIZE)
        file.flush()
        how = ["-T", file.name, "-X", "POST"] if chunked else ["--data-binary", f"@{file.name}"]
        coding = {"Transfer-Encoding": "chunked"} if chunked else {}
        for name, value in {**headers, **coding, "Expect": ""}.items():
            how += ["-H", f"{name}: {value}".rstrip(" ")]
        for _ in range(TIMES):
            result = subprocess.run(["curl", "-sS", "--http1.1", url, *how, "-w", "\n%{http_code}"],
                                    capture_output=True, timeout=30)
            assert result.returncode == 0, result.stderr
            body, status = result.stdout.rsplit(b"\n", 1)
            seen.append((int(status), json.loads(body)["code"]))
    return seen


def by_requests(url, headers, chunked):
    import requests
    piece = b"x" * 65536
    seen = []
    for _ in range(TIMES):
        pieces = (piece for _ in range(SIZE // len(piece)))
        reply = requests.post(url, pieces if chunked else piece * (SIZE // len(piece)), headers=headers,
                              timeout=30)
        seen.append((reply.status_code, reply.json()["code"]))
    return seen


CASES = {
    "too large": (413, "payload_too_large"),
    "no campaign": (404, "campaign_not_found"),
    "media type": (415, "unsupported_media_type"),
    "no path": (404, "not_found"),
    "no method": (405, "method_not_allowed"),
    "not for keys": (403, "forbidden"),
}
PATHS = {"no path": "/v1/nothing", "no method": "/v1/statistics", "not for keys": "/v1/users"}


def refused(server, tenant, campaign, client, chunked, case):
    headers = {"x-api-key": tenant.key, "Content-Type": "application/json"}
    if case == "no campaign":
        campaign = "missing"
    elif case == "media type":
        headers["Content-Type"] = "text/plain"
    path = PATHS.get(case, f"/v1/campaigns/{campaign}/blocked-leads")
    url = f"http://127.0.0.1:{server.port}{path}"
    assert client(url, headers, chunked) == [CASES[case]] * TIMES


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("case", CASES)
def test_http_client_sees_the_status(server, tenant, campaign, chunked, case):
    refused(server, tenant, campaign, by_http_client, chunked, case)


@pytest.mark.parametrize("chunked, case", [(False, "too large"), (True, "no campaign"), (False, "no path")])
def test_curl_sees_the_status(server, tenant, campaign, chunked, case):
    refused(server, tenant, campaign, by_curl, chunked, case)


@pytest.mark.skipif(not shutil.which("node"), reason="needs node")
@pytest.mark.parametrize("chunked, case", [(False, "too large"), (True, "no campaign"), (False, "no path")])
def test_fetch_sees_the_status(server, tenant, campaign, chunked, case):
    refused(server, tenant, campaign, by_fetch, chunked, case)


@pytest.mark.skipif(not importlib.util.find_spec("requests"), reason="needs requests")
@pytest.mark.parametrize("chunked, case", [(False, "too large"), (True, "no campaign"), (True, "no path")])
def test_requests_sees_the_status(server, tenant, campaign, chunked, case):
    refused(server, tenant, campaign, by_requests, chunked, case)
