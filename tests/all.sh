#!/usr/bin/env bash
# The one test command: everything that has to pass before a change lands.
#
# Needs a Debian machine with the Rust toolchain. Installs what else is missing (as root or by sudo without
# a password; otherwise says what to install), starts its own servers on free ports in a temporary folder,
# and stops them at the end, whatever the end is. Touches no other server.
#
#   PROPTEST_CASES   cases for each property; 10000 unless set
#   WALKS            random companies on random platforms; 24 unless set
set -euo pipefail
cd "$(dirname "$0")/.."
source tests/servers/lib.sh
source tests/servers/postgres.sh
source tests/servers/mariadb.sh

began=$SECONDS
step_name=""
step_began=$SECONDS
work=""

# Ends the step under way and begins the next one.
step() {
    end_step
    step_name=$1
    step_began=$SECONDS
    printf '\n==> %s\n' "$step_name"
}

end_step() {
    [[ -z $step_name ]] || printf '    %s: %d s\n' "$step_name" $((SECONDS - step_began))
}

# Stops all servers, removes the folder and says how it went. Runs at every end.
finish() {
    local status=$?
    trap - EXIT
    trap '' INT TERM
    postgres_stop || true
    mariadb_stop || true
    [[ -z $work ]] || rm -rf "$work"
    end_step
    if [[ $status -eq 0 ]]; then
        printf '\nall.sh: passed in %d s\n' $((SECONDS - began))
    else
        printf '\nall.sh: FAILED in step "%s" after %d s\n' "$step_name" $((SECONDS - began))
    fi
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Runs a command as root, if we may.
as_root() {
    if [[ $(id -u) -eq 0 ]]; then "$@"; else sudo -n "$@"; fi
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

# Installs Debian packages.
install_packages() {
    if ! command -v apt-get >/dev/null || ! as_root true 2>/dev/null; then
        echo "Please install these packages (Debian's names), then try again: $*" >&2
        return 1
    fi
    as_root apt-get update
    if [[ " $* " == *" postgresql "* ]]; then
        # Debian's package makes and starts a server of its own; not for us. Its setting comes back after.
        local conf=/etc/postgresql-common/createcluster.conf
        apt_install postgresql-common
        as_root cp -p "$conf" "$conf.kept"
        as_root sed -i '1i create_main_cluster = false' "$conf"
        local status=0
        apt_install "$@" || status=$?
        as_root mv "$conf.kept" "$conf"
        return "$status"
    fi
    apt_install "$@"
}

# Has a program of a Debian package, which is unpacked and not installed: prometheus would start a server. Without it,
# what it looks at is named as skipped.
borrow() {
    local program=$1 package=$2 folder=$work/borrowed
    if command -v "$program" >/dev/null || ! command -v apt-get >/dev/null; then return 0; fi
    mkdir -p "$folder"
    if (cd "$folder" && apt-get download "$package" && dpkg-deb --extract "$package"_*.deb .) >"$folder/said" 2>&1 \
        && "$folder/usr/bin/$program" --version >"$folder/said" 2>&1; then
        ln -s "$folder/usr/bin/$program" "$work/bin/"
    else
        echo "$program can't be had: $(tail -n 1 "$folder/said")"
    fi
}

step "tools"
work=$(mktemp -d "${TMPDIR:-/tmp}/wazzup-sync-tests.XXXXXX")
# The servers run as other users, who have to pass through.
chmod 711 "$work"
packages=()
command -v cc >/dev/null || packages+=(gcc libc6-dev)
command -v setpriv >/dev/null || packages+=(util-linux)
command -v openssl >/dev/null || packages+=(openssl)
# People read the page in a browser, and so do its tests. CHROMIUM names one that stands elsewhere.
[[ -n ${CHROMIUM:-} ]] || command -v chromium chromium-browser google-chrome >/dev/null || packages+=(chromium)
# shellcheck disable=SC2207 # Names of packages have no spaces.
packages+=($(postgres_packages) $(mariadb_packages))
[[ ${#packages[@]} -eq 0 ]] || install_packages "${packages[@]}"
for component in fmt clippy; do
    cargo "$component" --version 2>/dev/null || rustup component add "${component/fmt/rustfmt}"
done
cargo --version
mkdir "$work/bin"
PATH=$PATH:$work/bin
borrow shellcheck shellcheck
borrow promtool prometheus

step "servers"
tls_make "$work/tls"
postgres_start "$work/postgres"
mariadb_start "$work/mariadb"
# Here starts whatever other server a contract needs; `finish` stops it.

step "format"
cargo fmt --check

step "lints"
cargo clippy --locked --all-targets -- -D warnings

step "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps

step "the program without what only its tests need"
cargo check --locked

export PROPTEST_CASES=${PROPTEST_CASES:-10000}
export WALKS=${WALKS:-24}

step "unit and property tests"
cargo test --locked --lib --bins -- --include-ignored

step "contract and end-to-end tests"
cargo test --locked --no-fail-fast --test '*' -- --include-ignored

# Packs the program that the tests have built.
step "deployment files"
tests/deploy.sh

step "examples in the documentation"
cargo test --locked --doc
