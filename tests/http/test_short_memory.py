"""Memory that is too short: to read an international host name, which the library for these needs some for (no answer
depends on a name that was not read), or to write an answer (none says less than the whole)."""

import mmap
from contextlib import contextmanager
from urllib.parse import quote

import pytest

from support import expect
from support.campaigns import Campaign
from support.client import ConnectionClosed, File
from support.preload import preloaded
from support.server import Server

HOST = "müller.example"
LEAD = {"publicIdentifier": "jane", "email": f"jane@{HOST}"}
FILE = f"domain\n{HOST}\n".encode()

SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

static volatile uint8_t *is_short; /* [1]: so many buffers of readers grow until one may not */

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("SHORT_OF_HOSTS");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *map = fd < 0 ? MAP_FAILED : mmap(NULL, 2, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map != MAP_FAILED)
        is_short = map;
}

int idn2_lookup_u8(const uint8_t *name, uint8_t **out, int flags)
{
    int (*real)(const uint8_t *, uint8_t **, int) = dlsym(RTLD_NEXT, "idn2_lookup_u8");
    return is_short && *is_short ? -100 : real(name, out, flags); /* IDN2_MALLOC */
}

static int may_grow(void)
{
    char name[16] = "";
    if (!is_short || !is_short[1] || prctl(PR_GET_NAME, name) != 0 || strncmp(name, "lb-reader", 9) != 0)
        return 1;
    return --is_short[1] != 0;
}

void *realloc(void *memory, size_t size)
{
    static void *(*real)(void *, size_t);
    if (!real)
        real = dlsym(RTLD_NEXT, "realloc");
    if (may_grow())
        return real(memory, size);
    errno = ENOMEM;
    return NULL;
}
"""


class Memory:
    def __init__(self, folder):
        file = folder / "short"
        file.write_bytes(bytes(2))
        with open(file, "r+b") as opened:
            self.map = mmap.mmap(opened.fileno(), 2)
        self.env = {**preloaded(folder, SOURCE), "SHORT_OF_HOSTS": str(file)}

    @contextmanager
    def short(self):
        self.map[0] = 1
        yield
        self.map[0] = 0


@pytest.fixture(scope="module")
def memory(tmp_path_factory):
    return Memory(tmp_path_factory.mktemp("memory"))


@pytest.fixture(scope="module")
def tenant(memory):
    with Server(env=memory.env) as server:
        yield server.tenant("agency")


def refused(response):
    expect.error(response, 503, "overloaded", "storage_unavailable")


def asked(api, campaign):
    names = {"entries": [{"domain": HOST}, {"email": LEAD["email"]}]}
    yield api.post("/blocklist", names)
    yield api.delete("/blocklist", names)
    yield api.get(f"/blocklist/domain/{quote(HOST)}")
    yield api.get(f"/blocklist/email/{quote(LEAD['email'])}")
    yield api.post("/check", {"leads": [LEAD]})
    yield api.post("/check", {"leads": [{"publicIdentifier": "jane", "website": f"https://{HOST}/"}]})
    yield api.post("/check", {"leads": [{"publicIdentifier": "jane", "companyUrl": HOST}]})
    yield api.post("/blocklist/import?type=domain", File(FILE))
    yield api.post("/blocklist/import?type=domain&action=unblock", File(FILE))
    yield campaign.post_leads({**LEAD, "publicIdentifier": "joe"})


def test_what_cannot_be_read_is_an_error_and_no_answer(memory, tenant):
    api = tenant.api
    campaign = Campaign(tenant)
    expect.ok(api.post("/blocklist", {"entries": [{"domain": HOST}]}))
    with memory.short():
        for response in asked(api, campaign):
            refused(response)
    (lead,) = expect.ok(api.post("/check", {"leads": [LEAD]}))
    assert lead["blocked"] is True
    expect.ok(api.delete("/blocklist", {"entries": [{"domain": HOST}]}))


def test_an_opt_out_by_such_an_address_is_recorded_whole_or_not(memory, tenant):
    campaign = Campaign(tenant, LEAD)
    activity = campaign.claim_one()
    with memory.short():
        refused(campaign.report(activity, "opted_out"))
    assert expect.ok(tenant.api.post("/check", {"leads": [LEAD]}))[0]["blocked"] is False
    campaign.complete(activity, "opted_out")
    (lead,) = expect.ok(tenant.api.post("/check", {"leads": [{"email": LEAD["email"]}]}))
    assert lead["blocked"] is True


def shown(api, campaign, lead):
    path = f"/campaigns/{campaign.id}/leads"
    yield api.get(path)
    yield api.get(f"{path}?blocked=true")
    yield api.get(f"{path}?blocked=false&search=jane")
    yield api.get(f"/leads/{lead}")
    yield api.get("/leads?publicIdentifier=jane")
    yield api.post(f"{path}/import?dryRun=true", File(f"publicIdentifier,email\njoe,joe@{HOST}\n".encode()))


def test_no_list_shows_a_lead_as_free_whose_names_cannot_be_read(memory, tenant):
    api = tenant.api
    campaign = Campaign(tenant, LEAD)
    lead = campaign.lead_id("jane")
    expect.ok(api.post("/blocklist", {"entries": [{"domain": HOST}]}))
    with memory.short():
        for response in shown(api, campaign, lead):
            refused(response)
    for response in shown(api, campaign, lead):
        expect.ok(response)
    assert campaign.lead("jane")["blocked"] is True
    expect.ok(api.delete("/blocklist", {"entries": [{"domain": HOST}]}))


def lines_of(read):
    """None: it was refused, or cut before its end."""
    try:
        response = read()
    except ConnectionClosed:
        return None
    if response.status != 200:
        refused(response)
        return None
    return response.body.decode().splitlines()


@pytest.mark.parametrize("path, accept", [("/blocked-leads", "text/csv"),
                                          ("/blocked-leads?limit=1000&include=by", "application/json")])
def test_a_list_is_whole_or_does_not_end_in_order(memory, tenant, path, accept):
    leads = [{"publicIdentifier": f"list-{i:04}"} for i in range(2000)]
    expect.ok(tenant.api.post("/blocked-leads", {"leads": leads}))

    def read():
        return tenant.api.get(path, headers=[("Accept", accept)])

    whole = lines_of(read)
    cut = 0
    for nth in range(1, 60):
        memory.map[1] = nth
        lines = lines_of(read)
        left = memory.map[1]
        memory.map[1] = 0
        assert lines is None or lines == whole, nth
        cut += lines is None
        if left:
            break
    assert cut > 0 and left
