# shellcheck shell=bash disable=SC2034,SC2054
# What every script shares: where the project is, saying what happens, installing what is missing.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root" || exit 1

# A python of the user's own may shadow Debian's, which has pytest and runs meson.
meson=/usr/bin/meson
python=/usr/bin/python3

# The newest version of PostgreSQL's server that is installed, 0 without any.
postgresql_version() {
    local program version newest=0
    for program in /usr/lib/postgresql/*/bin/postgres; do
        version=${program#/usr/lib/postgresql/}
        version=${version%%/*}
        if [ -x "$program" ] && [ "${version%%.*}" -gt "$newest" ]; then newest=${version%%.*}; fi
    done
    printf '%s\n' "$newest"
}

# shellcheck source=script/lib/packages.sh
. "$root/script/lib/packages.sh"

say() {
    printf '%s\n' "${0##*/}: $*" >&2
}

die() {
    say "$*"
    exit 1
}

# The comment that the script in script/ begins with.
print_help() {
    sed -n '2,/^set/{/^# shellcheck/d;/^#/s/^# \{0,1\}//p}' "$root/script/${0##*/}"
}

# Whether the distribution has a package of that name.
is_available() {
    [ -n "$(apt-cache madison "$1" 2>/dev/null)" ]
}

# Runs as root: directly, or through sudo.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "needs root or sudo to run: $*"
    fi
}

# Runs a command while packages that it installs may not start their services.
without_services() (
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
        trap 'as_root rm -f $policy' EXIT
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
        as_root chmod 755 $policy
    fi
    "$@"
)

# install PACKAGE...: installs what is missing, says so, and costs next to nothing when all is there.
install() {
    local package installed missing=()
    command -v dpkg-query >/dev/null ||
        { say "not a Debian system: needs the equivalents of $*"; return; }
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)
    for package in "$@"; do
        [[ $'\n'$installed$'\n' == *$'\n'"installed $package"$'\n'* ]] || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing ${missing[*]} (may take some minutes)"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null >/dev/null ||
        say "apt-get update failed; trying with the lists that are here"
    without_services as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends "${missing[@]}" \
        </dev/null >/dev/null ||
        die "could not install ${missing[*]}"
}

# Whether a tree treats warnings as errors though nobody asked for it: it was configured when that was
# the default.
has_old_werror() {
    grep -qF '"name": "werror", "value": true' "$1/meson-info/intro-buildoptions.json" 2>/dev/null &&
        ! grep -q '^werror' "$1/meson-private/cmd_line.txt" 2>/dev/null
}

# in_tree COMMAND...: when nothing else builds in $tree. Of two ninjas in one tree each spoils what the other wrote.
in_tree() {
    mkdir -p "$tree"
    flock "$tree/.lock" "$@"
}

# build_tree NAME [MESON-OPTION...]: configures and builds one tree. Sets $tree to its folder.
#
# NAME is release, debug, asan, tsan, lint or fuzz. Options given later than the first time reconfigure it.
# $build_target: what to build of it, all unless set. A warning is an error in the trees of those
# who work on leadblock, and in the release tree when LEADBLOCK_WERROR is set as it is configured.
build_tree() {
    local name=$1 options=(-Dwerror=true)
    shift
    tree=build-$name
    case $name in
    release)
        tree=build
        options=(--buildtype=release ${LEADBLOCK_WERROR:+-Dwerror=true})
        if [ $# = 0 ] && has_old_werror "$tree"; then set -- -Dwerror=false; fi
        ;;
    debug) options+=(--buildtype=debug) ;;
    # Checked code takes three times as long to compile; optimising it further does not pay here, and
    # reports name functions and lines, for which -g1 is enough.
    asan) options+=(--buildtype=debugoptimized -Doptimization=1 -Dc_args=-g1 -Db_sanitize=address,undefined) ;;
    # Only tests of threads run in it, and none of them looks at the dashboard.
    tsan) options+=(--buildtype=debugoptimized -Doptimization=1 -Dc_args=-g1 -Db_sanitize=thread -Ddashboard=disabled) ;;
    lint) options+=(--buildtype=release -Ddashboard=disabled) ;;
    fuzz)
        options=(--buildtype=debugoptimized -Doptimization=1 -Ddashboard=disabled -Dfuzz=true
            -Db_sanitize=address,undefined -Db_lundef=false
            "-Dc_args=-fsanitize=fuzzer-no-link -fno-sanitize-recover=undefined -DLB_FUZZ")
        ;;
    *) die "no build called '$name': release, debug, asan, tsan or fuzz" ;;
    esac
    local log
    log=$(mktemp)
    say "building $tree$([ -e "$tree/build.ninja" ] || printf ' (a minute or more the first time)')"
    if [ ! -e "$tree/build.ninja" ]; then
        in_tree "$meson" setup "$tree" "${options[@]}" "$@" </dev/null >"$log" 2>&1 ||
            { cat "$log" >&2; die "meson setup failed"; }
    elif [ $# -gt 0 ]; then
        in_tree "$meson" configure "$tree" "$@" </dev/null >"$log" 2>&1 ||
            { cat "$log" >&2; die "meson configure failed"; }
    fi
    if ! in_tree ninja -C "$tree" ${build_target:+"$build_target"} </dev/null >"$log" 2>&1; then
        grep -vE '^\[[0-9]+/[0-9]+\] (Compiling|Linking|Generating)' "$log" >&2 || true
        rm -f "$log"
        die "the build of $tree failed"
    fi
    rm -f "$log"
}
