# shellcheck shell=bash disable=SC2034
# The Debian packages that each script needs. One list per purpose; script/lib/common.sh installs.

# To compile, and with these to run: the libraries are linked dynamically. packaging/debian/control has the
# same list, which tests/lint/packaging.py compares.
packages_program=(
    gcc libc6-dev meson ninja-build pkg-config
    libsodium-dev libxxhash-dev libutf8proc-dev liburcu-dev libidn2-dev libpsl-dev publicsuffix
    libsqlite3-dev libpq-dev libcurl4-openssl-dev zlib1g-dev python3-yaml
)
# And the tests.
packages_compile=("${packages_program[@]}" libcmocka-dev)

# To bundle the dashboard, with certificates for npm. A user's own node, usually newer, does as well.
packages_node=(nodejs npm ca-certificates)
packages_web=()
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    packages_web=("${packages_node[@]}")
fi
packages_build=("${packages_compile[@]}" "${packages_web[@]}")

# To be tried from a terminal, as the README does.
packages_serve=(curl)

packages_test=(python3 python3-pytest python3-requests python3-yaml python3-fastjsonschema sqlite3 curl openssl oathtool)
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

# What script/package has in the systems that it builds in: to make packages (as packaging/debian/control
# says), and to look at them.
packages_debian=(debhelper po-debconf)
packages_package=("${packages_program[@]}" "${packages_node[@]}" "${packages_debian[@]}"
    build-essential lintian binutils xz-utils)
# And here, for the image of the container.
packages_container=(buildah crun)

packages_fuzz=(clang llvm)

# To count instructions (bench/instructions.py).
packages_instructions=(valgrind gcc libc6-dev)

# What reads what an operator is given: manual pages, completions, rules of Prometheus; openssl makes
# certificates for doctor to look at.
packages_operation=(man-db groff-base mandoc zsh fish shellcheck prometheus openssl gcc make)

packages_bench=(wrk nginx curl python3 redis-server postgresql nodejs)
