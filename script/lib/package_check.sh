#!/usr/bin/env bash
# The part of script/package that installs a package in a clean system, boots that with systemd, and does what
# an administrator does; as root and the first process of a namespace of its own:
# package_check.sh WORK RELEASE MIRROR PACKAGE, with $out in the environment.
#
# shellcheck disable=SC2154,SC2317,SC2329 # try calls functions by name
# shellcheck source=script/lib/namespace.sh
. "$(dirname "${BASH_SOURCE[0]}")/namespace.sh"
package=$4
install curl sqlite3
system=$work/clean-$release
# shellcheck source=script/lib/booted.sh
. "$here/booted.sh"

make_clean() {
    in_memory "$system" 3g
    unpack_clean "$system"
    prepare_system "$system" bundle
    make_older
    cp "$package" "$system/root/leadblock.deb"
}

# The same package under a version that comes before it, and as it would be with an earlier database.
make_older() {
    local tree=$work/older
    dpkg-deb -R "$package" "$tree"
    sed -i 's/^Version: .*/Version: 0.10.0/' "$tree/DEBIAN/control"
    dpkg-deb --root-owner-group -Zgzip -z1 -b "$tree" "$system/root/older.deb"
    grep -qE '^known=[0-9]+$' "$tree/DEBIAN/preinst"
    sed -i 's/^known=.*/known=3/' "$tree/DEBIAN/preinst"
    dpkg-deb --root-owner-group -Zgzip -z1 -b "$tree" "$system/root/earlier.deb"
    rm -rf "$tree"
}

# What the package needs: the booted system has no network but its own loopback.
fetch_dependencies() {
    chroot "$system" apt-get update -qq
    chroot "$system" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --download-only /root/leadblock.deb
    chroot "$system" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${readers[@]}"
}

install_package() {
    inside apt-get install -y --no-install-recommends "/root/$1.deb"
    expect active inside systemctl is-active leadblock || { say_journal; return 1; }
    ready
}

installed_as_promised() {
    expect enabled inside systemctl is-enabled leadblock
    expect active inside systemctl is-active leadblock-backup.timer
    expect '700 leadblock leadblock' inside stat -c '%a %U %G' /var/lib/leadblock
    expect '640 root leadblock' inside stat -c '%a %U %G' /etc/leadblock/leadblock.env
    # Its exit code is about this machine, too.
    { lb doctor --env-file /etc/leadblock/leadblock.env || true; } | grep -q '^ok.settings'
    expect leadblock inside stat -c %U "/proc/$(main_pid)"
    inside systemd-analyze verify /lib/systemd/system/leadblock{,-backup}.service
    inside systemd-analyze security --no-pager --threshold=30 leadblock
    test -s "$system/usr/share/doc/leadblock/README.md"
}

# A program that cannot open the database is not installed in place of the one that can.
refuse_earlier() {
    local before
    before=$(inside dpkg-query -W leadblock)
    if inside apt-get install -y --no-install-recommends --allow-downgrades /root/earlier.deb; then return 1; fi
    grep -q 'is of a newer version; this one cannot open it' "$work/out"
    expect "$before" inside dpkg-query -W leadblock
    ready
    blocked
}

backup() {
    inside systemctl start leadblock-backup
    compgen -G "$system/var/lib/leadblock/backups/leadblock-*.db"
}

# What operators look at, by the lines of docs/operations.md.
looked_at() {
    # Its exit code is about this machine, too.
    lb doctor --env-file /etc/leadblock/leadblock.env || true
    grep -q '^ok.backup' "$work/out"
    grep -q '^ok.server' "$work/out"
    lb top --once
    grep -q '^Acme ' "$work/out"
    expect '* 00:*' inside systemctl show -P NextElapseUSecRealtime leadblock-backup.timer
    local file
    for file in leadblock.rules.yml rules_test.yml leadblock.json; do
        test -s "$system/usr/share/doc/leadblock/examples/$file"
    done
}

upgrade() {
    local before
    before=$(main_pid)
    echo 'LEADBLOCK_LOG_LEVEL=debug' >>"$system/etc/leadblock/leadblock.env"
    install_package leadblock
    [ "$(main_pid)" != "$before" ]
    grep -qx 'LEADBLOCK_LOG_LEVEL=debug' "$system/etc/leadblock/leadblock.env"
    # shellcheck disable=SC2016 # dpkg-query's own
    expect "$(dpkg-deb -f "$package" Version)" inside dpkg-query -W -f '${Version}' leadblock
    blocked
}

removed() {
    inside apt-get remove -y leadblock
    if ask "$address/" 2>/dev/null; then return 1; fi
    test -s "$system/var/lib/leadblock/leadblock.db"
    test -s "$system/etc/leadblock/leadblock.env"
    test ! -e "$system/usr/bin/leadblock"
}

# Without anybody who could be asked, the data stays.
purged_unasked() {
    inside apt-get purge -y leadblock
    test -s "$system/var/lib/leadblock/leadblock.db"
    test ! -e "$system/etc/leadblock"
}

# With debconf's answer "yes"; what is left is what Debian leaves of a system user.
purged_with_data() {
    inside sh -c 'echo leadblock leadblock/purge-data boolean true | debconf-set-selections'
    inside apt-get purge -y leadblock
    test ! -e "$system/var/lib/leadblock"
    local left
    left=$(find "$system" -xdev -name '*leadblock*' -not -path "$system/root/*" -not -path "$system/var/log/*" \
        -not -path "$system/var/cache/*" -not -path "$system/tmp/*" -not -path "$system/var/tmp/*")
    [ -z "$left" ] || { printf 'left: %s\n' "$left"; return 1; }
}

# A folder of 0.1.0, as its program left it.
old_data() {
    mkdir -m 700 "$system/var/lib/leadblock"
    sqlite3 "$system/var/lib/leadblock/leadblock.db" <"$root/tests/package/data-0.1.0.sql"
    chmod 600 "$system/var/lib/leadblock/leadblock.db"
    install_package leadblock
}

old_data_is_there() {
    local old_key=lb_j4c4xqdmwrd7_0cdq6j13tvh9qbpn0c8mdwqtszkz7sm4773d009b
    blocked q1 "$old_key"
    expect '*"publicIdentifier":"jane-smith","blocked":false}' \
        ask "$address/v1/campaigns/q1/blocked-leads/jane-smith" -H "x-api-key: $old_key"
    expect '*"publicIdentifier":"ada-lovelace","blocked":true,"scope":"workspace"*' \
        ask "$address/v1/campaigns/q1/blocked-leads/ada-lovelace" -H "x-api-key: $old_key"
}

try "a clean system of $release" make_clean
try 'what the package depends on' fetch_dependencies
try 'it boots with systemd' boot
try 'apt install: the server runs' install_package older
try 'units, user, folder and settings as promised' installed_as_promised
try 'manual pages; bash completes words' manual
try 'the dashboard and its files' dashboard
try 'the link from the journal makes the first operator' first_operator
try 'two people are blocked' block_somebody
try 'a check says so' blocked
try 'the backup' backup
try 'doctor, top, the timer and the rules for Prometheus' looked_at
try 'apt install of a newer package: restarted, settings and blocks kept' upgrade
try 'apt refuses an earlier version that cannot open the database; the server runs' refuse_earlier
try 'kill -9: systemd starts it again, still blocked' killed
try 'apt remove: the data stays' removed
try 'apt install again' install_package leadblock
try 'still blocked' blocked
try 'apt purge without anybody to ask: the data stays' purged_unasked
try 'and once more' install_package leadblock
try 'still blocked after the purge' blocked
try 'apt purge with the answer yes: nothing is left' purged_with_data
try 'apt install on the data of version 0.1.0' old_data
try 'who was blocked is blocked' old_data_is_there
