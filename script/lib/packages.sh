# shellcheck shell=bash disable=SC2034
# The Debian packages that each script needs. One list per purpose; script/lib/common.sh installs.

# To build, and with these to run: the libraries are linked dynamically.
packages_build=(
    gcc libc6-dev meson ninja-build pkg-config
    libmicrohttpd-dev libjson-c-dev libsodium-dev libxxhash-dev libutf8proc-dev liburcu-dev
    libsqlite3-dev libpq-dev libcurl4-openssl-dev libcmocka-dev zlib1g-dev
)

# To bundle the dashboard. Somebody's own node, which is usually newer, does as well.
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    packages_build+=(nodejs npm)
fi

packages_test=(python3 python3-pytest sqlite3 curl postgresql-15)

# The browser that the dashboard is tested in: Chromium without the windows of a desktop.
packages_browser=(chromium-headless-shell)

packages_lint=(clang-format clang-tidy cppcheck shellcheck python3)

packages_fuzz=(clang llvm)

packages_bench=(wrk nginx curl python3 redis-server postgresql nodejs)
