# shellcheck shell=bash disable=SC2154,SC2317,SC2329
# A folder to unpack and run: script/lib/package_system.sh sources it. Libraries that differ between releases
# of Debian, or are small, are in the program. The system's are libpq and libcurl, which load many others; of
# those libidn2 and libpsl, which the program calls itself; and xxHash, whose static one lacks a part.

name=leadblock-$version-linux-$architecture

build_tarball() {
    local tree
    tree=$(basename "$system"/build/leadblock/obj-*)
    inside meson configure "$tree" --prefix=/usr/local -Dstatic_libraries=true -Dsystemd_unit_dir= -Dsysusers_dir=
    inside ninja -C "$tree"
    inside env DESTDIR=/build/stage meson install -C "$tree" --no-rebuild
    inside strip /build/stage/usr/local/bin/leadblock
}

# What is shared must be what both releases have.
check_libraries() {
    local needed
    needed=$(inside readelf -d /build/stage/usr/local/bin/leadblock | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort)
    printf '%s\n' "$needed"
    # The C library, and of others these alone.
    [ "$(grep -vxE 'libc\.so\.6|libm\.so\.6|ld-linux.*' <<<"$needed" | xargs)" = \
        'libcurl.so.4 libidn2.so.0 libpq.so.5 libpsl.so.5 libxxhash.so.0' ]
}

# Their licenses ask for it.
add_copyrights() {
    local package
    for package in libsodium23 liburcu8 libutf8proc2 libsqlite3-0 zlib1g; do
        mkdir -p "$system/build/stage/usr/local/share/doc/leadblock/libraries"
        cp "$system/usr/share/doc/$package/copyright" \
            "$system/build/stage/usr/local/share/doc/leadblock/libraries/$package"
    done
}

# The same commit makes the same bytes.
pack() {
    add_copyrights
    mv "$system/build/stage/usr/local" "$system/build/$name"
    cp "$root/packaging/tarball.md" "$system/build/$name/README.md"
    tar -C "$system/build" --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner \
        --mode='u+rwX,go+rX-w' -c "$name" | gzip -9 -n >"$out/$name.tar.gz"
    sha256sum "$out/$name.tar.gz"
}

try 'the program again, with libraries in it' build_tarball
try 'it needs libcurl with its libidn2 and libpsl, libpq, libxxhash and the C library alone' check_libraries
try "$name.tar.gz" pack
sed 's/^/    /' "$work/out"
printf '%s\n' "$out/$name.tar.gz" >>"$work/files"
