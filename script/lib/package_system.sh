#!/usr/bin/env bash
# The part of script/package that builds, as root and the first process of a namespace of its own:
# package_system.sh WORK RELEASE MIRROR deb|tarball, with $version, $commit, $epoch and $out in the environment.
# The tarball is linked from what the package was compiled to.
#
# shellcheck disable=SC2154,SC2317,SC2329 # try calls functions by name
set -euo pipefail
work=$1 release=$2 mirror=$3 kind=$4
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
trap 'exit 130' INT TERM HUP
# shellcheck source=script/lib/common.sh
. "$here/common.sh"
# shellcheck source=script/lib/system.sh
. "$here/system.sh"
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive SOURCE_DATE_EPOCH=$epoch
system=$work/system-$release
architecture=$(dpkg --print-architecture)
trap end_of_tries EXIT

# A system with all that is needed to build, kept for a week: most of the time goes into it.
make_base() {
    local packages=("${packages_package[@]}") base
    if [ "$release" = bookworm ]; then packages+=(systemd); else packages+=(systemd-dev); fi
    base=$out/system-$release-$(sha256sum <<<"${packages[*]}" | cut -c1-12).tar
    find "$out" -name "system-$release-*.tar" \( -mtime +7 -o -size 0 -o -not -path "$base" \) -delete
    if [ ! -e "$base" ]; then
        make_system "$work/base.tar" "$(IFS=,; printf '%s' "${packages[*]}")"
        mv "$work/base.tar" "$base"
    fi
    in_memory "$system" 6g
    tar -C "$system" -xf "$base" --exclude='./dev/*'
    prepare_system "$system"
}

# The commit's files, as a release has them: the version is in meson.build.
take_source() {
    [ "$(sed -n "s/^  version: '\(.*\)',/\1/p" "$root/meson.build")" = "${version%%~*}" ] ||
        { echo "meson.build and CHANGELOG.md differ about the version"; return 1; }
    mkdir -p "$system/build/leadblock"
    git -c safe.directory="$root" -C "$root" archive HEAD | tar -C "$system/build/leadblock" -x
}

inside() {
    chroot "$system" env -C /build/leadblock HOME=/root "$@"
}

make_changelog() {
    printf 'leadblock (%s) %s; urgency=medium\n\n' "$version+$1" "$release"
    printf '  * See /usr/share/doc/leadblock/changelog.gz.\n\n'
    printf ' -- leadblock maintainers <maintainers@leadblock.invalid>  %s\n' "$(date -u -R -d "@$epoch")"
}

build_deb() {
    local suffix=deb13
    [ "$release" = trixie ] || suffix=deb12
    cp -r "$system/build/leadblock/packaging/debian" "$system/build/leadblock/debian"
    make_changelog "$suffix" >"$system/build/leadblock/debian/changelog"
    inside env LEADBLOCK_COMMIT="$commit" dpkg-buildpackage --build=binary --unsigned-source --unsigned-changes
}

check_deb() {
    inside sh -c 'lintian --allow-root --fail-on error --info ../leadblock_*.changes'
}

keep_deb() {
    local file
    for file in "$system"/build/leadblock_*.deb; do
        cp "$file" "$out/"
        printf '%s\n' "$out/${file##*/}"
    done
}

try "a system of $release to build in" make_base
try "the source of commit $commit" take_source
try 'dpkg-buildpackage' build_deb
try 'lintian' check_deb
sed 's/^/    /' "$work/out"
keep_deb >"$work/files"
if [ "$kind" = tarball ]; then
    # shellcheck source=script/lib/package_tarball.sh
    . "$here/package_tarball.sh"
fi
mapfile -t files <"$work/files"
say_files "${files[@]}"
