#!/usr/bin/env bash
# docs/openapi.yaml with npm's tools. Packages are installed again only when their
# lock has changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../tests/openapi"
lock=$(cat package.json package-lock.json | sha256sum)
if [ "$(cat node_modules/.of-lock 2>/dev/null)" != "$lock" ]; then
    npm ci --no-audit --no-fund --prefer-offline --loglevel=error
    printf '%s\n' "$lock" >node_modules/.of-lock
fi
exec node --test --test-reporter=spec openapi.test.mjs hooks.test.mjs mcp.test.mjs
