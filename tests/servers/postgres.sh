# shellcheck shell=bash
# A private PostgreSQL server, for the time of one test run. Sourced by tests/all.sh, after lib.sh.
#
#   postgres_packages    prints the Debian packages that are missing
#   postgres_start DIR   starts a server with its data in DIR and the certificate in
#                        $WAZZUP_SYNC_TEST_TLS; exports WAZZUP_SYNC_TEST_POSTGRES, the URL of its administrator
#   postgres_stop        stops it, if it runs
#
# The server listens on 127.0.0.1 only, at a port of its own, wants a password there, and trusts whoever
# reaches its socket in DIR. It does not care for a crash of the machine: its data live for minutes.

postgres_bin() {
    local newest
    newest=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
    if [[ -n $newest && -x $newest/initdb ]]; then
        echo "$newest"
    elif command -v initdb >/dev/null; then
        dirname "$(command -v initdb)"
    fi
}

postgres_packages() {
    [[ -n $(postgres_bin) ]] || echo postgresql
}

postgres_start() {
    local bin password port
    postgres_dir=$1
    bin=$(postgres_bin)
    postgres_ctl=$bin/pg_ctl
    postgres_owner=$(server_owner postgres)
    mkdir -p "$postgres_dir"
    cp "$WAZZUP_SYNC_TEST_TLS"/{server.pem,server.key} "$postgres_dir"
    password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    (umask 077 && echo "$password" >"$postgres_dir/password")
    give_to "$postgres_owner" "$postgres_dir" "$postgres_dir"/{server.pem,server.key,password}
    # From here on in its folder: whoever owns the server need not be allowed into the one we came from.
    cd "$postgres_dir" || return 1
    as_server_owner "$postgres_owner" "$bin/initdb" --pgdata=data --username=admin --pwfile=password \
        --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --no-locale --no-sync \
        >initdb.log 2>&1 || { cat initdb.log >&2; return 1; }
    for _ in $(seq 20); do
        port=$((20000 + RANDOM % 12000))
        if as_server_owner "$postgres_owner" "$postgres_ctl" --pgdata=data --log=data/server.log --wait \
            --timeout=60 --silent --options="-p $port -c listen_addresses=127.0.0.1 -k '$postgres_dir' -c fsync=off \
                -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=32MB \
                -c ssl=on -c ssl_cert_file='$postgres_dir/server.pem' -c ssl_key_file='$postgres_dir/server.key'" \
            start >start.log 2>&1; then
            cd - >/dev/null || return 1
            export WAZZUP_SYNC_TEST_POSTGRES="postgres://admin:$password@127.0.0.1:$port/postgres?sslmode=disable"
            echo "PostgreSQL runs at port $port"
            return 0
        fi
        # Most likely the port is taken: another one.
    done
    cat start.log data/server.log >&2
    return 1
}

postgres_stop() {
    [[ -n ${postgres_dir:-} && -f $postgres_dir/data/postmaster.pid ]] || return 0
    (
        cd "$postgres_dir" || exit
        as_server_owner "$postgres_owner" "$postgres_ctl" --pgdata=data --mode=immediate --silent stop
    )
}
