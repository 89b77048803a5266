#!/bin/sh
# Installs what building and running need and this machine lacks: a C linker, PostgreSQL's and
# Redis's server programs, from Debian's packages; with "test" also what tests judge by: Prometheus's
# checker, a browser, PgBouncer, docker-compose and systemd's checker. Only the programs are wanted: no server is
# started, no cluster made, nothing is set to start at boot, and what was there before, running or
# not, stays as it is.
set -eu

# The same places as src/local/find.rs.
have_postgres() {
    dirs=${FOREBAY_PG_BIN:-$(printf '%s\n' "$PATH" | tr ':' '\n'; ls -d /usr/lib/postgresql/*/bin 2>/dev/null || :)}
    printf '%s\n' "$dirs" | while IFS= read -r dir; do
        if [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ]; then echo yes; fi
    done | grep -q yes
}
have_redis() {
    if [ -n "${FOREBAY_REDIS_SERVER:-}" ]; then
        [ -x "$FOREBAY_REDIS_SERVER" ]
    else
        command -v redis-server >/dev/null
    fi
}
have_linker() { command -v cc >/dev/null; }

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "install-servers: cannot install packages: neither root nor sudo" >&2
        return 1
    fi
}
# Says nothing unless it fails.
apt() {
    said=$(as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get -qq -y \
        -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" </dev/null 2>&1) || {
        printf '%s\n' "$said" >&2
        return 1
    }
}
runs() { service "$1" status >/dev/null 2>&1; }

have() { command -v "$1" >/dev/null; }

missing=
if [ "${1:-}" = test ]; then
    have "${FOREBAY_PROMTOOL:-promtool}" || missing="$missing prometheus"
    have "${FOREBAY_CHROMIUM:-chromium}" || missing="$missing chromium"
    have docker-compose || missing="$missing docker-compose"
    have systemd-analyze || missing="$missing systemd"
    have pgbouncer || [ -x /usr/sbin/pgbouncer ] || missing="$missing pgbouncer"
fi
have_linker || missing="$missing gcc libc6-dev"
have_postgres || missing="$missing postgresql"
have_redis || missing="$missing redis-server"
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null; then
    echo "install-servers: no apt-get here; install by hand what these Debian packages have:$missing" >&2
    exit 1
fi
echo "install-servers: installing$missing"

policy=/usr/sbin/policy-rc.d
clusters=/etc/postgresql-common/createcluster.conf
kept=.before-forebay

put_aside() {
    if [ -e "$1" ]; then as_root cp -p "$1" "$1$kept"; fi
}
put_back() {
    if [ -e "$1$kept" ]; then as_root mv -f "$1$kept" "$1"; fi
}
restore() {
    if grep -qs forebay "$policy"; then as_root rm -f "$policy"; fi
    put_back "$policy"
    put_back "$clusters"
}
restore # what an install that was cut short left
trap restore EXIT
trap 'exit 1' HUP INT TERM

# Debian asks this program before a package starts a service; 101 forbids it.
put_aside "$policy"
printf '#!/bin/sh\n# forebay: no server starts while its programs are installed\nexit 101\n' |
    as_root tee "$policy" >/dev/null
as_root chmod 755 "$policy"

redis_ran=no postgres_ran=no prometheus_ran=no pgbouncer_ran=no
if runs pgbouncer; then pgbouncer_ran=yes; fi
if runs prometheus; then prometheus_ran=yes; fi
if runs redis-server; then redis_ran=yes; fi
if runs postgresql; then postgres_ran=yes; fi

apt update
case $missing in
*postgresql*)
    # It brings the file that says whether a main cluster is made, with its defaults.
    apt install --no-install-recommends postgresql-common
    put_aside "$clusters"
    echo 'create_main_cluster = false' | as_root tee -a "$clusters" >/dev/null
    ;;
esac
# shellcheck disable=SC2086 # a list
apt install --no-install-recommends $missing

# What was installed here runs neither now nor after the next boot. A service that ran before is
# somebody else's, whatever it was installed from.
leave_off() { # service, whether it ran before
    [ "$2" = no ] || return 0
    if runs "$1"; then as_root service "$1" stop; fi
    if command -v systemctl >/dev/null; then as_root systemctl disable --quiet "$1" || :; fi
}
case $missing in *redis-server*) leave_off redis-server "$redis_ran" ;; esac
case $missing in *postgresql*) leave_off postgresql "$postgres_ran" ;; esac
case $missing in *prometheus*) leave_off prometheus "$prometheus_ran" ;; esac
case $missing in *pgbouncer*) leave_off pgbouncer "$pgbouncer_ran" ;; esac

have_linker && have_postgres && have_redis || {
    echo "install-servers: something is missing still" >&2
    exit 1
}
