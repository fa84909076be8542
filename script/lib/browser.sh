#!/usr/bin/env bash
# The dashboard's tests in a browser: browser.sh [FILE...]. Packages are installed again only when their
# lock has changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../tests/e2e"
if grep -q '^const size_t lb_asset_count = 0;' ../../build/src/assets_table.c; then
    echo 'the program was built without the dashboard'
    echo '# skipped 1'
    exit 0
fi
lock=$(cat package.json package-lock.json | sha256sum)
if [ "$(cat node_modules/.of-lock 2>/dev/null)" != "$lock" ]; then
    npm ci --no-audit --no-fund --prefer-offline --loglevel=error
    printf '%s\n' "$lock" >node_modules/.of-lock
fi
exec node run.mjs "$@"
