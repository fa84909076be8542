#!/usr/bin/env bash
# What somebody does who has just read the README; script/fresh runs it in a new system, as that user:
# newcomer.sh [serve] [tests] [lint] [test[=PATTERN]], with a repository leadblock.git in the home folder.
#
# shellcheck disable=SC2317,SC2329 # step calls functions by name
set -uo pipefail
cd || exit 1
exec </dev/null
user=$(id -un)
server=
trap '[ -z "$server" ] || kill -KILL "$server" 2>/dev/null' EXIT
passed=0
failed=0

# step WHAT COMMAND...: the first that fails is the last.
step() {
    local what=$1 started=$SECONDS
    shift
    if "$@"; then
        printf '%s: %4d s  ok      %s\n' "$user" $((SECONDS - started)) "$what"
        passed=$((passed + 1))
    else
        printf '%s: %4d s  FAILED  %s\n' "$user" $((SECONDS - started)) "$what"
        failed=$((failed + 1))
        finish
    fi
}

finish() {
    printf '%d steps passed, %d failed\n' "$passed" "$failed"
    exit "$failed"
}

# serve OPTION...: returns when it takes requests.
serve() {
    : >~/serve.out
    # Where this machine already has a server at the usual address, another port does.
    if (: </dev/tcp/127.0.0.1/8080) 2>/dev/null; then set -- "$@" --listen 127.0.0.1:18080; fi
    script/serve "$@" >~/serve.out 2>&1 &
    server=$!
    tail -f --pid="$server" ~/serve.out | sed -u '/x-api-key/s/lb_.*/.../; s/^/    | /' &
    local watcher=$! deadline=$((SECONDS + 1200))
    until grep -q '^leadblock: ready on ' ~/serve.out; do
        if ! kill -0 "$server" 2>/dev/null || [ "$SECONDS" -gt "$deadline" ]; then
            sleep 1
            return 1
        fi
        sleep 0.2
    done
    kill "$watcher" 2>/dev/null
    wait "$watcher" 2>/dev/null
    address=$(sed -n 's/^leadblock: ready on //p' ~/serve.out)
}

# The printed command that begins so, with the lines that continue it.
printed() {
    awk -v start="$1" 'on || index($0, start) == 3 { print; on = /\\$/; if (!on) exit }' ~/serve.out
}

# expect TEXT COMMAND...: its output is that text, or begins with what comes before "*".
expect() {
    local said
    # shellcheck disable=SC2053 # a pattern
    said=$("${@:2}" 2>~/error) && [[ $said == $1 ]] && return
    printf '    expected: %s\n    got: %s\n' "$1" "$said"
    tail -n 5 ~/error
    return 1
}

block_as_printed() {
    printed 'curl -X POST' >~/block.sh
    [ -s ~/block.sh ] || return
    expect '{"success":true,"message":"2 leads blocked","blocked":2}' bash ~/block.sh
}

still_blocked() {
    [ -s ~/check.sh ] || return
    expect '*"publicIdentifier":"john-doe","blocked":true,*' bash ~/check.sh
}

killed() {
    kill -KILL "$server"
    wait "$server" 2>/dev/null
    server=
    ! curl -s "$address/" >/dev/null
}

# The page, and each file that it names.
dashboard() {
    local path paths
    curl -sSf -o ~/page "$address/" || return
    paths=$(grep -oE '(src|href)="[^"]+"' ~/page | sed -E 's/.*="\.?\/?([^"]+)"/\1/')
    if ! grep -q '\.js$' <<<"$paths" || ! grep -q '\.css$' <<<"$paths"; then
        cat ~/page
        return 1
    fi
    for path in $paths; do
        curl -sSf -o ~/file "$address/$path" || return
        [ -s ~/file ] || { printf '    %s is empty\n' "$path"; return 1; }
    done
}

# shown COMMAND...: shows what it prints, which is in ~/shown.out then.
shown() {
    : >~/shown.out
    bash "$@" >~/shown.out 2>&1 &
    local process=$! code=0
    tail -f --pid="$process" ~/shown.out | sed -u 's/^/    | /' &
    wait "$process" || code=$?
    wait $! || true
    return "$code"
}

tests() {
    shown script/test "$@" && tail -n 1 ~/shown.out | grep -qE '^[1-9][0-9]* passed, 0 failed'
}

step 'git clone' git clone --quiet leadblock.git leadblock
cd leadblock || finish
for what; do
    case $what in
    serve)
        step 'script/serve --demo' serve --demo
        step 'the printed curl line blocks' block_as_printed
        printed 'curl http' >~/check.sh
        step 'and the other one says so' still_blocked
        step 'kill -9' killed
        step 'script/serve' serve
        step 'still blocked' still_blocked
        step 'the dashboard and its files' dashboard
        ;;
    tests) step 'the unit tests' tests unit ;;
    lint) step 'script/lint' shown script/lint ;;
    test) step 'script/test' tests ;;
    test=*) step "script/test ${what#*=}" tests "${what#*=}" ;;
    esac
done
[ -z "$server" ] || kill "$server"
server=
finish
