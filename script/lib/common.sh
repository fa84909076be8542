# shellcheck shell=bash disable=SC2034,SC2054
# What every script shares: where the project is, saying what happens, installing what is missing.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root" || exit 1

# A python of the user's own may shadow Debian's, which has pytest and runs meson.
meson=/usr/bin/meson
python=/usr/bin/python3

# shellcheck source=script/lib/packages.sh
. "$root/script/lib/packages.sh"

say() {
    printf '%s\n' "${0##*/}: $*" >&2
}

die() {
    say "$*"
    exit 1
}

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
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
    local package missing=()
    command -v dpkg-query >/dev/null ||
        { say "not a Debian system: needs the equivalents of $*"; return; }
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing ${missing[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null >/dev/null ||
        say "apt-get update failed; trying with the lists that are here"
    without_services as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends "${missing[@]}" \
        </dev/null >/dev/null ||
        die "could not install ${missing[*]}"
}

# build_tree NAME [MESON-OPTION...]: configures and builds one tree; NAME is release, debug, asan,
# tsan or fuzz. Sets $tree to its folder. $build_target: what to build of it, all unless set. Options given later than the first time reconfigure it.
build_tree() {
    local name=$1 options=()
    shift
    tree=build-$name
    case $name in
    release) tree=build; options=(--buildtype=release) ;;
    debug) options=(--buildtype=debug) ;;
    asan) options=(--buildtype=debugoptimized -Db_sanitize=address,undefined) ;;
    # Only tests of threads run in it, and none of them looks at the dashboard.
    tsan) options=(--buildtype=debugoptimized -Db_sanitize=thread -Ddashboard=disabled) ;;
    *) die "no build called '$name': release, debug, asan or tsan" ;;
    esac
    local log
    log=$(mktemp)
    say "building $tree"
    if [ ! -e "$tree/build.ninja" ]; then
        "$meson" setup "$tree" "${options[@]}" "$@" </dev/null >"$log" 2>&1 ||
            { cat "$log" >&2; die "meson setup failed"; }
    elif [ $# -gt 0 ]; then
        "$meson" configure "$tree" "$@" </dev/null >&2 || die "meson configure failed"
    fi
    if ! ninja -C "$tree" ${build_target:+"$build_target"} </dev/null >"$log" 2>&1; then
        grep -vE '^\[[0-9]+/[0-9]+\] (Compiling|Linking|Generating)' "$log" >&2 || true
        rm -f "$log"
        die "the build of $tree failed"
    fi
    rm -f "$log"
}
