"""Compares answers with the description of the API, docs/openapi.yaml: status, headers and body.

Schemas are compiled to functions, once each and when they are first needed: a suite gets tens of
thousands of answers, and looking at one must cost microseconds.
"""

import gzip
import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import fastjsonschema
import yaml

SOURCE = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
METHODS = ("get", "post", "put", "patch", "delete")
# What every HTTP server may send; the description need not say it.
PLAIN_HEADERS = {"date", "connection", "content-type", "content-length", "transfer-encoding",
                 "cache-control", "x-content-type-options", "strict-transport-security",
                 "vary", "access-control-allow-origin", "access-control-expose-headers"}
# Of the description's words, those that say nothing about a value, or are said by a pattern too.
IGNORED = {"description", "example", "examples", "default", "format"}
SEEN_MAX = 20000  # answers that are remembered, since many are alike
ERROR = {"$ref": "#/components/schemas/Error"}
# Of what cannot be parsed as a request, and so is of no operation; its method and target do not count.
NOT_PARSED = {431, 505}
DASHBOARD = re.compile(r"/(|favicon\.svg|assets/[^/]+|docs|docs/[^?]*)(\?.*)?")
VALIDATORS = {}  # by the schema of the document; all descriptions share it


class NotAsDescribed(AssertionError):
    """An answer that the description does not allow."""


@cache
def load():
    with open(SOURCE, encoding="utf-8") as file:
        return yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def operations(document):
    """{(METHOD, path): operation}"""
    return {(method.upper(), path): item[method]
            for path, item in document["paths"].items() for method in METHODS if method in item}


def stripped(schema):
    """A schema without what only people read."""
    if isinstance(schema, list):
        return [stripped(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    out = {name: stripped(value) for name, value in schema.items() if name not in IGNORED}
    if "dependentRequired" in out:  # which fastjsonschema knows by its earlier name
        out["dependencies"] = out.pop("dependentRequired")
    if isinstance(schema.get("properties"), dict):  # whose members may have such names
        out["properties"] = {name: stripped(value) for name, value in schema["properties"].items()}
    return out


class Description:
    def __init__(self):
        self.document = load()
        self.schemas = {name: stripped(schema)
                        for name, schema in self.document["components"]["schemas"].items()}
        self.paths = {}  # {segment: ...} and, under "", the path itself; {} stands for a parameter
        for path in self.document["paths"]:
            node = self.paths
            for segment in path.split("/")[1:]:
                node = node.setdefault("{}" if segment.startswith("{") else segment, {})
            node[""] = path
        self.operations = operations(self.document)
        self.validators = VALIDATORS
        self.answers = {}
        self.seen = set()
        self.checked = Counter()  # {"GET /v1/x 200": how many}
        self.wrong = []

    def resolve(self, part):
        while "$ref" in part:
            place = self.document
            for name in part["$ref"].split("/")[1:]:
                place = place[name]
            part = place
        return part

    def path_of(self, target):
        """The path of the description that a request's target means, or None."""
        raw = urlsplit(target).path if target.startswith("/") else ""
        raw = raw.removeprefix("/api") if raw.startswith("/api/v1/") else raw

        def find(node, segments):
            if not segments:
                return node.get("")
            first, rest = segments[0], segments[1:]
            found = find(node[first], rest) if first and first in node else None
            if found is None and first and "{}" in node:
                found = find(node["{}"], rest)
            return found

        return find(self.paths, raw.split("/")[1:])

    def method_path(self, method, target):
        """(METHOD, path) of the operation, with None for a path that is not described. Of paths that
        fit, one that has the method is meant: a literal segment wins over a parameter."""
        method = "GET" if method == "HEAD" else method
        path = self.path_of(target)
        if path and (method, path) not in self.operations:
            for known, other in self.operations:
                pattern = re.sub(r"\{\w+\}", "[^/]+", other)
                raw = re.sub(r"^/api(?=/v1/)", "", urlsplit(target).path)
                if known == method and re.fullmatch(pattern, raw):
                    return method, other
        return method, path

    def validator(self, schema):
        """A function that raises for a value which the schema does not allow."""
        if id(schema) not in self.validators:  # the document keeps them all alive
            root = {"allOf": [stripped(schema)], "components": {"schemas": self.schemas}}
            self.validators[id(schema)] = fastjsonschema.compile(root)
        return self.validators[id(schema)]

    def answer(self, key, status):
        """What the description says of an operation's answers of a status, or None."""
        if (key, status) not in self.answers:
            described = self.operations[key]["responses"].get(str(status))
            self.answers[key, status] = self.read(self.resolve(described)) if described else None
        return self.answers[key, status]

    def read(self, described):
        headers = {}
        for name, header in described.get("headers", {}).items():
            header = self.resolve(header)
            schema = header["schema"]
            wanted = re.escape(schema["const"]) + "$" if "const" in schema else \
                schema.get("pattern", "")
            headers[name.lower()] = (name, header.get("required", False), re.compile(wanted))
        content = described.get("content", {})
        return headers, {kind: content[kind].get("schema", {}) for kind in content}

    def check(self, method, target, response):
        """Raises NotAsDescribed; counts the answer otherwise."""
        if not response.all("x-request-id"):  # what is not HTTP is refused before it is a request
            self.checked["not HTTP"] += 1
            return
        operation_method, path = self.method_path(method, target)
        where = f"{operation_method} {path} {response.status}" if path else "not of the API"
        try:
            if path is None or response.status in NOT_PARSED:
                self.check_unknown(method, target, response)
            elif (operation_method, path) not in self.operations:
                self.check_method(path, response)
            else:
                self.check_operation((operation_method, path), method, response)
        except NotAsDescribed as error:
            self.wrong.append(f"{where}: {error}")
            raise NotAsDescribed(f"docs/openapi.yaml, {where}: {error}\n{response}") from None
        self.checked[where] += 1

    def check_delivery(self, headers, body):
        """What a subscriber got; `headers` are lower case."""
        kind = json.loads(body).get("type")
        described = self.document["webhooks"].get(kind, {}).get("post")
        if not described:
            raise NotAsDescribed(f"events of the type {kind} are not described")
        for parameter in map(self.resolve, described["parameters"]):
            value = headers.get(parameter["name"])
            if value is None or not re.search(parameter["schema"].get("pattern", "."), value):
                raise NotAsDescribed(f"the header {parameter['name']} is {value}")
        try:
            self.check_body(described["requestBody"]["content"]["application/json"]["schema"], body)
        except NotAsDescribed as error:
            raise NotAsDescribed(f"docs/openapi.yaml, webhook {kind}: {error}\n{body}") from None

    def check_unknown(self, method, target, response):
        """The files of the dashboard and of the documentation, and errors that belong to no operation but have the shape of all."""
        if response.status < 400 and not DASHBOARD.fullmatch(target):
            raise NotAsDescribed("the path is not described, and answers")
        if response.status == 404 and target.startswith("/docs/"):  # a page, for a person
            return
        if response.status >= 400 and method != "HEAD":
            self.check_body(ERROR, response.body)

    def check_method(self, path, response):
        allowed = {method for method, other in self.operations if other == path}
        allowed |= {"HEAD"} if "GET" in allowed else set()
        if response.status in (400, 503):  # what is looked at before the method
            return
        if (preflight := response.header("access-control-allow-methods")) and not response.body:
            allowed -= set(preflight.split(", "))
            if response.status != 200 or allowed:
                raise NotAsDescribed(f"a browser is not told of {sorted(allowed)}")
            return
        if response.status != 405:
            raise NotAsDescribed(f"an answer of a method that is not described: {response.status}")
        said = set((response.header("allow") or "").split(", "))
        if not said >= allowed:
            raise NotAsDescribed(f"Allow says {sorted(said)}, the description {sorted(allowed)}")

    def check_operation(self, key, method, response):
        described = self.answer(key, response.status)
        if described is None or response.status == 500:
            raise NotAsDescribed("this status is not described")
        headers, content = described
        self.check_headers(headers, response)
        if method == "HEAD" or response.status == 304:
            return
        kind = (response.header("content-type") or "").split(";")[0]
        if kind not in content:
            raise NotAsDescribed(f"the content type {kind} is not described")
        if kind == "application/json":
            packed = response.header("content-encoding") == "gzip"
            body = gzip.decompress(response.body) if packed else response.body
            self.check_body(content[kind], body)

    @staticmethod
    def check_headers(described, response):
        sent = {name.lower(): value for name, value in response.headers}
        if more := sent.keys() - described.keys() - PLAIN_HEADERS:
            raise NotAsDescribed(f"headers that are not described: {sorted(more)}")
        for key, (name, required, wanted) in described.items():
            if key not in sent:
                if required:
                    raise NotAsDescribed(f"the header {name} is missing")
            elif not wanted.match(sent[key]):
                raise NotAsDescribed(f"the header {name} must match {wanted.pattern}")

    def check_body(self, schema, body):
        if (id(schema), body) in self.seen:
            return
        try:
            value = json.loads(body)
        except ValueError as error:
            raise NotAsDescribed(f"the body is not JSON: {error}") from None
        self.check_value(schema, value, "body")
        if len(self.seen) < SEEN_MAX and len(body) < 2000:
            self.seen.add((id(schema), body))

    def check_value(self, schema, value, what):
        try:
            self.validator(schema)(value)
        except fastjsonschema.JsonSchemaValueException as error:
            raise NotAsDescribed(error.message.replace("data", what, 1)) from None

    def report(self):
        """Lines for people: how many answers of each operation were compared."""
        by_operation = Counter()
        for where, count in self.checked.items():
            by_operation[re.sub(r" \d+$", "", where)] += count
        return [f"{count:8} {where}" for where, count in sorted(by_operation.items())]
