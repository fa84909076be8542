"""Bodies that must be refused, each leaving everything as it was."""

import gzip
import json

import pytest

from endpoints import LIST
from support import expect
from support.campaigns import Campaign, prepare
from support.client import Connection, build

LIMIT = 4 * 1024 * 1024


class Target:
    """An end point that takes a body, and how to write a good one around given JSON."""

    def __init__(self, method, path, wrap, text=True):
        self.method = method
        self.path = path
        self.wrap = wrap  # the bytes of one text (a JSON value) -> a whole body
        self.text = text  # False: it wants a number there, and needs no body


def identifiers(value):
    return b'{"publicIdentifiers":["kept",' + value + b"]}"


TARGETS = {
    "block": Target("POST", LIST, identifiers),
    "unblock": Target("DELETE", LIST, identifiers),
    "check": Target("POST", LIST + "/check", identifiers),
    "workspace block": Target(
        "POST", "/blocked-leads",
        lambda value: b'{"leads":[{"publicIdentifier":"kept"},{"publicIdentifier":%s}]}' % value),
    "workspace unblock": Target("DELETE", "/blocked-leads", lambda value: b"[" + value + b"]"),
    "campaign": Target("POST", "/campaigns", lambda value: b'{"name":' + value + b"}"),
    "campaign with steps": Target(
        "POST", "/campaigns",
        lambda value: b'{"name":"x","steps":[{"type":"message","genericBody":%s}]}' % value),
    "step": Target("POST", "/campaigns/{c}/steps",
                   lambda value: b'{"type":"message","genericBody":%s}' % value),
    "step change": Target("PUT", "/campaigns/{c}/steps/{plain}",
                          lambda value: b'{"genericBody":%s}' % value),
    "leads": Target(
        "POST", "/campaigns/{c}/leads",
        lambda value: b'{"leads":[{"publicIdentifier":"kept"},{"publicIdentifier":%s}]}' % value),
    "lead status": Target("PUT", "/leads/{lead}/status", lambda value: b'{"status":%s}' % value),
    "claim": Target("POST", "/campaigns/{active}/activities/claim",
                    lambda value: b'{"max":%s}' % value, text=False),
    "complete": Target("POST", "/activities/{activity}/complete",
                       lambda value: b'{"leaseToken":%s,"result":"done"}' % value),
}


class Scene:
    def __init__(self, tenant):
        self.api = tenant.api
        self.ids = prepare(tenant)
        self.active = Campaign(tenant, "a-1")
        self.ids["active"] = self.active.id
        self.path = f"/campaigns/{self.ids['c']}/blocked-leads"
        self.api.post(self.path, {"publicIdentifiers": ["kept", "john-doe"], "reason": "r"})
        self.api.post("/blocked-leads", {"leads": [{"publicIdentifier": "kept"}]})

    def snapshot(self):
        return [expect.ok(self.api.get(path))
                for path in (self.path, "/blocked-leads", "/campaigns?take=100",
                             f"/campaigns/{self.ids['c']}/leads",
                             f"/campaigns/{self.ids['c']}/activities",
                             self.active.path + "/activities")]

    def send(self, target, body, **options):
        return self.api.call(target.method, target.path.format(**self.ids), body, **options)


@pytest.fixture(scope="module")
def scene(server):
    """Shared: every test shows that it left the scene as it was."""
    return Scene(server.tenant())


TEXTS = {name: target for name, target in TARGETS.items() if target.text}

every_target = pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
every_text = pytest.mark.parametrize("target", TEXTS.values(), ids=TEXTS)

BROKEN = {
    "open array": b'{"publicIdentifiers":["kept"',
    "open string": b'{"publicIdentifiers":["kept',
    "no comma": b'{"publicIdentifiers":["a" "b"]}',
    "trailing comma": b'{"publicIdentifiers":["a",]}',
    "trailing comma in object": b'{"publicIdentifiers":["a"],}',
    "single quotes": b"{'publicIdentifiers':['a']}",
    "comment": b'{"publicIdentifiers":["a"]} // x',
    "comment inside": b'{/* x */"publicIdentifiers":["a"]}',
    "no quotes": b'{publicIdentifiers:["a"]}',
    "two values": b'{"publicIdentifiers":["a"]}{"publicIdentifiers":["b"]}',
    "garbage behind": b'{"publicIdentifiers":["a"]}x',
    "NUL behind": b'{"publicIdentifiers":["a"]}\x00',
    "NUL before": b'\x00{"publicIdentifiers":["a"]}',
    "NUL inside": b'{"publicIdentifiers":["a\x00b"]}',
    "raw line end in string": b'{"publicIdentifiers":["a\nb"]}',
    "raw tab in string": b'{"publicIdentifiers":["a\tb"]}',
    "NaN": b'{"publicIdentifiers":["a"],"x":NaN}',
    "Infinity": b'{"publicIdentifiers":["a"],"x":-Infinity}',
    "leading zero": b'{"publicIdentifiers":["a"],"x":01}',
    "plus": b'{"publicIdentifiers":["a"],"x":+1}',
    "hex": b'{"publicIdentifiers":["a"],"x":0x10}',
    "bare dot": b'{"publicIdentifiers":["a"],"x":1.}',
    "upper-case literal": b'{"publicIdentifiers":["a"],"x":True}',
    "bad escape": b'{"publicIdentifiers":["a\\x41"]}',
    "short escape": b'{"publicIdentifiers":["a\\u00e"]}',
    "only white space": b"   ",
    "invalid UTF-8": b'{"publicIdentifiers":["a\xff"]}',
    "cut UTF-8": b'{"publicIdentifiers":["a\xc3"]}',
    "overlong UTF-8": b'{"publicIdentifiers":["a\xc0\xaf"]}',
    "UTF-8 surrogate": b'{"publicIdentifiers":["a\xed\xa0\x80"]}',
    "UTF-8 beyond Unicode": b'{"publicIdentifiers":["a\xf4\x90\x80\x80"]}',
    "invalid UTF-8 in a name": b'{"publicIdentifiers":["a"],"\xff":1}',
    "invalid UTF-8 in an ignored field": b'{"publicIdentifiers":["a"],"x":"\xff"}',
    "UTF-16": '{"publicIdentifiers":["a"]}'.encode("utf-16"),
    "duplicate names": b'{"publicIdentifiers":["a"],"publicIdentifiers":["b"]}',
    "duplicate names by escape": b'{"publicIdentifiers":["a"],"publicIdentifier\\u0073":["b"]}',
    "duplicate ignored names": b'{"publicIdentifiers":["a"],"x":1,"x":2}',
    "duplicate names deep inside": b'{"publicIdentifiers":["a"],"x":{"y":[{"z":1,"z":2}]}}',
    "deep arrays": b'{"publicIdentifiers":' + b"[" * 50_000,
    "deep arrays, closed": b'{"publicIdentifiers":["a"],"x":' + b"[" * 20_000 + b"]" * 20_000
                           + b"}",
    "deep objects": b'{"x":' * 10_000,
    "deep mix, closed": b'{"publicIdentifiers":["a"],"x":' + b'{"y":[' * 5_000 + b"1"
                        + b"]}" * 5_000 + b"}",
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_broken_json_is_refused(scene, body):
    before = scene.snapshot()
    for target in TARGETS.values():
        expect.error(scene.send(target, body), 400, "invalid_json")
    assert scene.snapshot() == before


@every_text
@pytest.mark.parametrize("value", [b"1", b"null", b"true", b"1e400", b"-0", b"[]", b"{}",
                                   b'[["a"]]', b"123456789012345678901234567890"], ids=repr)
def test_another_type_in_place_of_a_string_is_refused(scene, target, value):
    before = scene.snapshot()
    response = scene.send(target, target.wrap(value))
    expect.error(response, 400, "invalid_identifier", "invalid_body")
    assert scene.snapshot() == before


@every_text
@pytest.mark.parametrize("value", [b'"a\\u0000b"', b'"\\u0000"', b'"\\ud800"', b'"\\udc00x"',
                                   b'"\\ud800\\ud800"'], ids=repr)
def test_an_escaped_nul_or_lone_surrogate_is_refused(scene, target, value):
    before = scene.snapshot()
    response = scene.send(target, target.wrap(value))
    if target is TARGETS["workspace unblock"] and response.status == 200:
        expect.unblocked_result(response, 0)  # an id that nothing has
    elif target is TARGETS["complete"] and response.status == 409:
        expect.error(response, 409, "lease_lost")  # a token that nothing has
    else:
        expect.error(response, 400, "invalid_identifier", "invalid_body", "invalid_json",
                     "invalid_template")
    assert scene.snapshot() == before


@pytest.mark.parametrize("body", [b"[]", b'"kept"', b"1", b"null", b"{}", b"[[]]",
                                  b'{"publicIdentifiers":null}', b'{"publicIdentifiers":"kept"}',
                                  b'{"publicIdentifiers":{"0":"kept"}}', b'{"publicIdentifiers":1}',
                                  b'{"publicidentifiers":["kept"]}', b'["kept"]',
                                  b'{"PublicIdentifiers":["kept"]}'], ids=repr)
@pytest.mark.parametrize("name", ["block", "unblock", "check"])
def test_a_body_of_another_shape_is_refused(scene, name, body):
    before = scene.snapshot()
    expect.error(scene.send(TARGETS[name], body), 400, "invalid_body")
    assert scene.snapshot() == before


@pytest.mark.parametrize("name", ["block", "unblock", "check"])
def test_an_empty_array_is_refused(scene, name):
    before = scene.snapshot()
    response = scene.send(TARGETS[name], {"publicIdentifiers": []})
    expect.error(response, 400, "empty_identifiers")
    assert scene.snapshot() == before


@pytest.mark.parametrize("name", ["block", "unblock", "check"])
def test_10001_identifiers_are_refused(scene, name):
    before = scene.snapshot()
    many = ["kept"] * 10_001
    response = scene.send(TARGETS[name], {"publicIdentifiers": many})
    expect.error(response, 400, "too_many_identifiers")
    assert scene.snapshot() == before


@every_text
def test_no_body_is_refused(scene, target):
    before = scene.snapshot()
    expect.error(scene.send(target, None), 400, "invalid_json", "invalid_body")
    expect.error(scene.send(target, b""), 400, "invalid_json", "invalid_body")
    expect.error(scene.send(target, b"", content_type="text/plain"), 400, "invalid_json",
                 "invalid_body")
    assert scene.snapshot() == before


@every_target
@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded",
                                        "application/jsonx", "application/xml", "json", "*/*",
                                        "multipart/form-data; boundary=x", "text/json;q=1", ""])
def test_another_media_type_is_415(scene, target, media_type):
    before = scene.snapshot()
    response = scene.send(target, target.wrap(b'"new-one"'), content_type=media_type)
    expect.error(response, 415, "unsupported_media_type")
    assert scene.snapshot() == before


@every_target
def test_a_body_without_a_media_type_is_415(scene, target):
    before = scene.snapshot()
    response = scene.send(target, target.wrap(b'"new-one"'), content_type=None)
    expect.error(response, 415, "unsupported_media_type")
    assert scene.snapshot() == before


@every_target
@pytest.mark.parametrize("coding", ["gzip", "Deflate", "br", "zstd", "gzip, identity", "identity, gzip", "x"])
def test_a_compressed_body_is_415(scene, target, coding):
    before = scene.snapshot()
    body = gzip.compress(target.wrap(b'"new-one"'))
    response = scene.send(target, body, headers=[("Content-Encoding", coding)])
    assert "compressed" in expect.error(response, 415, "unsupported_media_type")["message"]
    assert scene.snapshot() == before


def test_each_line_says_how_a_body_is_compressed(scene):
    lines = [("Content-Encoding", "identity"), ("Content-Encoding", "gzip")]
    response = scene.send(TARGETS["check"], {"publicIdentifiers": ["kept"]}, headers=lines)
    expect.error(response, 415, "unsupported_media_type")


@pytest.mark.parametrize("coding", ["identity", "Identity", ""])
def test_a_body_that_is_not_compressed_may_say_so(scene, coding):
    response = scene.send(TARGETS["check"], {"publicIdentifiers": ["kept"]}, headers=[("Content-Encoding", coding)])
    expect.ok(response)


@pytest.mark.parametrize("media_type", ["application/json", "Application/JSON",
                                        "application/json; charset=utf-8",
                                        "application/json;charset=UTF-8", "application/json ; x=y"])
def test_spellings_of_the_json_media_type(scene, media_type):
    response = scene.send(TARGETS["check"], {"publicIdentifiers": ["kept"]},
                          content_type=media_type)
    assert expect.ok(response) == {"blocked": ["kept"], "allowed": []}


@every_target
def test_one_byte_over_4_mib_is_413(scene, server, target):
    before = scene.snapshot()
    body = target.wrap(b'"new-one"')
    body += b" " * (LIMIT + 1 - len(body))
    headers = scene.api.headers(body)
    with Connection(server.port) as connection:
        path = "/v1" + target.path.format(**scene.ids)
        connection.send_while_reading(build(target.method, path, headers, body))
        expect.error(connection.read(), 413, "payload_too_large")
    assert scene.snapshot() == before


def test_exactly_4_mib_is_accepted(scene):
    body = b'{"publicIdentifiers":["kept"],"pad":"'
    body += b"x" * (LIMIT - len(body) - 2) + b'"}'
    assert len(body) == LIMIT
    response = scene.send(TARGETS["check"], body)
    assert expect.ok(response) == {"blocked": ["kept"], "allowed": []}


@pytest.mark.parametrize("body", [
    b'{"publicIdentifiers":["john-doe"],"reason":5}',
    b'{"publicIdentifiers":["new-one"],"reason":["x"]}',
    b'{"publicIdentifiers":["new-one"],"reason":{"x":1}}',
    b'{"publicIdentifiers":["new-one"],"reason":true}',
    b'{"publicIdentifiers":["new-one"],"reason":"a\\u0000b"}'], ids=repr)
def test_a_bad_reason_is_refused(scene, body):
    before = scene.snapshot()
    expect.error(scene.send(TARGETS["block"], body), 400, "invalid_body", "invalid_json")
    assert scene.snapshot() == before


def test_escapes_mean_what_json_says(scene):
    body = b'{"publicIdentifiers":["\\u006bept","\\u4e2d\\ud840\\udc00"]}'
    response = scene.send(TARGETS["check"], body)
    assert expect.ok(response) == {"blocked": ["kept"], "allowed": ["中𠀀"]}


def test_numbers_of_any_size_in_ignored_fields_are_ignored(scene):
    body = b'{"a":1e9999,"b":-0.0,"c":' + b"9" * 5000 + b',"publicIdentifiers":["kept"]}'
    assert expect.ok(scene.send(TARGETS["check"], body)) == {"blocked": ["kept"], "allowed": []}


def test_a_refusal_never_echoes_raw_control_characters(scene):
    value = "a\u0001\u007f\u0085\"\\b"
    response = scene.send(TARGETS["check"], json.dumps({"publicIdentifiers": [value]}))
    body = expect.error(response, 400, "invalid_identifier")
    assert isinstance(body["errors"][0]["value"], str)
    assert not any(byte < 0x20 for byte in response.body.strip())


def test_a_huge_bad_value_is_answered_within_reason(scene):
    response = scene.send(TARGETS["check"], {"publicIdentifiers": ["x" * 1_000_000]})
    expect.error(response, 400, "invalid_identifier")
    assert response.json()["errors"][0]["index"] == 0


def test_a_thousand_huge_bad_values_do_not_make_a_huge_answer(scene):
    response = scene.send(TARGETS["check"], {"publicIdentifiers": ["x y" * 10_000] * 100})
    body = expect.error(response, 400, "invalid_identifier")
    assert body["errorCount"] == 100
