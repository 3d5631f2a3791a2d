# shellcheck shell=bash
# What the private servers of a test run share. Sourced by tests/all.sh before the servers' own files.
#
#   server_owner USER            prints whom a server runs as: USER if there is one, else nobody
#   as_server_owner USER CMD...  runs a command as that user if we are root; servers refuse to be run by root
#   give_to USER FILE...         makes files of ours the server's
#   tls_make DIR                 makes, in DIR, a certificate authority (ca.pem), a certificate of the
#                                servers by it (server.pem, server.key; for localhost and 127.0.0.1), and an
#                                authority that vouches for nobody (other-ca.pem);
#                                exports WAZZUP_SYNC_TEST_TLS, the folder

server_owner() {
    if id "$1" >/dev/null 2>&1; then echo "$1"; else echo nobody; fi
}

as_server_owner() {
    local owner=$1
    shift
    if [[ $(id -u) -eq 0 ]]; then
        setpriv --reuid "$owner" --regid "$(id -g "$owner")" --clear-groups -- "$@"
    else
        "$@"
    fi
}

give_to() {
    local owner=$1
    shift
    [[ $(id -u) -ne 0 ]] || chown "$owner" "$@"
}

tls_make() {
    local dir=$1 name
    mkdir -p "$dir"
    (
        set -e
        cd "$dir"
        for name in ca other-ca; do
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
                -subj "/CN=wazzup-sync tests $name" -keyout "$name.key" -out "$name.pem"
        done
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=localhost" \
            -keyout server.key -out server.csr
        printf '%s\n' "subjectAltName = DNS:localhost, IP:127.0.0.1" "basicConstraints = CA:FALSE" >server.ext
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
            -extfile server.ext -out server.pem
    ) >"$dir/openssl.log" 2>&1 || { cat "$dir/openssl.log" >&2; return 1; }
    export WAZZUP_SYNC_TEST_TLS=$dir
}
