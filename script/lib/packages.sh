# shellcheck shell=bash disable=SC2034
# The Debian packages that each script needs. One list per purpose; script/lib/common.sh installs.

# To compile, and with these to run: the libraries are linked dynamically.
packages_compile=(
    gcc libc6-dev meson ninja-build pkg-config
    libsodium-dev libxxhash-dev libutf8proc-dev liburcu-dev
    libsqlite3-dev libpq-dev libcurl4-openssl-dev libcmocka-dev zlib1g-dev python3-yaml
)

# To bundle the dashboard, with certificates for npm. A user's own node, usually newer, does as well.
packages_web=()
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    packages_web=(nodejs npm ca-certificates)
fi
packages_build=("${packages_compile[@]}" "${packages_web[@]}")

# To be tried from a terminal, as the README does.
packages_serve=(curl)

packages_test=(python3 python3-pytest python3-requests python3-yaml python3-fastjsonschema sqlite3 curl)
# PostgreSQL in the distribution's version; any other from 15 on that is installed does as well.
if [ "$(postgresql_version)" -lt 15 ]; then
    packages_test+=(postgresql)
fi

# The browser that the dashboard is tested in: Chromium without the windows of a desktop.
packages_browser=(chromium-headless-shell)

packages_lint=(clang clang-tidy cppcheck shellcheck python3 patch binutils)
# Each version of clang-format lays code out differently: one is right, where it is available.
clang_format=clang-format-14

# What script/fresh needs to make another system.
# mmdebstrap makes the systems that debootstrap makes, but by apt: it downloads side by side.
packages_fresh=(mmdebstrap debian-archive-keyring git python3)

packages_fuzz=(clang llvm)

# To count instructions (bench/instructions.py).
packages_instructions=(valgrind gcc libc6-dev)

# What reads what an operator is given: manual pages, completions, rules of Prometheus; openssl makes
# certificates for doctor to look at.
packages_operation=(man-db groff-base mandoc zsh fish shellcheck prometheus openssl gcc)

packages_bench=(wrk nginx curl python3 redis-server postgresql nodejs)
