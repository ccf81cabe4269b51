#!/bin/sh
# Asks Nightdesk whether a deploy may go on, and waits for the answer.
#
#   NIGHTDESK_URL=https://nightdesk.example.org NIGHTDESK_GATE_TOKEN=… \
#     nightdesk-gate.sh SERVICE VERSION ENVIRONMENT [REQUIREMENT…]
#
# Optional: GATE_ID (the pipeline's id of this attempt), GATE_AUTHOR (who deploys), GATE_URL (the pipeline's page),
# GATE_TIMEOUT (30m), GATE_POLL (seconds between two questions, 10), GATE_PATIENCE (seconds without an answer of
# Nightdesk after which the deploy is not made, 900).
#
# Exit status: 0 opened · 1 refused · 2 asked wrongly · 3 Nightdesk did not answer: not deployed.
set -u

if [ $# -lt 3 ]; then
  echo "usage: nightdesk-gate.sh SERVICE VERSION ENVIRONMENT [REQUIREMENT…]" >&2
  exit 2
fi
: "${NIGHTDESK_URL:?set NIGHTDESK_URL}" "${NIGHTDESK_GATE_TOKEN:?set NIGHTDESK_GATE_TOKEN}"

# A JSON string: backslashes, quotes; what else a name of a service or a version could hold is refused by Nightdesk.
quoted() { printf '"%s"' "$(printf '%s' "$1" | tr -d '\000-\037' | sed 's/\\/\\\\/g; s/"/\\"/g')"; }

body="{\"service\":$(quoted "$1"),\"version\":$(quoted "$2"),\"environment\":$(quoted "$3")"
shift 3
requirements=""
for requirement in "$@"; do requirements="$requirements${requirements:+,}$(quoted "$requirement")"; done
body="$body,\"requirements\":[$requirements]"
[ -n "${GATE_ID:-}" ] && body="$body,\"id\":$(quoted "$GATE_ID")"
[ -n "${GATE_AUTHOR:-}" ] && body="$body,\"author\":$(quoted "$GATE_AUTHOR")"
[ -n "${GATE_URL:-}" ] && body="$body,\"url\":$(quoted "$GATE_URL")"
[ -n "${GATE_TIMEOUT:-}" ] && body="$body,\"timeout\":$(quoted "$GATE_TIMEOUT")"
body="$body}"

said=$(mktemp) && headers=$(mktemp) || exit 3
trap 'rm -f "$said" "$headers"' EXIT
poll=${GATE_POLL:-10}
patience=${GATE_PATIENCE:-900}
silent=0
path=/api/gates
last=""

while :; do
  set -- -sS --max-time 30 -o "$said" -D "$headers" -w '%{http_code}' -H "authorization: Bearer $NIGHTDESK_GATE_TOKEN"
  # The first answer names the gate: from then on it is only looked at.
  [ "$path" = /api/gates ] && set -- "$@" -H 'content-type: application/json' -d "$body"
  status=$(curl "$@" "${NIGHTDESK_URL%/}$path" 2>/dev/null) || status=000
  case $status in
    200 | 201)
      silent=0
      state=$(tr -d '\r' <"$headers" | sed -n 's/^[Xx]-[Nn]ightdesk-[Gg]ate: *//p')
      path=$(tr -d '\r' <"$headers" | sed -n 's/^[Ll]ocation: *//p')
      because=$(sed -n 's/.*"because":"\([^"]*\)".*/\1/p' "$said")
      [ "$state" != "$last" ] && printf 'Nightdesk, gate %s is %s: %s\n%s\n' "${path##*/}" "$state" "$because" "$(cat "$said")"
      last=$state
      case $state in
        approved) exit 0 ;;
        refused) exit 1 ;;
      esac
      ;;
    400 | 401 | 403 | 404 | 413)
      echo "Nightdesk answered $status: $(cat "$said")" >&2
      exit 2
      ;;
    *)
      silent=$((silent + poll))
      if [ "$silent" -ge "$patience" ]; then
        echo "Nightdesk did not answer for $silent s: not deployed." >&2
        exit 3
      fi
      ;;
  esac
  sleep "$poll"
done
