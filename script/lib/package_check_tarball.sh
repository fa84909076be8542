#!/usr/bin/env bash
# The part of script/package that unpacks the tarball in a clean system and does what its README says; as root
# and the first process of a namespace of its own: package_check_tarball.sh WORK RELEASE MIRROR TARBALL, with $out in the
# environment.
#
# shellcheck disable=SC2154,SC2317,SC2329 # try calls functions by name
# shellcheck source=script/lib/namespace.sh
. "$(dirname "${BASH_SOURCE[0]}")/namespace.sh"
tarball=$4
install curl
system=$work/tarball-$release
folder=/home/ada/$(basename "$tarball" .tar.gz)
# shellcheck source=script/lib/booted.sh
. "$here/booted.sh"

make_clean() {
    in_memory "$system" 3g
    unpack_clean "$system"
    prepare_system "$system" bundle
    chroot "$system" useradd --create-home ada
    chroot "$system" tar -C /home/ada -xz --no-same-owner <"$tarball"
    chroot "$system" chown -R ada: /home/ada
}

# The command lines of a code block of the README, by its number, as root has them.
recipe() {
    awk -v wanted="$1" '/^```sh/ { inside = ++count == wanted; next } /^```/ { inside = 0 } inside' \
        "$system$folder/README.md" | sed 's/\<sudo //'
}

# The booted system has no network but its own loopback.
install_libraries() {
    local line
    line=$(recipe 1 | grep '^apt install ')
    chroot "$system" apt-get update -qq
    # shellcheck disable=SC2086 # the words of a command line
    chroot "$system" env DEBIAN_FRONTEND=noninteractive ${line/install/install -y -qq --no-install-recommends}
    chroot "$system" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${readers[@]}"
    if chroot "$system" ldd "$folder/bin/leadblock" | grep 'not found'; then return 1; fi
}

# As a user without rights, with what it prints.
demo() {
    local key deadline=$((SECONDS + 60))
    inside runuser -u ada -- env -C "$folder" sh -c 'exec bin/leadblock serve --demo' >"$work/demo" 2>&1 &
    ready
    until grep -q '/#/link/' "$work/demo" && grep -q 'lb_' "$work/demo"; do
        [ "$SECONDS" -lt "$deadline" ] || { cat "$work/demo"; return 1; }
        sleep 0.2
    done
    key=$(grep -oE 'lb_[a-z0-9]+_[a-z0-9]+' "$work/demo" | head -n 1)
    dashboard
    expect '{"success":true,"message":"1 lead blocked","blocked":1}' ask -X POST \
        "$address/v1/campaigns/demo/blocked-leads" -H "x-api-key: $key" -H 'Content-Type: application/json' \
        -d '{"publicIdentifiers":["john-doe"]}'
    blocked demo "$key"
    kill -TERM "$(pgrep -x leadblock)" # in this namespace there is one
    wait $!
    test -s "$system$folder/leadblock-data/leadblock.db"
}

make_service() {
    recipe 2 | grep -v '^journalctl' >"$system/root/recipe"
    inside env -C "$folder" sh -ex /root/recipe
    expect active inside systemctl is-active leadblock || { say_journal; return 1; }
    expect active inside systemctl is-active leadblock-backup.timer
    ready
    expect leadblock inside stat -c %U "/proc/$(main_pid)"
    inside systemd-analyze verify /usr/local/lib/systemd/system/leadblock{,-backup}.service
}

backup() {
    inside systemctl start leadblock-backup
    compgen -G "$system/var/lib/leadblock/backups/leadblock-*.db"
}

try "$(basename "$tarball") in a clean system of $release" make_clean
try 'the libraries that its README names are all that it lacks' install_libraries
try 'it boots with systemd' boot
try 'serve --demo as a user without rights: dashboard, block, check, SIGTERM' demo
try 'a service by the README'"'"'s lines' make_service
try 'manual pages; bash completes words' manual
try 'the link from the journal makes the first operator' first_operator
try 'two people are blocked' block_somebody
try 'a check says so' blocked
try 'the backup' backup
try 'kill -9: systemd starts it again, still blocked' killed
