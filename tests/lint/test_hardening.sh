#!/usr/bin/env bash
# Reads a program built for release and looks for each way of hardening: test_hardening.sh PROGRAM
#
# The last line is the sum: N passed, N failed.
set -euo pipefail
program=${1:?usage: test_hardening.sh PROGRAM}
passed=0
failed=0

# expect WHAT PATTERN TEXT
expect() {
    if grep -qE -- "$2" <<<"$3"; then
        passed=$((passed + 1))
    else
        printf '%s: not %s\n' "$program" "$1"
        failed=$((failed + 1))
    fi
}

header=$(readelf --wide --file-header --program-headers --dynamic "$program")
symbols=$(readelf --wide --dyn-syms "$program")
expect 'position-independent' 'Type: +DYN .*Position-Independent Executable' "$header"
expect 'read-only after relocation (-z relro)' '^ +GNU_RELRO ' "$header"
expect 'bound at its start (-z now)' 'BIND_NOW|FLAGS_1\).* NOW' "$header"
expect 'without an executable stack' '^ +GNU_STACK .* RW +0x' "$header"
expect 'guarded against overwritten return addresses (-fstack-protector-strong)' \
    ' __stack_chk_fail@' "$symbols"
expect 'fortified (_FORTIFY_SOURCE)' ' __[a-z]+_chk@' "$symbols"
if [ "$(uname -m)" = x86_64 ]; then
    # What the compiler writes at the start of a function, and when a large frame is made.
    code=$(objdump --disassemble --no-show-raw-insn "$program")
    # Some are in every program, from the C library.
    landings=$(grep -c $'\tendbr64' <<<"$code" || true)
    expect 'guarded in its jumps (-fcf-protection)' '^[0-9]{3,}$' "$landings"
    # clang's probes look like other code.
    if ! readelf --string-dump=.comment "$program" | grep -q clang; then
        expect 'probing large stack frames (-fstack-clash-protection)' \
            $'\torq? +\\$0x0,(0x[0-9a-f]+)?\\(%rsp\\)' "$code"
    fi
fi
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
