#!/usr/bin/env bash
# The part of script/package that makes the container's image by packaging/Containerfile, and tries it; as root
# and the first process of a namespace of its own: package_container.sh WORK RELEASE MIRROR PACKAGE, with
# $version, $commit, $epoch and $out in the environment. What the file takes from a registry, a Debian system,
# is made here.
#
# shellcheck disable=SC2154,SC2317,SC2329 # try calls functions by name
# shellcheck source=script/lib/namespace.sh
. "$(dirname "${BASH_SOURCE[0]}")/namespace.sh"
package=$4
export DEBIAN_FRONTEND=noninteractive
architecture=$(dpkg --print-architecture)
container_pid=
trap 'end_of_tries; [ -z "$container_pid" ] || kill -KILL "$container_pid" 2>/dev/null || true' EXIT
image=localhost/leadblock
limit_kb=40000
store=$work/containers

engine() {
    buildah --root "$store/root" --runroot "$store/run" --storage-driver "$driver" "$@"
}

prepare_engine() {
    in_memory "$store" 8g
    driver=vfs
    if grep -qw overlay /proc/filesystems && command -v buildah >/dev/null; then driver=overlay; fi
    local container folder
    container=$(engine from scratch)
    folder=$(engine mount "$container")
    unpack_clean "$folder"
    prepare_system "$folder" bundle
    chroot "$folder" apt-get update -qq
    cp "$package" "$folder/root/leadblock.deb"
    chroot "$folder" apt-get install -y -qq --no-install-recommends /root/leadblock.deb
    umount --recursive "$folder/dev" "$folder/proc"
    engine umount "$container"
    engine commit --quiet "$container" localhost/debian-with-leadblock
    engine rm "$container"
}

build_image() {
    mkdir "$work/context"
    git -c safe.directory="$root" -C "$root" archive HEAD | tar -C "$work/context" -x
    cp "$package" "$work/context/leadblock.deb"
    engine build --format docker --isolation chroot --pull=never --layers=false \
        --build-arg BASE=localhost/debian-with-leadblock --build-arg COMMIT="$commit" \
        --timestamp "$epoch" --tag "$image:${version/\~/-}" --tag "$image:latest" \
        -f "$work/context/packaging/Containerfile" "$work/context"
}

archive_image() {
    local file=$out/leadblock-$version-container-$architecture.tar
    rm -f "$file" "$file.gz"
    engine push --quiet "$image:latest" "docker-archive:$file:$image:latest"
    gzip -9 -n "$file"
    printf '%s\n' "$file.gz" >"$work/files"
    local size=$(($(stat -c %s "$file.gz") / 1000))
    printf '%d kB compressed, of at most %d\n' "$size" "$limit_kb"
    [ "$size" -le "$limit_kb" ]
}

# crun COMMAND...: containers with the runtime that podman uses, and no control groups: they are not what is
# tried, and not every machine has them.
runtime() {
    crun --root "$work/crun" --cgroup-manager=disabled "$@"
}

# in_container COMMAND...: as podman exec does, which runs it as the image's user; crun would run it as root, whom without
# capabilities the data folder of another user is closed to.
in_container() {
    runtime exec --user 65532:65532 --env LEADBLOCK_DATA=/data leadblock "$@"
}

# Beside hierarchies of version 1, crun refuses to start: this namespace shows it the unified one alone.
show_unified() {
    [ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ] || return 0
    umount --recursive /sys/fs/cgroup
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
}

# As `podman run --read-only --cap-drop all --user 65532` makes it: packaging/container-config.py.
start_container() {
    local container
    container=$(engine from "$image:latest")
    mkdir -p "$work/bundle" "$work/data"
    chmod 700 "$work/data"
    chown 65532:65532 "$work/data"
    engine inspect --type image "$image:latest" >"$work/image.json"
    "$python" "$here/container_config.py" "$work/image.json" "$(engine mount "$container")" "$work/data" \
        >"$work/bundle/config.json"
    show_unified
    runtime run --detach --bundle "$work/bundle" leadblock >"$work/container.log" 2>&1 </dev/null ||
        { cat "$work/container.log"; return 1; }
    container_pid=$(runtime state leadblock | sed -n 's/.*"pid": \([0-9]*\).*/\1/p')
    healthy
}

# What HEALTHCHECK says, run in the container.
healthy() {
    local deadline=$((SECONDS + 60))
    until in_container /usr/bin/leadblock ready; do
        [ "$SECONDS" -lt "$deadline" ] || { tail -n 20 "$work/container.log"; return 1; }
        sleep 0.5
    done
}

ask() {
    nsenter --target "$container_pid" --net curl --noproxy '*' -sS "$@"
}

use_container() {
    local key address=http://127.0.0.1:8080
    ask -f "$address/" | grep -q '<script'
    grep -q '/#/link/' "$work/container.log"
    in_container /usr/bin/leadblock workspace create Acme --plan agency
    key=$(in_container /usr/bin/leadblock key create Acme --name crm)
    in_container /usr/bin/leadblock campaign create Acme Spring --id spring
    ask -X POST "$address/v1/campaigns/spring/blocked-leads" -H "x-api-key: $key" \
        -H 'Content-Type: application/json' -d '{"publicIdentifiers":["john-doe"]}'
    printf '%s' "$key" >"$work/key"
    still_blocked_there
}

still_blocked_there() {
    ask "http://127.0.0.1:8080/v1/campaigns/spring/blocked-leads/John-Doe" -H "x-api-key: $(cat "$work/key")" |
        grep -q '"blocked":true'
}

# Stopped as engines stop, and started again on the same volume.
restart_container() {
    local deadline=$((SECONDS + 30))
    runtime kill leadblock TERM
    while [ "$(runtime state leadblock | sed -n 's/.*"status": "\(.*\)".*/\1/p')" != stopped ]; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.2
    done
    runtime delete leadblock
    start_container
    still_blocked_there
    runtime kill leadblock KILL
}

install "${packages_container[@]}" curl
try 'a base for the image' prepare_engine
try 'buildah: packaging/Containerfile' build_image
try 'the image' archive_image
sed 's/^/    /' "$work/out"
try 'the container starts: not root, its root read-only, without capabilities; HEALTHCHECK passes' start_container
try 'dashboard, link, workspace, key, block, check' use_container
try 'stopped and started again: still blocked' restart_container
container_pid=
mapfile -t files <"$work/files"
say_files "${files[@]}"
