#!/usr/bin/env bash
# Shows that structure.py finds what it is there to find: each line makes one bad tree.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

# expect 0|1 FILE TEXT
expect() {
    local code=0
    rm -rf "$scratch/src"
    mkdir -p "$scratch/$(dirname "$2")"
    printf '%b' "$3" >"$scratch/$2"
    /usr/bin/python3 "$here/structure.py" "$scratch" >/dev/null || code=$?
    if [ "$code" != "$1" ]; then
        echo "structure.py returned $code, not $1, for $2: $3" >&2
        failed=1
    fi
}

expect 0 src/base/a.c '#include "base/a.h"\n'
expect 0 src/api/a.c '#include "http/a.h"\n#include "domain/a.h"\n#include "json/a.h"\n'
expect 1 src/base/a.c '#include "store/a.h"\n'
expect 1 src/domain/a.c '#include "http/a.h"\n'
expect 1 src/domain/a.c '#include "json/a.h"\n'
expect 1 src/http/a.h '#include "api/a.h"\n'
expect 1 src/api/a.c '#include "daemon/a.h"\n'
expect 1 src/api/a.c '#include "a.h"\n'
expect 1 src/api/a.c '#include <sys/epoll.h>\n'
expect 1 src/writer/a.c '#include <sqlite3.h>\n'
expect 1 src/store/a.c '#  include <sqlite3.h>\n'
expect 0 src/store/sqlite/a.c '#include <sqlite3.h>\n'
expect 1 src/api/a.c '#include <curl/curl.h>\n'
expect 1 src/other/a.c 'int a;\n'
expect 0 src/base/a.c "int a(void)\n{\n$(printf '    x;\\n%.0s' {1..58})}\n"
expect 1 src/base/a.c "int a(void)\n{\n$(printf '    x;\\n%.0s' {1..59})}\n"
expect 0 src/base/a.c "$(printf 'int x;\\n%.0s' {1..700})"
expect 1 src/base/a.c "$(printf 'int x;\\n%.0s' {1..701})"

# expect_pair 0|1 TEXT OTHER-FILE OTHER-TEXT: with a second file, beside src/base/a.h.
expect_pair() {
    local code=0
    rm -rf "$scratch/src"
    mkdir -p "$scratch/src/base" "$scratch/$(dirname "$3")"
    printf '%b' "$2" >"$scratch/src/base/a.h"
    printf '%b' "$4" >"$scratch/$3"
    /usr/bin/python3 "$here/structure.py" "$scratch" >/dev/null || code=$?
    if [ "$code" != "$1" ]; then
        echo "structure.py returned $code, not $1, for $3 beside a.h: $2, $4" >&2
        failed=1
    fi
}

expect_pair 1 'struct lb_a {\n    int b;\n};\n' src/http/b.h 'struct lb_a {\n    int c;\n};\n'
expect_pair 1 'enum lb_a { A };\n' src/http/b.h 'enum lb_a { B };\n'
expect_pair 0 'struct lb_a {\n    int b;\n};\n' src/http/b.h 'struct lb_a;\nstruct lb_b {\n    int c;\n};\n'
expect_pair 0 'struct lb_a {\n    int b;\n};\n' src/http/b.c 'struct lb_a {\n    int c;\n};\n'

# Sub-folders: access < blocklist < outreach, above the files of the layer's folder itself.
expect 0 src/domain/outreach/a.c '#include "domain/blocklist/a.h"\n#include "domain/access/a.h"\n'
expect 0 src/domain/blocklist/a.c '#include "domain/access/a.h"\n'
expect 1 src/domain/blocklist/a.c '#include "domain/outreach/a.h"\n'
expect 1 src/domain/access/a.c '#include "domain/blocklist/a.h"\n'
expect 1 src/domain/access/a.c '#include "domain/outreach/a.h"\n'
expect 1 src/domain/a.c '#include "domain/access/a.h"\n'
expect 1 src/domain/other/a.c '#include "domain/access/a.h"\n'
expect 1 src/domain/access/a.c '#include "domain/other/a.h"\n'
expect 1 src/domain/copy/a.c '#include "domain/blocklist/a.h"\n'
expect 1 src/domain/outreach/a.c '#include "domain/copy/a.h"\n'
expect 0 src/daemon/a.c '#include "domain/copy/a.h"\n'
expect 0 src/api/outreach/a.c '#include "api/a.h"\n#include "api/blocklist/a.h"\n'
expect 1 src/api/blocklist/a.c '#include "api/outreach/a.h"\n'
expect 1 src/api/access/a.c '#include "api/blocklist/a.h"\n'
expect 1 src/api/a.c '#include "api/access/a.h"\n'
expect 0 src/api/system/a.c '#include "api/a.h"\n#include "api/access/a.h"\n'
expect 1 src/api/system/a.c '#include "api/outreach/a.h"\n'
expect 1 src/api/outreach/a.c '#include "api/system/a.h"\n'
expect 0 src/api/access/a.c '#include "domain/outreach/a.h"\n'

# drawn TEXT: the drawing of the last tree says so
drawn() {
    # Not "grep -q", which ends before all is printed.
    if ! /usr/bin/python3 "$here/structure.py" --drawing "$scratch" | grep -xF -- "$1" >/dev/null; then
        echo "structure.py --drawing does not say: $1" >&2
        failed=1
    fi
}
expect 1 src/domain/access/a.c '#include "domain/outreach/a.h"\n#include "base/a.h"\n'
drawn '  domain/access      -> base 1, domain/outreach 1'
drawn '       2  src/domain/access'
exit "$failed"
