"""Writes the files that the server hands out as a C table, for http/assets.h.

usage: embed.py OUTPUT [FOLDER]                the dashboard; without a folder: an empty table
       embed.py OUTPUT --documents FOLDER      the documentation, whose paths begin with /docs/
"""
import hashlib
import re
import struct
import sys
import zlib
from pathlib import Path

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
HASHED = re.compile(r".+-[0-9A-Za-z]{8,}(\.[a-z0-9]+)+")
ROUTED = re.compile(r"index\.html|favicon\.svg|assets/[0-9A-Za-z._-]+")  # by api/routes.c
DOCUMENT = re.compile(r"docs/[0-9A-Za-z._-]+")


def compress(data):
    """gzip without a time, so that the same input gives the same program (RFC 1952)."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9)
    body = deflate.compress(data) + deflate.flush()
    head = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff"
    return head + body + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)


def array(name, data):
    rows = [",".join(map(str, data[i : i + 32])) for i in range(0, len(data), 32)]
    return f"static const unsigned char {name}[] = {{\n" + ",\n".join(rows) + "};\n"


def text(name):
    return f"{{(const char *){name}, sizeof {name}}}"


def asset(number, data, path, suffix, immutable=False):
    """The arrays of one file, and the initializer of its struct lb_asset."""
    packed = compress(data)
    smaller = len(packed) < len(data)
    arrays = array(f"plain_{number}", data)
    if smaller:
        arrays += array(f"gzip_{number}", packed)
    fields = [
        f'.path = "{path}"',
        f'.content_type = "{TYPES[suffix]}"',
        f'.tag = "{hashlib.sha256(data).hexdigest()[:32]}"',
        f".plain = {text(f'plain_{number}')}",
        f".gzip = {text(f'gzip_{number}') if smaller else '{NULL, 0}'}",
        f".page = {str(suffix == '.html').lower()}",
        f".immutable = {str(immutable).lower()}",
    ]
    return arrays, "{" + ",\n     ".join(fields) + "}"


def entry(number, file, name, path, routed):
    """The arrays of one file, and its row of the table."""
    if not routed.fullmatch(name) or file.suffix not in TYPES:
        sys.exit(f"embed.py: {name}: no route or no content type for a file of this name")
    data = file.read_bytes()
    if not data:
        sys.exit(f"embed.py: {name} is empty")
    page = file.suffix == ".html"
    arrays, row = asset(number, data, path, file.suffix,
                        not page and bool(HASHED.fullmatch(file.name)))
    return arrays, f"    {row},\n"


def page_path(name):
    """A page of the dashboard is a folder's; one of the documentation has its name without .html."""
    return "/" + re.sub(r"(^|(?<=/))index\.html$|\.html$", "", name)


def of_folder(folder):
    """[(name, file)] of what the build left there."""
    files = sorted(p for p in Path(folder).rglob("*") if p.is_file())
    if Path(folder, "index.html") not in files:
        sys.exit(f"embed.py: there is no index.html in {folder}")
    return [(p.relative_to(folder).as_posix(), p) for p in files]


def documents(folder):
    found = of_folder(folder)
    if "404.html" not in dict(found):
        found.append(("404.html", Path(folder, "index.html")))
    return [("docs/" + name, file) for name, file in found]


def write(output, found, routed, names):
    entries = [entry(number, file, name, page_path(name), routed)
               for number, (name, file) in enumerate(found)]
    rows = "".join(row for _, row in entries) or "    {0}, /* C wants one */\n"
    table, count = names
    Path(output).write_text(
        '#include "http/assets.h"\n\n'
        + "".join(arrays for arrays, _ in entries)
        + f"const struct lb_asset {table}[] = {{\n{rows}}};\n"
        + f"const size_t {count} = {len(entries)};\n",
        encoding="utf-8")


def main(output, *what):
    if what[:1] == ("--documents",):
        write(output, documents(what[1]), DOCUMENT, ("lb_documents", "lb_document_count"))
    else:
        found = of_folder(what[0]) if what else []
        write(output, found, ROUTED, ("lb_assets", "lb_asset_count"))


if __name__ == "__main__":
    main(*sys.argv[1:])
