#!/bin/sh
# The same story as client/main.go with curl: a token, a message, the conversation, its end.
#   MESBRIDGE_URL=https://… CLIENT_ID=… CLIENT_SECRET=… MAILBOX=… INS=… sh docs/examples/curl.sh
set -eu

# member NAME prints the first member of that name of a JSON answer; jq does better where it is installed.
member() { sed -n "s/^[^\"]*\(.*\)/\1/; s/\"$1\":\"\([^\"]*\)\".*/\n\1/; s/^.*\n//p"; }

# Secrets go through standard input, so that the list of processes does not show them.
token=$(printf 'user = "%s:%s"\n' "$CLIENT_ID" "$CLIENT_SECRET" |
	curl -sS --fail-with-body -K - "$MESBRIDGE_URL/oauth/token" -d grant_type=client_credentials \
		--data-urlencode 'scope=thread.read thread.open thread.close webhook.manage' | member access_token)

[ -n "$token" ] || { echo "no token: look at CLIENT_ID and CLIENT_SECRET" >&2; exit 1; }

api() { # METHOD PATH [curl arguments]
	method=$1 path=$2
	shift 2
	printf 'header = "Authorization: Bearer %s"\n' "$token" |
		curl -sS --fail-with-body -K - -X "$method" "$MESBRIDGE_URL/api/v1$path" "$@"
}

# The matricule of a patient belongs on no command line either.
first=$(mktemp)
trap 'rm -f "$first"' EXIT
printf '{"mailbox":"%s","patient":{"ins":"%s"},"subject":"Votre sortie","text":"Bonjour."}' "$MAILBOX" "$INS" >"$first"
id=$(api POST /conversations -H 'Content-Type: application/json' -H "Idempotency-Key: sortie-$$-$(date +%s)" --data-binary "@$first" | member id)
[ -n "$id" ] || { echo "the message was refused; the code above says why" >&2; exit 1; }
echo "written: $id"

etag=$(api GET "/conversations/$id" -o /dev/null -D - | tr -d '\r' | sed -n 's/^[Ee][Tt][Aa][Gg]: //p')
echo "tag: $etag"

# What the caller has already is not sent again.
api GET "/conversations/$id" -H "If-None-Match: $etag" -o /dev/null -w 'unchanged: %{http_code}\n'

# Ends the conversation, unless somebody changed it meanwhile (412).
echo "ended: $(api POST "/conversations/$id/end" -H "If-Match: $etag" -H 'Content-Type: application/json' -d '{}' | member state)"

# Webhooks: an address that is told what happens in the mailbox. The secret of the signature is in this answer alone;
# docs/examples/webhook shows how to check it.
if [ -n "${RECEIVER:-}" ]; then
	printf '{"mailbox":"%s","url":"%s","events":["message.received"]}' "$MAILBOX" "$RECEIVER" >"$first"
	hook=$(api POST /webhooks -H 'Content-Type: application/json' --data-binary "@$first" | member id)
	echo "registered: $hook"
	api POST "/webhooks/$hook/test" -o /dev/null -w 'test: %{http_code}\n'
	api GET "/webhooks/$hook/calls?state=pending" -o /dev/null -w 'calls: %{http_code}\n'
	api DELETE "/webhooks/$hook" -o /dev/null -w 'removed: %{http_code}\n'
fi
