# Sourced by clients: a Keyward of their own, in a folder of its own, ended with them.
#
#   start_keyward [tls]   starts one, by TLS with a private authority if that is said, and sets
#                         SERVER_URL, SERVER_CA (a file in PEM), CLIENT_ID, CLIENT_SECRET, and SECRETS_SHOWN, a file
#                         to which a client adds the secrets that it is shown, one a line
#   search_keyward        ends it, and fails if a secret stands in its log or in its data

# shellcheck source=secrets.sh
. "$(dirname "${BASH_SOURCE[0]}")/secrets.sh"
binary=${TEST_KEYWARD_BINARY:?the release binary}
keyward_folder=$(mktemp -d)
keyward_server=

end_keyward() {
    [ -z "$keyward_server" ] || { kill "$keyward_server" && wait "$keyward_server" || true; }
    keyward_server=
}
trap 'end_keyward; rm -rf "$keyward_folder"' EXIT

# An authority, and a certificate of it for this machine.
make_certificates() {
    local key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2)
    openssl req -x509 "${key[@]}" -subj '/CN=A private authority' -keyout ca.key -out ca.pem
    openssl req "${key[@]}" -subj '/CN=localhost' -keyout server.key -out server.csr
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -days 2 -out server.pem \
        -extfile <(printf 'subjectAltName=DNS:localhost,IP:127.0.0.1')
}

start_keyward() {
    local port scheme=http
    end_keyward
    rm -rf "${keyward_folder:?}"/*
    pushd "$keyward_folder" >/dev/null
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    export KEYWARD_LISTEN=127.0.0.1:$port KEYWARD_LOG_LEVEL=trace
    unset KEYWARD_TLS_CERT KEYWARD_TLS_KEY
    if [ "${1:-}" = tls ]; then
        make_certificates 2>openssl.log || { cat openssl.log; return 1; }
        export KEYWARD_TLS_CERT=server.pem KEYWARD_TLS_KEY=server.key
        scheme=https
    fi
    "$binary" init --json >first.json
    CLIENT_ID=$(jq -r .client_id first.json)
    CLIENT_SECRET=$(jq -r .client_secret first.json)
    SERVER_URL=$scheme://localhost:$port
    SERVER_CA=$keyward_folder/ca.pem
    SECRETS_SHOWN=$keyward_folder/shown.txt
    : >"$SECRETS_SHOWN"
    export CLIENT_ID CLIENT_SECRET SERVER_URL SERVER_CA SECRETS_SHOWN
    "$binary" serve 2>serve.log &
    keyward_server=$!
    local ask=(curl -s -o /dev/null -f --noproxy '*')
    [ "$scheme" = http ] || ask+=(--cacert ca.pem)
    for _ in $(seq 100); do
        ! "${ask[@]}" "$SERVER_URL/readyz" || { popd >/dev/null; return 0; }
        sleep 0.1
    done
    cat serve.log
    return 1
}

search_keyward() {
    end_keyward
    pushd "$keyward_folder" >/dev/null
    { echo "$CLIENT_SECRET"; cat "$SECRETS_SHOWN"; } >secrets.txt
    [ ! -e server.key ] || sed '/^---/d' server.key >>secrets.txt
    search_run secrets.txt
    popd >/dev/null
}
