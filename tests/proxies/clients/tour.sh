#!/bin/sh
# A tour of the gateway with curl: see tour.py. tour.sh BASE CA ACCESS_TOKEN CHALLENGE_ID CHALLENGE_TOKEN
set -eu
base=$1 ca=$2 challenge=$4 token=$5
tls=
[ "$ca" = - ] || tls="--cacert $ca"

# One curl a kind: it keeps its connection for the next address.
# shellcheck disable=SC2086 # Two words, or none.
statuses=$(curl --silent --show-error $tls --output /dev/null --write-out '%{http_code}\n' "$base/v1/client-ip?[1-20]")
[ "$(echo "$statuses" | sort | uniq -c | tr -s ' ')" = " 20 200" ] || { echo "$statuses" >&2; exit 1; }
# shellcheck disable=SC2086
[ "$(curl --silent --show-error $tls --json '{}' --output /dev/null --write-out '%{http_code}' "$base/v1/sign-in")" = 400 ]
# shellcheck disable=SC2086
[ "$(curl --silent --show-error $tls --head --output /dev/null --write-out '%{http_code}' "$base/")" = 200 ]
# Who comes over TLS is told to come by no other way, through a proxy that ends it as well.
if [ "$ca" != - ]; then
    curl --silent --show-error --cacert "$ca" --head "$base/" | grep --quiet --ignore-case '^strict-transport-security: max-age='
fi
echo calls
# The stream goes on; its first line of data is enough.
# shellcheck disable=SC2086
curl --silent --no-buffer $tls --header "authorization: Bearer $token" "$base/v1/challenges/$challenge/events" |
    grep --max-count 1 --quiet '^data: .*"state":"open"'
echo event open
