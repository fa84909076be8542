# shellcheck shell=bash disable=SC2034
# What a new system needs to know of this machine; script/fresh and script/package source it.

# describe_surroundings WORK: where this machine's apt takes Debian from ($mirror), and how, written for the
# new system's apt to WORK/apt.conf; npm's registry, WORK/npmrc; and the proxies, WORK/environment.
describe_surroundings() {
    local work=$1 codename name value
    codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME-}")
    # shellcheck disable=SC2016 # apt's own names
    mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
        awk -v release="$codename" '$1 == release { print $2; exit }')
    [ -n "$mirror" ] || die "apt's sources name no mirror of $codename"
    apt-config dump Acquire |
        grep -E '^Acquire::(https?|ftp|Check-Valid-Until|Check-Date|Retries|Languages)\b.* "..*";' \
            >"$work/apt.conf" || true
    if command -v npm >/dev/null; then
        for name in registry cafile proxy https-proxy noproxy strict-ssl; do
            value=$(npm config get "$name" 2>/dev/null) || continue
            case $value in '' | null | undefined) ;; *) printf '%s=%s\n' "$name" "$value" ;; esac
        done >"$work/npmrc"
    fi
    env | grep -E '^(https?|no)_proxy=' >"$work/environment" || true
}
