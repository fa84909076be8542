#!/usr/bin/env bash
# The part of script/package that runs the container's image as operators do, with podman and podman-compose in a
# system that boots with systemd; as root and the first process of a namespace of its own:
# package_check_container.sh WORK RELEASE MIRROR IMAGE.tar.gz, with $out in the environment. The images of PostgreSQL and
# HAProxy, which no registry gives here, are made of Debian's packages, with the users, folders and variables of those that
# compose.nodes.yaml names.
#
# shellcheck disable=SC2154,SC2317,SC2329 # try calls functions by name
# shellcheck source=script/lib/namespace.sh
. "$(dirname "${BASH_SOURCE[0]}")/namespace.sh"
image=$4
export DEBIAN_FRONTEND=noninteractive
install curl
system=$work/podman-$release
# shellcheck source=script/lib/booted.sh
. "$here/booted.sh"

# make_kept NAME PACKAGE,PACKAGE...: $kept is a system with them, kept in $out for a week.
make_kept() {
    kept=$out/$1-$release-$(sha256sum <<<"$2" | cut -c1-12).tar
    find "$out" -name "$1-$release-*.tar" \( -mtime +7 -o -size 0 -o -not -path "$kept" \) -delete
    [ -e "$kept" ] || { make_system "$work/kept.tar" "$2" && mv "$work/kept.tar" "$kept"; }
}

make_host() {
    make_kept podman ca-certificates,systemd,systemd-sysv,dbus,podman,podman-compose,crun,netavark,aardvark-dns,nftables
    in_memory "$system" 6g
    tar -C "$system" -xf "$kept" --exclude='./dev/*'
    prepare_system "$system" bundle
    mkdir "$system/root/packaging"
    cp "$root"/packaging/compose*.yaml "$root"/packaging/haproxy-nodes.cfg "$system/root/packaging/"
    gunzip -c "$image" >"$system/root/leadblock.tar"
    # Not every machine may set podman's own limits, and none of them is what is tried.
    printf '[containers]\npids_limit = 0\ndefault_ulimits = ["nofile=%s:%s"]\n[engine]\ncgroup_manager = "cgroupfs"\n' \
        "$(ulimit -Hn)" "$(ulimit -Hn)" >"$system/etc/containers/containers.conf"
}

# As the image postgres does, at its first start.
start_postgres() {
    cat <<'END'
#!/bin/sh
set -e
if [ "$(id -u)" = 0 ]; then
    chown -R postgres "$PGDATA"
    chmod 700 "$PGDATA"
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    printf '%s\n' "$POSTGRES_PASSWORD" >/tmp/password
    # shellcheck disable=SC2086 # several arguments
    initdb --username="$POSTGRES_USER" --pwfile=/tmp/password --auth-host=scram-sha-256 $POSTGRES_INITDB_ARGS
    echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
    echo "CREATE DATABASE \"$POSTGRES_DB\"" | postgres --single -D "$PGDATA" postgres
fi
exec "$@" -c "listen_addresses=*" -c unix_socket_directories=/tmp
END
}

make_others() {
    make_kept standins postgresql-17,haproxy
    mkdir "$system/root/others"
    ln "$kept" "$system/root/others/standins.tar" 2>/dev/null || cp "$kept" "$system/root/others/standins.tar"
    start_postgres >"$system/root/others/start"
    chmod 755 "$system/root/others/start"
    cat >"$system/root/others/postgres" <<'END'
FROM standins
COPY start /usr/local/bin/
ENV PGDATA=/var/lib/postgresql/data PATH=/usr/lib/postgresql/17/bin:/usr/bin:/bin:/usr/sbin:/sbin
VOLUME /var/lib/postgresql/data
STOPSIGNAL SIGINT
ENTRYPOINT ["/usr/local/bin/start"]
CMD ["postgres"]
END
    cat >"$system/root/others/haproxy" <<'END'
FROM standins
STOPSIGNAL SIGUSR1
USER haproxy
WORKDIR /var/lib/haproxy
CMD ["/usr/sbin/haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]
END
}

load_images() {
    inside podman load --quiet --input /root/leadblock.tar
    inside podman import --quiet /root/others/standins.tar standins
    rm "$system/root/leadblock.tar" "$system/root/others/standins.tar"
    local file=$root/packaging/compose.nodes.yaml name
    for name in postgres haproxy; do
        inside podman build --quiet --format docker --file "/root/others/$name" \
            --tag "$(sed -n "s/^    image: \(.*$name.*\)/\1/p" "$file")" /root/others
    done
}

# wait_for TEXT COMMAND...: until its output begins with it.
wait_for() {
    local deadline=$((SECONDS + 120))
    until [[ $("${@:2}" 2>&1) == "$1"* ]]; do
        [ "$SECONDS" -lt "$deadline" ] || { "${@:2}" || true; inside podman ps --all; return 1; }
        sleep 0.5
    done
}

# What podman itself says, whose systemd runs HEALTHCHECK.
healthy() {
    wait_for healthy inside podman inspect --format '{{.State.Health.Status}}' "$1"
}

# The line of docs/operations.md.
run_alone() {
    inside podman run --detach --name alone --read-only --cap-drop all -p 127.0.0.1:8080:8080 -v leadblock:/data leadblock
    healthy alone
    expect 'true 65532:65532' inside podman inspect --format '{{.HostConfig.ReadonlyRootfs}} {{.Config.User}}' alone
    wait_for '{"status":"ready"' ask "$address/readyz"
    inside podman exec alone /usr/bin/leadblock doctor --json >"$work/doctor" || true
    grep -q '"check":"data folder","state":"ok"' "$work/doctor" || { cat "$work/doctor"; return 1; }
    inside podman rm --force alone
}

compose() {
    inside env -C /root/packaging LEADBLOCK_PASSWORD='a pass/word' podman-compose -f "$@"
}

compose_one() {
    compose compose.yaml up --detach
    healthy packaging_leadblock_1
    wait_for '{"status":"ready"' ask "$address/readyz"
    compose compose.yaml down --volumes
}

compose_nodes() {
    compose compose.nodes.yaml up --detach
    healthy packaging_one_1
    healthy packaging_two_1
    wait_for '{"status":"ready"' ask "$address/readyz"
}

# command SERVICE ARGS...: of the program in a node.
command_of() {
    inside podman exec "packaging_$1_1" /usr/bin/leadblock "${@:2}"
}

block_at_nodes() {
    command_of one workspace create Acme --plan agency
    command_of two key create Acme --name crm >"$work/key"
    command_of one campaign create Acme Spring --id spring
    expect '{"success":true,"message":"1 lead blocked","blocked":1}' ask -X POST \
        "$address/v1/campaigns/spring/blocked-leads" -H "x-api-key: $(cat "$work/key")" \
        -H 'Content-Type: application/json' -d '{"publicIdentifiers":["john-doe"]}'
    blocked
    # The nodes know their clients from the proxy.
    inside podman logs packaging_one_1 >"$work/one" 2>&1
    inside podman logs packaging_two_1 >>"$work/one" 2>&1
    grep 'route=/v1/campaigns/' "$work/one" | grep -v -e 'client=192.0.2.10 ' -e 'client=local '
}

lose_parts() {
    inside podman stop packaging_one_1
    blocked
    inside podman start packaging_one_1
    healthy packaging_one_1
    inside podman restart packaging_database_1
    # Nodes say 200 until they notice, so the answer itself is waited for.
    wait_for '{"publicIdentifier":"john-doe","blocked":true,' \
        ask "$address/v1/campaigns/spring/blocked-leads/John-Doe" -H "x-api-key: $(cat "$work/key")"
    compose compose.nodes.yaml down --volumes
}

try "a system of $release with podman and podman-compose" make_host
try 'it boots with systemd' boot
try 'what stands in for the images of PostgreSQL and HAProxy' make_others
try 'podman load' load_images
try 'podman run, read-only: podman says healthy, not root' run_alone
try 'compose.yaml as it is: healthy' compose_one
try 'compose.nodes.yaml as it is: two nodes before the database is there, and both get healthy' compose_nodes
try 'blocked through the proxy, at both nodes; clients are told apart' block_at_nodes
try 'a node stopped, the database restarted: still blocked' lose_parts
