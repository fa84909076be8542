#!/usr/bin/env bash
# The part of script/fresh that runs as root, as the first process of a namespace of its own:
# fresh_system.sh WORK RELEASE MIRROR keep|'' USER:WHAT..., the words of one user side by side.
#
# shellcheck disable=SC2317,SC2329 # step calls functions by name
set -euo pipefail
work=$1 release=$2 mirror=$3 keep=$4
shift 4
whats=("$@")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
system=$work/system
trap 'exit 130' INT TERM HUP
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive

# shellcheck source=script/lib/system.sh
. "$here/system.sh"

make_fresh_system() {
    # In memory it is quicker, and gone with the namespace. Some 3 GiB are needed, for script/test many more.
    [ -n "$keep" ] || [[ ${whats[*]} == *:test* && ${whats[*]} != *:tests* ]] || in_memory "$system" 6g
    make_system "$system" git,sudo,ca-certificates,ccache
}

prepare() {
    prepare_system "$system"
    chroot "$system" useradd --create-home --shell /bin/bash newcomer
    printf '%s\n' 'newcomer ALL=(ALL) NOPASSWD: ALL' \
        'Defaults env_keep += "http_proxy https_proxy no_proxy"' >"$system/etc/sudoers.d/newcomer"
    # Both users set up and build a tree of their own, with the same compiler from the same sources. What it
    # made for the first is kept for the second, for whom it would only do the same again.
    install -d -m 1777 "$system/var/cache/compiled"
    printf '%s\n' 'cache_dir = /var/cache/compiled' 'umask = 000' >"$system/etc/ccache.conf"
    install -m 755 "$here/newcomer.sh" "$system/usr/local/bin/newcomer"
}

# as_newcomer USER WHAT...: its own clone, and what the README says.
as_newcomer() {
    local user=$1 home
    shift
    home=$(chroot "$system" sh -c "echo ~$user")
    cp -r "$work/leadblock.git" "$system$home/leadblock.git"
    chroot "$system" chown -R "$user:" "$home/leadblock.git"
    chroot "$system" su - "$user" -c "newcomer ${*@Q}" </dev/null | tee "$work/newcomer" || true
    local sum
    sum=$(tail -n 1 "$work/newcomer")
    if [[ $sum =~ ^([0-9]+)\ steps\ passed,\ ([0-9]+)\ failed$ ]]; then
        passed=$((passed + BASH_REMATCH[1]))
        failed=$((failed + BASH_REMATCH[2]))
    else
        failed=$((failed + 1))
    fi
}

step "a minimal system of $release, in ${keep:+the folder }$system" make_fresh_system || finish
step 'users, certificates, settings of apt and npm' prepare || finish
# do_as USER: what there is to do for that user.
do_as() {
    local user=$1 what words=()
    for what in "${whats[@]}"; do
        [ "${what%%:*}" != "$user" ] || words+=("${what#*:}")
    done
    [ ${#words[@]} = 0 ] || as_newcomer "$user" "${words[@]}"
}

do_as newcomer
do_as root
finish
