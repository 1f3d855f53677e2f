# Sourced by clients: looks for secrets where none belongs.
#
#   search_run SECRETS    fails if a secret stands in the log or in the data of the run in this folder: one of the file
#                         SECRETS, a line each, the master secret, or whatever has the form of a secret

# What has the form of a key's secret or of a token.
secret_forms='_(live|test|adm)_[0-9A-Za-z]{50}|eyJ0eXAiOiJKV1Qi'

# holds_secret FILE SECRETS: whether one of the secrets stands in the file, or something with the form of one.
holds_secret() {
    LC_ALL=C grep -aqF -f "$2" "$1" || LC_ALL=C grep -aqE "$secret_forms" "$1"
}

# search_files SECRETS FILE...: names the files that hold a secret, and fails if there are any.
search_files() {
    local secrets=$1 file planted found=0
    shift
    # A search that finds nothing anywhere would pass: it is held by what it must find.
    for planted in "$(head -n 1 "$secrets")" "k_live_$(printf 'a%.0s' {1..50})" 'x eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.e30'; do
        printf '\0before %s after\n' "$planted" >planted.tmp
        holds_secret planted.tmp "$secrets" || { echo 'the search does not find what is planted'; return 1; }
    done
    rm planted.tmp
    for file in "$@"; do
        [ -s "$file" ] || [ "${file##*.}" != log ] || { echo "$file is empty"; return 1; }
        ! holds_secret "$file" "$secrets" || { echo "a secret stands in $file"; found=1; }
    done
    return $found
}

search_run() {
    local files
    mapfile -t files < <(find keyward-data -type f ! -name secret.key)
    cat keyward-data/secret.key >>"$1"
    sed -i '/^$/d' "$1"
    search_files "$1" serve.log "${files[@]}" || return 1
    echo "no secret in $(wc -l <serve.log) lines of the log and ${#files[@]} files of data"
}
