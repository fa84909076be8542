#!/usr/bin/python3
"""Checks the structure of src/, or draws it.

usage: structure.py [--drawing] [ROOT]

Checks which folder may include which, which library headers belong to one folder, how long
functions and files may be, that no two flags share a bit and no two types of headers a name; prints what is
wrong, one line each. --drawing prints how often each folder includes each other, and the lines of src and tests
by folder, of this tree or another's.
"""
import collections
import pathlib
import re
import sys

# What each folder may include besides itself. Dependencies point down.
BELOW = {
    "base": set(),
    "config": {"base"},
    "json": {"base"},
    "store": {"base"},
    "index": {"base"},
    "reader": {"base", "store"},
    "writer": {"base", "store", "index"},
    "domain": {"base", "store", "index", "reader", "writer"},
    # Of domain: the rules of identifiers.
    "import": {"base", "domain"},
    "http": {"base"},
    # Of http: networks and addresses.
    "hooks": {"base", "store", "index", "reader", "writer", "domain", "http"},
    "api": {"base", "store", "index", "reader", "writer", "domain", "import", "http", "hooks", "json",
            "config"},
    # Of domain: the rules of identifiers; of store: names.
    "cli": {"base", "config", "json", "store", "domain", "daemon"},
}
BELOW["daemon"] = set(BELOW) - {"cli"}

# What each sub-folder may include of its own layer besides itself. "" stands for the files that lie
# in the layer's folder itself: the ground floor, below all its sub-folders.
ROOMS = {
    "domain": {
        "": set(),
        "access": {""},
        "blocklist": {"", "access"},
        "events": {"", "access", "blocklist"},
        "outreach": {"", "access", "blocklist", "events"},
        "copy": {""},
    },
    "api": {
        "": set(),
        "access": {""},
        "blocklist": {"", "access"},
        "outreach": {"", "access", "blocklist"},
        "events": {"", "access", "blocklist", "outreach"},
        "hooks": {"", "access", "blocklist", "events"},
        "system": {"", "access"},
    },
}

# Headers of a sub-folder and the layers that may include them; no other may.
ONLY_FOR = {
    "domain/copy/": {"cli", "daemon", "api"},
}

# Headers of libraries and the folders that may include them.
LIBRARIES = {
    r"sys/epoll\.h": ["src/http"],
    r"sqlite3\.h": ["src/store/sqlite"],
    r"libpq-fe\.h": ["src/store/postgres"],
    r"curl/.*": ["src/cli", "src/hooks"],
    r"iconv\.h": ["src/import"],
    r"urcu.*": ["src/base", "src/index"],
    r"utf8proc\.h": ["src/domain", "src/cli"],
    r"(idn2|libpsl)\.h": ["src/domain/blocklist"],
}

# What to do about an include that points up.
DOWN = ": dependencies point down. Move what is needed to a lower folder, or have the higher one pass it in"

FUNCTION_LINES = 60
FILE_LINES = 700
CODE = {".c", ".h", ".py", ".sh", ".mjs", ".sql"}
TYPE = re.compile(r"^((?:struct|union|enum) \w+) \{")
# Of which each backend has its own.
OWN_TYPES = {"struct lb_store_reader"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def is_inside(path, folder):
    return str(path).startswith(folder + "/")


def includes(lines):
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if match:
            yield number, *match.groups()


def room(parts):
    """The sub-folder in which a file of a layer lies; "" is the layer's folder itself."""
    return parts[1] if len(parts) > 2 else ""


def room_fault(path, name):
    """What is wrong with an include within one layer, or of a sub-folder that is not for all."""
    inside, target = path.parts[1:], name.split("/")
    layer = inside[0]
    if layer == target[0] and layer in ROOMS:
        own, other = room(inside), room(target)
        rules = ROOMS[layer]
        for this in (own, other):
            if this not in rules:
                return (f"{layer}/{this} is a new sub-folder: tests/lint/structure.py lists in ROOMS what it may "
                        "include")
        if own != other and other not in rules[own]:
            return f"{layer}/{own} may not include {layer}/{other}{DOWN}"
    for prefix, layers in ONLY_FOR.items():
        own = is_inside(path, "src/" + prefix.rstrip("/"))
        if name.startswith(prefix) and layer not in layers and not own:
            return f"{prefix} is for {', '.join(sorted(layers))} only"
    return None


def include_faults(path, lines):
    folder = path.parts[1]
    for number, quote, name in includes(lines):
        if quote == '"':
            target = name.split("/")[0]
            if "/" not in name or target not in BELOW:
                yield number, f'"{name}" is not a path below src/, such as "base/str.h"'
            elif target != folder and target not in BELOW.get(folder, set()):
                yield number, f"{folder} may not include {target}{DOWN}"
            elif fault := room_fault(path, name):
                yield number, fault
            continue
        for pattern, folders in LIBRARIES.items():
            if re.fullmatch(pattern, name) and not any(is_inside(path, f) for f in folders):
                yield number, f"<{name}> belongs into {' or '.join(folders)}"


def length_faults(path, lines):
    """clang-format puts a function's braces, and nothing else's, alone at the start of a line."""
    if len(lines) > FILE_LINES:
        yield len(lines), f"the file has {len(lines)} lines, over {FILE_LINES}: split it"
    start = 0
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            length = number - start + 1
            if length > FUNCTION_LINES:
                yield start, f"a function of {length} lines, over {FUNCTION_LINES}: split it"
            start = 0


def flag_faults(path, lines):
    """Two flags of an enum with one bit are one flag."""
    taken = {}
    name = None
    for number, line in enumerate(lines, 1):
        if "enum" in line:
            taken = {}
        named = re.match(r"\s+(\w+) =", line)
        name = named[1] if named else name
        bit = re.search(r"(?:=|^)\s*1 << (\d+)\s*(?:,|/|$|\})", line)
        if bit and taken.setdefault(bit[1], name) != name:
            yield number, f"{name} has the bit of {taken[bit[1]]}"


def type_faults(path, lines, types):
    """Two headers with a type of one name can never be included together."""
    for number, line in enumerate(lines, 1):
        match = TYPE.match(line) if path.suffix == ".h" else None
        if match and match[1] not in OWN_TYPES and types.setdefault(match[1], path) != path:
            yield number, f"{types[match[1]]} has a {match[1]}, too: name one of them after what sets it apart"


def read(root):
    """The C files of src/, by their path, as lists of lines."""
    for file in sorted(pathlib.Path(root, "src").rglob("*.[ch]")):
        yield file.relative_to(root), file.read_text(encoding="utf-8").splitlines()


def check(root):
    faults = files = 0
    types = {}
    for path, lines in read(root):
        files += 1
        if len(path.parts) < 3 or path.parts[1] not in BELOW:
            print(f"{path}:1: a new folder: tests/lint/structure.py lists in BELOW what it may include")
            faults += 1
            continue
        for number, fault in [*include_faults(path, lines), *length_faults(path, lines), *flag_faults(path, lines),
                              *type_faults(path, lines, types)]:
            print(f"{path}:{number}: {fault}")
            faults += 1
    if not files:
        print("src/ holds no C files")
        faults += 1
    return 1 if faults else 0


def count_lines(root, top):
    """Lines of code by folder, without the packages that npm installs."""
    count = collections.Counter()
    for file in pathlib.Path(root, top).rglob("*"):
        parts = file.relative_to(root).parts[:-1]
        if file.suffix in CODE and "node_modules" not in parts:
            count["/".join(parts[:3])] += len(file.read_bytes().splitlines())
    return count


def draw(root):
    arrows = collections.defaultdict(collections.Counter)
    for path, lines in read(root):
        here = "/".join(path.parts[1:-1])
        for _, quote, name in includes(lines):
            there = name.rpartition("/")[0]
            if quote == '"' and there != here:
                arrows[here][there] += 1
    print("Includes from folder to folder:")
    for here in sorted(arrows):
        there = ", ".join(f"{name} {count}" for name, count in sorted(arrows[here].items()))
        print(f"  {here:<18} -> {there}")
    for here in sorted(arrows):
        for there, count in sorted(arrows[here].items()):
            back = arrows[there][here] if there in arrows else 0
            if here < there and back:
                print(f"  circle: {here} -> {there} {count}, back {back}")
    for top in ("src", "tests"):
        count = count_lines(root, top)
        print(f"\nLines of {top}: {sum(count.values())}")
        for folder, lines in sorted(count.items()):
            print(f"  {lines:>6}  {folder}")
    return 0


def main(arguments):
    drawing = arguments[:1] == ["--drawing"]
    root = (arguments[drawing:] or ["."])[0]
    if root.startswith("-"):
        print(__doc__)
        return 0 if root in ("-h", "--help") else 2
    return draw(root) if drawing else check(root)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
