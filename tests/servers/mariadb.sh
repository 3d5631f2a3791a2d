# shellcheck shell=bash
# A private MariaDB server, for the time of one test run. Sourced by tests/all.sh, after lib.sh.
#
#   mariadb_packages    prints the Debian packages that are missing
#   mariadb_start DIR   starts a server with its data in DIR and the certificate in $WAZZUP_SYNC_TEST_TLS;
#                       exports WAZZUP_SYNC_TEST_MARIADB, the URL of its administrator
#   mariadb_stop        stops it, if it runs
#
# Debian's packages named `core` hold programs alone: no server is made and started by installing them.
# Ours listens on 127.0.0.1 only, at a port of its own, and wants a password. It does not care for a crash
# of the machine: its data live for minutes.

mariadb_bin() {
    local path
    for path in "$(command -v mariadbd || true)" /usr/sbin/mariadbd; do
        if [[ -n $path && -x $path ]]; then
            echo "$path"
            return
        fi
    done
}

mariadb_packages() {
    [[ -n $(mariadb_bin) ]] || echo mariadb-server-core
    # What makes the first tables asks this one for its settings.
    command -v my_print_defaults >/dev/null || echo mariadb-client-core
}

mariadb_start() {
    local bin password port
    mariadb_dir=$1
    bin=$(mariadb_bin)
    mariadb_owner=$(server_owner mysql)
    mkdir -p "$mariadb_dir"
    cp "$WAZZUP_SYNC_TEST_TLS"/{server.pem,server.key} "$mariadb_dir"
    password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    (umask 077 && cat >"$mariadb_dir/init.sql") <<SQL
CREATE USER IF NOT EXISTS admin@'127.0.0.1' IDENTIFIED BY '$password';
GRANT ALL ON *.* TO admin@'127.0.0.1' WITH GRANT OPTION;
SQL
    give_to "$mariadb_owner" "$mariadb_dir" "$mariadb_dir"/{server.pem,server.key,init.sql}
    # From here on in its folder: whoever owns the server need not be allowed into the one we came from.
    cd "$mariadb_dir" || return 1
    as_server_owner "$mariadb_owner" mariadb-install-db --no-defaults --datadir="$mariadb_dir/data" \
        --skip-test-db --skip-name-resolve \
        >install.log 2>&1 || { cat install.log >&2; return 1; }
    for _ in $(seq 20); do
        port=$((20000 + RANDOM % 12000))
        as_server_owner "$mariadb_owner" "$bin" --no-defaults --datadir="$mariadb_dir/data" \
            --tmpdir="$mariadb_dir/data" --socket="$mariadb_dir/socket" --pid-file="$mariadb_dir/data/pid" \
            --bind-address=127.0.0.1 --port="$port" --skip-name-resolve --init-file="$mariadb_dir/init.sql" \
            --ssl-cert="$mariadb_dir/server.pem" --ssl-key="$mariadb_dir/server.key" \
            --character-set-server=utf8mb4 --skip-log-bin --performance-schema=OFF --max-connections=100 \
            --innodb-buffer-pool-size=32M --innodb-log-file-size=16M --innodb-flush-log-at-trx-commit=0 \
            --innodb-doublewrite=OFF --innodb-flush-method=nosync --key-buffer-size=1M \
            --aria-pagecache-buffer-size=8M >server.log 2>&1 &
        mariadb_job=$!
        # The init file is run before the first connection is served, and after that the file says so.
        while kill -0 "$mariadb_job" 2>/dev/null; do
            if grep -qs 'ready for connections' server.log; then
                cd - >/dev/null || return 1
                export WAZZUP_SYNC_TEST_MARIADB="mariadb://admin:$password@127.0.0.1:$port/mysql?ssl-mode=DISABLED"
                echo "MariaDB runs at port $port"
                return 0
            fi
            sleep 0.1
        done
        # Most likely the port is taken: another one.
    done
    cat server.log >&2
    return 1
}

mariadb_stop() {
    [[ -n ${mariadb_dir:-} && -f $mariadb_dir/data/pid ]] || return 0
    as_server_owner "$mariadb_owner" kill "$(<"$mariadb_dir/data/pid")" || true
    wait "$mariadb_job" || true
}
