# shellcheck shell=bash disable=SC2154
# A minimal Debian system in a folder, and the steps that are done in it. Sourced as root in a namespace of
# its own, with $work (see describe_surroundings), $release and $mirror, by the scripts that script/fresh
# and script/package start.

passed=0
failed=0
script_name=${0##*/}
script_name=${script_name%%_*}
# step WHAT COMMAND...: runs it, says how it went and how long it took; what it prints is shown only
# when it fails.
step() {
    local what=$1 started=$SECONDS
    shift
    printf '%s: %s ...\n' "$script_name" "$what"
    if "$@" >"$work/out" 2>&1; then
        printf '%s: %4d s  ok      %s\n' "$script_name" $((SECONDS - started)) "$what"
    else
        tail -n 40 "$work/out"
        printf '%s: %4d s  FAILED  %s\n' "$script_name" $((SECONDS - started)) "$what"
        failed=$((failed + 1))
        return 1
    fi
}

# try WHAT COMMAND...: a step that counts, of a script that ends with the first that fails. The command is not
# part of a condition, so that `set -e` holds in it; call end_of_tries from a trap of EXIT.
trying=
exec 3>&1
try() {
    trying=$1
    trying_since=$SECONDS
    shift
    printf '%s: %s ...\n' "$script_name" "$trying" >&3
    "$@" >"$work/out" 2>&1
    printf '%s: %4d s  ok      %s\n' "$script_name" $((SECONDS - trying_since)) "$trying" >&3
    passed=$((passed + 1))
    trying=
}

end_of_tries() {
    if [ -n "$trying" ]; then
        tail -n 40 "$work/out" >&3
        printf '%s: %4d s  FAILED  %s\n' "$script_name" $((SECONDS - trying_since)) "$trying" >&3
        failed=$((failed + 1))
    fi
    printf '%d passed, %d failed\n' "$passed" "$failed" >&3
}

finish() {
    printf '%d passed, %d failed\n' "$passed" "$failed"
    [ "$failed" = 0 ]
    exit
}

# in_memory FOLDER SIZE: when there is enough memory.
in_memory() {
    mkdir -p "$1"
    [ "$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)" -gt 8000000 ] || return 0
    mount -t tmpfs -o size="$2",mode=755 leadblock-system "$1"
}

# make_system FOLDER|FILE.tar PACKAGE,PACKAGE...
make_system() {
    mmdebstrap --mode=root --variant=minbase --include="$2" \
        --aptopt="$work/apt.conf" --dpkgopt=force-unsafe-io \
        "$release" "$1" "$mirror"
}

# unpack_clean FOLDER: what Debian's installer leaves at least, and systemd; kept in $out for a week.
unpack_clean() {
    local base=$out/clean-$release.tar
    find "$base" -mtime +7 -delete 2>/dev/null || true
    if [ ! -e "$base" ]; then
        make_system "$work/base.tar" ca-certificates,systemd,systemd-sysv,dbus
        mv "$work/base.tar" "$base"
    fi
    tar -C "$1" -xf "$base" --exclude='./dev/*'
}

# prepare_system FOLDER [bundle]: makes it work as a system of its own, with this machine's network. With
# `bundle`, certificates are added to the one file that apt and curl read: links for other programs take long.
prepare_system() {
    local system=$1 name
    unset TMPDIR # a folder of this machine, which the programs there do not find
    [ ! -e "$work/npmrc" ] || cp "$work/npmrc" "$system/etc/npmrc"
    cp /etc/resolv.conf "$system/etc/resolv.conf"
    printf '127.0.0.1 localhost %s\n' "$(uname -n)" >"$system/etc/hosts"
    cat "$work/environment" >>"$system/etc/environment"
    # Certificates that this machine trusts besides Debian's.
    if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
        mkdir -p "$system/usr/local/share/ca-certificates"
        cp /usr/local/share/ca-certificates/*.crt "$system/usr/local/share/ca-certificates/"
        if [ "${2-}" = bundle ]; then
            cat /usr/local/share/ca-certificates/*.crt >>"$system/etc/ssl/certs/ca-certificates.crt"
        else
            chroot "$system" update-ca-certificates
        fi
    fi
    mount -t proc proc "$system/proc"
    mount -t tmpfs -o mode=755 dev "$system/dev"
    mkdir "$system/dev/shm" "$system/dev/pts"
    mount -t tmpfs -o mode=1777 shm "$system/dev/shm"
    # Terminals of its own.
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 pts "$system/dev/pts"
    ln -s pts/ptmx "$system/dev/ptmx"
    for name in 'null 1 3' 'zero 1 5' 'full 1 7' 'random 1 8' 'urandom 1 9' 'tty 5 0'; do
        # shellcheck disable=SC2086 # three words
        set -- $name
        mknod -m 666 "$system/dev/$1" c "$2" "$3"
    done
    ln -s /proc/self/fd "$system/dev/fd"
    ln -s fd/0 "$system/dev/stdin"
    ln -s fd/1 "$system/dev/stdout"
    ln -s fd/2 "$system/dev/stderr"
}

say_files() {
    local file
    for file; do printf '%s: %s, %s kB\n' "$script_name" "$file" $(($(stat -c %s "$file") / 1000)); done
}
