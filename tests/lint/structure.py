#!/usr/bin/python3
"""Checks the structure of src/: which folder may include which, which library headers belong to
one folder, and how long functions and files may be. Prints what is wrong, one line each."""
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
    "http": {"base"},
    "api": {"base", "store", "index", "reader", "writer", "domain", "http", "json", "config"},
    # Of domain: the rules of identifiers; of store: names.
    "cli": {"base", "config", "json", "store", "domain", "daemon"},
}
BELOW["daemon"] = set(BELOW) - {"cli"}

# Headers of libraries and the folders that may include them.
LIBRARIES = {
    r"microhttpd\.h": ["src/http"],
    r"sqlite3\.h": ["src/store/sqlite"],
    r"libpq-fe\.h": ["src/store/postgres"],
    r"curl/.*": ["src/cli"],
    r"json(-c)?/.*|json\.h": ["src/json"],
    r"urcu.*": ["src/base", "src/index"],
    r"utf8proc\.h": ["src/domain"],
}

FUNCTION_LINES = 60
FILE_LINES = 700
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def is_inside(path, folder):
    return str(path).startswith(folder + "/")


def include_faults(path, lines):
    folder = path.parts[1]
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, name = match.groups()
        if quote == '"':
            target = name.split("/")[0]
            if "/" not in name or target not in BELOW:
                yield number, f'"{name}" is not a path below src/'
            elif target != folder and target not in BELOW.get(folder, set()):
                yield number, f"{folder} may not include {target} (dependencies point down)"
            continue
        for pattern, folders in LIBRARIES.items():
            if re.fullmatch(pattern, name) and not any(is_inside(path, f) for f in folders):
                yield number, f"<{name}> belongs into {' or '.join(folders)}"


def length_faults(path, lines):
    """clang-format puts a function's braces, and nothing else's, alone at the start of a line."""
    if len(lines) > FILE_LINES:
        yield len(lines), f"the file has {len(lines)} lines, over {FILE_LINES}"
    start = 0
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            length = number - start + 1
            if length > FUNCTION_LINES:
                yield start, f"a function of {length} lines, over {FUNCTION_LINES}"
            start = 0


def main(root):
    files = sorted(p for p in pathlib.Path(root, "src").rglob("*.[ch]"))
    faults = 0
    for file in files:
        path = file.relative_to(root)
        lines = file.read_text(encoding="utf-8").splitlines()
        if len(path.parts) < 3 or path.parts[1] not in BELOW:
            print(f"{path}:1: a folder that tests/lint/structure.py does not know")
            faults += 1
            continue
        for number, fault in [*include_faults(path, lines), *length_faults(path, lines)]:
            print(f"{path}:{number}: {fault}")
            faults += 1
    if not files:
        print("src/ holds no C files")
        faults = 1
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "."))
