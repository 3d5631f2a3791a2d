#!/usr/bin/env bash
# Checks what is in deploy/, as far as the tools for it are there: units, scripts, alert rules, manifests, and that
# they agree with each other. Each tool that is missing is named in a line "skipped: …".
#
# Needs no network, starts nothing, and writes only into a temporary folder and into target/package-files. As root it
# also makes the service's user and folders, in a root of its own. Ends with 1 if anything is wrong, after having looked
# at everything.
#
#   WAZZUP_SYNC   the program that is packed, and looks at the sample configurations; what cargo built last unless set
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d "${TMPDIR:-/tmp}/wazzup-sync-deploy.XXXXXX")
trap 'rm -rf "$work"' EXIT
n_failed=0

# Tells what is wrong, and remembers that something is.
fail() {
    printf 'FAILED: %s\n' "$*" >&2
    n_failed=$((n_failed + 1))
}

# Whether the tools are there; else says what is not checked without them.
have() {
    local what=$1 tool
    shift
    for tool in "$@"; do
        if ! command -v "$tool" >/dev/null; then
            echo "skipped: $what: $tool not installed"
            return 1
        fi
    done
}

# Runs a check, which may neither fail nor, with the word "silently" in front, say anything.
check() {
    local what=$1 is_silent=0 status=0
    shift
    if [[ $1 == silently ]]; then
        is_silent=1
        shift
    fi
    "$@" >"$work/said" 2>&1 || status=$?
    if [[ $status -ne 0 || ($is_silent -eq 1 && -s $work/said) ]]; then
        fail "$what (exit code $status)"
        cat "$work/said" >&2
    else
        echo "ok: $what"
    fi
}

# A root with nothing but our units, what they refer to, and programs of the right names.
make_unit_root() {
    local root=$1
    mkdir -p "$root/usr/lib/systemd/system" "$root/usr/bin" "$root/etc/systemd/system"
    ln -s usr/lib "$root/lib"
    ln -s usr/bin "$root/bin"
    # Units of the machine could be wrong themselves; targets alone are what ours wait for.
    cp /usr/lib/systemd/system/*.target "$root/usr/lib/systemd/system/"
    cp deploy/systemd/*.service deploy/systemd/*.timer "$root/usr/lib/systemd/system/"
    install -m 755 /dev/null "$root/usr/bin/wazzup-sync"
    install -m 755 /dev/null "$root/usr/bin/kill"
}

check_units() {
    have "units" systemd-analyze || return 0
    local version root=$work/units unit
    version=$(systemd-analyze --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
    if [[ ${version:-0} -lt 252 ]]; then
        echo "skipped: units: systemd 252 not installed (this is ${version:-unknown})"
        return 0
    fi
    make_unit_root "$root"
    for unit in wazzup-sync.service wazzup-sync-reconcile@acme.service wazzup-sync-reconcile@acme.timer; do
        check "systemd-analyze verify $unit" silently systemd-analyze verify --man=no --root="$root" "$unit"
    done
    for unit in wazzup-sync.service wazzup-sync-reconcile@acme.service; do
        # In tenths: 1.3.
        check "systemd-analyze security $unit" \
            systemd-analyze security --no-pager --offline=true --threshold=13 --root="$root" "$unit"
    done
    if [[ $version -ge 254 ]]; then
        install -D -m 644 deploy/systemd/examples/back-off.conf \
            "$root/etc/systemd/system/wazzup-sync.service.d/back-off.conf"
        check "systemd-analyze verify back-off.conf" silently \
            systemd-analyze verify --man=no --root="$root" wazzup-sync.service
    else
        echo "skipped: back-off.conf: systemd 254 not installed (this is $version)"
    fi
}

# Both units are restricted alike: what begins with the limits of memory is the same text, without its comments.
limits_of() {
    sed -n '/^MemoryHigh=/,/^\[/p' "$1" | grep -v -e '^#' -e '^$' -e '^\['
}

check_user_and_folders() {
    have "user and folders" systemd-sysusers systemd-tmpfiles || return 0
    if [[ $(id -u) -ne 0 ]]; then
        echo "skipped: user and folders: only root can make them"
        return 0
    fi
    local root=$work/users secret
    mkdir -p "$root/usr/lib/sysusers.d" "$root/usr/lib/tmpfiles.d" "$root/etc/wazzup-sync/credentials"
    install -m 644 deploy/sysusers.d/wazzup-sync.conf "$root/usr/lib/sysusers.d/"
    install -m 644 deploy/tmpfiles.d/wazzup-sync.conf "$root/usr/lib/tmpfiles.d/"
    secret=$root/etc/wazzup-sync/credentials/token
    install -m 644 /dev/null "$secret"
    check "systemd-sysusers" systemd-sysusers --root="$root" wazzup-sync.conf
    check "systemd-tmpfiles" systemd-tmpfiles --root="$root" --create wazzup-sync.conf
    local uid gid
    uid=$(sed -n 's/^wazzup-sync:[^:]*:\([0-9]*\):.*/\1/p' "$root/etc/passwd")
    gid=$(sed -n 's/^wazzup-sync:[^:]*:\([0-9]*\):.*/\1/p' "$root/etc/group")
    check "the state belongs to the service alone" \
        test "$(stat -c '%u %g %a' "$root/var/lib/wazzup-sync")" = "$uid $gid 700"
    check "secrets can be read by the service and by no others" \
        test "$(stat -c '%u %g %a' "$secret")" = "0 $gid 640"
}

check_scripts() {
    have "shell scripts" shellcheck || return 0
    check "shellcheck" shellcheck deploy/debian/{postinst,prerm,postrm} deploy/package.sh \
        tests/*.sh tests/servers/*.sh .ci/run
}

check_alerts() {
    have "alert rules" promtool || return 0
    check "promtool check rules" promtool check rules deploy/prometheus/alerts.yml
    check "promtool test rules" promtool test rules deploy/prometheus/alerts.test.yml
}

# The metrics of the runbook, one a line.
documented_metrics() {
    # shellcheck disable=SC2016 # The backticks are Markdown's.
    sed -n 's/^| `\(wazzup_sync_[a-z_]*\)`.*/\1/p' deploy/README.md | sort -u
}

check_names() {
    local file name base alert
    documented_metrics >"$work/metrics"
    [[ -s $work/metrics ]] || fail "deploy/README.md documents no metric"
    for file in deploy/prometheus/alerts.yml deploy/prometheus/alerts.test.yml deploy/grafana/dashboard.json; do
        while read -r name; do
            base=$(sed -E 's/_(bucket|count|sum)$//' <<<"$name")
            grep -q -x -e "$name" -e "$base" "$work/metrics" ||
                fail "$file: $name is not in the runbook's table of metrics"
        done < <(grep -o 'wazzup_sync_[a-z_]*' "$file" | sort -u)
    done
    while read -r alert; do
        grep -q -x "### $alert" deploy/README.md || fail "the runbook has no paragraph $alert"
        grep -q "runbook: \"deploy/README.md#${alert,,}\"" deploy/prometheus/alerts.yml ||
            fail "$alert does not refer to its paragraph"
        # Once where it fires, and once where it does not.
        [[ $(grep -c "alertname: $alert\b" deploy/prometheus/alerts.test.yml) -ge 2 ]] ||
            fail "$alert has no test where it fires, or none where it does not"
    done < <(sed -n 's/^ *- alert: //p' deploy/prometheus/alerts.yml)
    while read -r alert; do
        grep -q "alert: $alert$" deploy/prometheus/alerts.yml || fail "the runbook explains $alert, which is no alert"
    done < <(sed -n 's/^### \(WazzupSync.*\)/\1/p' deploy/README.md)
    grep '^##' deploy/README.md | sed -E 's/^#+ //' | tr 'A-Z ' 'a-z-' | tr -d ':,.' >"$work/headings"
    while read -r name; do
        grep -q -x "$name" "$work/headings" || fail "deploy/README.md has no heading #$name"
    done < <(grep -o '(#[a-z-]*)' deploy/README.md | tr -d '(#)' | sort -u)
    [[ $(limits_of deploy/systemd/wazzup-sync.service) == "$(limits_of deploy/systemd/wazzup-sync-reconcile@.service)" ]] ||
        fail "the two services are not restricted alike"
    echo "looked at: names of metrics and alerts, links, limits"
}

check_json() {
    have "JSON" python3 || return 0
    check "JSON: deploy/grafana/dashboard.json" python3 -m json.tool deploy/grafana/dashboard.json
}

check_yaml() {
    have "YAML" python3 || return 0
    if ! python3 -c 'import yaml' 2>/dev/null; then
        echo "skipped: YAML: PyYAML not installed"
        return 0
    fi
    local file
    while read -r file; do
        check "YAML: $file" python3 -c 'import sys, yaml; list(yaml.safe_load_all(open(sys.argv[1])))' "$file"
    done < <(find deploy -name '*.yml' -o -name '*.yaml' | sort)
}

check_manifests() {
    have "manifests" kubectl || return 0
    local kind
    for kind in deployment cronjob; do
        # Only puts files together; no cluster is known or asked.
        check "kubectl kustomize $kind" env KUBECONFIG=/dev/null kubectl kustomize "deploy/kubernetes/$kind"
    done
}

check_package() {
    have "package metadata" python3 || return 0
    if ! python3 -c 'import tomllib' 2>/dev/null; then
        echo "skipped: package metadata: Python 3.11 not installed"
        return 0
    fi
    check "what the Debian package takes is there" silently python3 - <<'PYTHON'
import os, tomllib

with open("Cargo.toml", "rb") as file:
    deb = tomllib.load(file)["package"]["metadata"]["deb"]
installed = set()
for source, folder, _ in deb["assets"]:
    installed.add("/" + (folder + os.path.basename(source) if folder.endswith("/") else folder))
    # What is built is looked for in the package itself.
    if not source.startswith("target/") and not os.path.isfile(source):
        print(f"{source} is not there")
for path in deb["conf-files"]:
    if path not in installed:
        print(f"{path} is a configuration file and not installed")
for name in ("postinst", "prerm", "postrm"):
    if not os.access(deb["maintainer-scripts"] + name, os.X_OK):
        print(f"{name} is not there or can't be executed")
PYTHON
}

# The program, if somebody has built it.
program() {
    if [[ -n ${WAZZUP_SYNC:-} ]]; then
        echo "$WAZZUP_SYNC"
    else
        # Either may be missing, and find would say so by its exit code.
        { find target/debug/wazzup-sync target/release/wazzup-sync -printf '%T@ %p\n' 2>/dev/null || true; } |
            sort -n | tail -n 1 | cut -d ' ' -f 2-
    fi
}

# The package, with the program that is there already, looked at as dpkg unpacks it.
check_built_package() {
    have "built package" cargo-deb dpkg-deb || return 0
    local program deb=$work/wazzup-sync.deb root=$work/unpacked
    program=$(program)
    if [[ -z $program ]]; then
        echo "skipped: built package: wazzup-sync not built"
        return 0
    fi
    # Whatever was built last stands for the release, for it is neither its size nor its speed that is looked at.
    install -D -m 755 "$program" "$work/target/release/wazzup-sync"
    check "deploy/package.sh" env CARGO_TARGET_DIR="$work/target" deploy/package.sh \
        --no-build --no-strip --no-dbgsym --fast --output "$deb"
    [[ -f $deb ]] || return 0
    check "dpkg-deb --info" dpkg-deb --info "$deb"
    check "the package brings its configuration as a configuration file" \
        test "$(dpkg-deb --info "$deb" conffiles)" = /etc/wazzup-sync/config.toml
    local script
    for script in postinst prerm postrm; do
        check "$script is packed as it is" diff "deploy/debian/$script" <(dpkg-deb --info "$deb" "$script")
    done
    # Mode, owner and path of each file. Owners are numbers, whatever names they have here.
    dpkg-deb --fsys-tarfile "$deb" | tar --list --verbose --numeric-owner | sed -n 's|^-\([rwx-]*\) \([^ ]*\) .* \./|\1 \2 /|p' | sort -k 3 >"$work/contents"
    check "all files belong to root" test "$(cut -d ' ' -f 2 "$work/contents" | sort -u)" = 0/0
    check "nothing but the program can be executed" \
        test "$(grep -v '^rw-r--r-- ' "$work/contents")" = "rwxr-xr-x 0/0 /usr/bin/wazzup-sync"
    mkdir "$root"
    check "dpkg-deb --extract" dpkg-deb --extract "$deb" "$root"
    local path
    for path in usr/share/bash-completion/completions/wazzup-sync usr/share/zsh/vendor-completions/_wazzup-sync \
        usr/share/fish/vendor_completions.d/wazzup-sync.fish usr/share/man/man1/wazzup-sync.1.gz \
        usr/share/man/man1/wazzup-sync-reconcile.1.gz usr/share/doc/wazzup-sync/copyright \
        usr/lib/systemd/system/wazzup-sync.service; do
        check "the package brings /$path" test -s "$root/$path"
    done
    check "bash takes the completions" bash -n "$root/usr/share/bash-completion/completions/wazzup-sync"
    check "the manual is packed as the program writes it" diff \
        <(gzip -dc "$root/usr/share/man/man1/wazzup-sync-reconcile.1.gz") target/package-files/man/wazzup-sync-reconcile.1
    if have "manual" man; then
        # shellcheck disable=SC2016 # The inner shell has an argument of its own.
        check "man reads the manual" silently \
            sh -c 'man --warnings --local-file "$1" >/dev/null' sh "$root/usr/share/man/man1/wazzup-sync.1.gz"
    fi
    check "the program of the package takes its configuration" \
        "$root/usr/bin/wazzup-sync" --config "$root/etc/wazzup-sync/config.toml" check --offline
    check "the program of the package takes its sample" \
        "$root/usr/bin/wazzup-sync" --config "$root/usr/share/doc/wazzup-sync/example.toml" check --offline
}

# The sample as installed, and with the lines in force that it invites to uncomment.
check_configurations() {
    local program
    program=$(program)
    if [[ -z $program ]]; then
        echo "skipped: sample configurations: wazzup-sync not built"
        return 0
    fi
    sed -E 's/^# (\[|[a-z_]+ = )/\1/' deploy/config.toml >"$work/config.toml"
    grep -q '^\[\[accounts\]\]' "$work/config.toml" || fail "deploy/config.toml invites to no account"
    local file
    for file in deploy/config.toml "$work/config.toml" deploy/kubernetes/base/config.toml; do
        check "configuration: ${file##"$work/"}" "$program" --config "$file" check --offline
    done
}

check_units
check_user_and_folders
check_scripts
check_alerts
check_names
check_json
check_yaml
check_manifests
check_package
check_built_package
check_configurations

if [[ $n_failed -ne 0 ]]; then
    echo "deploy.sh: $n_failed failed" >&2
    exit 1
fi
echo "deploy.sh: passed"
