#!/bin/sh
# Runs a command as a job that Nightdesk hears of: started, then succeeded or failed with exit code, duration and the last
# lines of its log. Needs a POSIX shell, curl and openssl; nothing else.
#
#   NIGHTDESK_URL=https://nightdesk.example.org NIGHTDESK_JOB_SECRET_FILE=/etc/nightdesk/job-secret \
#     nightdesk-job.sh --job ndw-etl --environment prod -- /opt/etl/bin/load --day yesterday
#
# The command's input, output and exit status are its own, whether Nightdesk answers or not: what cannot be told is said on
# stderr in a line that begins with "nightdesk-job:". A signal that ends this script goes to the command.
#
#   --job NAME            the job as the catalogue calls it (or one of its aliases)       or NIGHTDESK_JOB
#   --environment NAME    where it runs                                                   or NIGHTDESK_ENVIRONMENT
#   --rid ID              this execution; its own for every one, made up unless told      or NIGHTDESK_RID
#   --log-url URL         where the whole log can be read
#   --lines N             how many last lines are sent when it fails (20; 0: none)
#
# NIGHTDESK_JOB_SECRET or NIGHTDESK_JOB_SECRET_FILE is the secret of the catalogue's source of kind job. The command finds its
# rid in NIGHTDESK_RID, and in NIGHTDESK_COUNTS a file to which it may append lines such as rows=1200.

say() { printf 'nightdesk-job: %s\n' "$*" >&2; }
usage() { sed -n '5,20s/^# \{0,1\}//p' "$0" >&2; exit 64; }

job=${NIGHTDESK_JOB:-} environment=${NIGHTDESK_ENVIRONMENT:-} rid=${NIGHTDESK_RID:-} log_url='' lines=20
while [ $# -gt 0 ]; do
  case $1 in
    --job | --environment | --env | --rid | --log-url | --lines) [ $# -ge 2 ] || usage ;;
  esac
  case $1 in
    --job) job=$2; shift 2 ;;
    --environment | --env) environment=$2; shift 2 ;;
    --rid) rid=$2; shift 2 ;;
    --log-url) log_url=$2; shift 2 ;;
    --lines) lines=$2; shift 2 ;;
    --) shift; break ;;
    -*) say "there is no option $1"; usage ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || usage
case $lines in '' | *[!0-9]*) say "--lines takes a number"; usage ;; esac

secret=${NIGHTDESK_JOB_SECRET:-}
if [ -z "$secret" ] && [ -n "${NIGHTDESK_JOB_SECRET_FILE:-}" ]; then
  secret=$(cat "$NIGHTDESK_JOB_SECRET_FILE") || secret=''
fi
unset NIGHTDESK_JOB_SECRET

# What keeps us from telling keeps nobody from working.
why=''
[ -n "$job" ] || why='no --job'
[ -n "$environment" ] || why='no --environment'
[ -n "${NIGHTDESK_URL:-}" ] || why='NIGHTDESK_URL is not set'
[ -n "$secret" ] || why='neither NIGHTDESK_JOB_SECRET nor NIGHTDESK_JOB_SECRET_FILE gives a secret'
for program in curl openssl awk od tail tee mkfifo mktemp; do
  command -v "$program" >/dev/null 2>&1 || why="$program is not installed"
done
[ -n "$why" ] || dir=$(mktemp -d "${TMPDIR:-/tmp}/nightdesk-job.XXXXXX") || why='no temporary folder could be made'
[ -n "$why" ] || mkfifo "$dir/out" "$dir/err" "$dir/both" || { rm -rf "$dir"; why='no pipe could be made'; }
if [ -n "$why" ]; then
  say "Nightdesk is told nothing of this job: $why"
  exec "$@"
fi

hook=${NIGHTDESK_URL%/}/hooks/job
[ -n "$rid" ] || rid=$(openssl rand -hex 8)
began=$(date +%s)
now() { date -u +%Y-%m-%dT%H:%M:%SZ; }

# A JSON string of what is on stdin: bytes that are no text are left out, lines are joined by \n.
json() {
  LC_ALL=C tr -d '\000-\010\013\014\016-\037\177' | LC_ALL=C awk '
    BEGIN { printf "\"" }
    NR > 1 { printf "\\n" }
    {
      size = length($0)
      for (i = 1; i <= size; i++) {
        c = substr($0, i, 1)
        if (c == "\"" || c == "\\") printf "\\%s", c
        else if (c == "\t") printf "\\t"
        else if (c != "\r") printf "%s", c
      }
    }
    END { printf "\"" }'
}
text() { printf '%s' "$1" | json; }

# HMAC-SHA256 by hand: given to openssl as an argument, the secret could be read in the list of processes.
key=$(printf '%s' "$secret" | od -An -v -tu1 | tr -s ' \n' '  ')
set_key() { size=$#; }
set_key $key
if [ "$size" -gt 64 ]; then
  key=$(printf '%s' "$secret" | openssl dgst -sha256 -binary | od -An -v -tu1 | tr -s ' \n' '  ')
  size=32
fi
while [ "$size" -lt 64 ]; do key="$key 0" size=$((size + 1)); done
padded() { for byte in $key; do printf "\\$(printf '%03o' $((byte ^ $1)))"; done; }
signature() { # $1: the time, $2: the file
  { padded 54; printf 'v0:%s:' "$1"; cat "$2"; } | openssl dgst -sha256 -binary >"$2.inner"
  { padded 92; cat "$2.inner"; } | openssl dgst -sha256 -r | cut -c1-64
}

# $1: a file with the message, $2: how often it is tried. Each try is signed anew: a signature holds for five minutes.
send() {
  try=1 pause=1
  while :; do
    at=$(date +%s)
    answer=$(curl -sS --max-time "${NIGHTDESK_TIMEOUT:-10}" -o "$1.answer" -w '%{http_code}' -X POST \
      -H 'Content-Type: application/json' -H "X-Nightdesk-Timestamp: $at" \
      -H "X-Nightdesk-Signature: v0=$(signature "$at" "$1")" --data-binary "@$1" "$hook" 2>"$1.trouble")
    case $answer in
      2??) return 0 ;;
      408 | 429) ;;
      4??) say "Nightdesk refuses the message ($answer): $(head -c 200 "$1.answer" 2>/dev/null)"; return 1 ;;
    esac
    if [ "$try" -ge "$2" ]; then
      say "Nightdesk was not told after $try tries: $answer $(head -c 200 "$1.trouble" 2>/dev/null)"
      return 1
    fi
    sleep "$pause"
    try=$((try + 1)) pause=$((pause * 2))
  done
}

# $1: the status, $2: more members, each with a comma before it.
message() {
  printf '{"job":%s,"environment":%s,"rid":%s,"status":"%s","at":"%s"' \
    "$(text "$job")" "$(text "$environment")" "$(text "$rid")" "$1" "$(now)"
  [ -z "$log_url" ] || printf ',"log_url":%s' "$(text "$log_url")"
  printf '%s}' "$2"
}

message started '' >"$dir/started"
send "$dir/started" 3 </dev/null &
starter=$!

# The output goes where it went before, byte for byte; its last lines stay here.
tail -n "$lines" <"$dir/both" >"$dir/tail" 2>/dev/null &
keeper=$!
# Held open here: one stream may end before the other begins, and no reader must go away in between.
exec 3<&0 4>"$dir/both"
tee "$dir/both" <"$dir/out" 3<&- 4>&- &
outs=$!
tee "$dir/both" <"$dir/err" >&2 3<&- 4>&- &
errs=$!

NIGHTDESK_RID=$rid NIGHTDESK_COUNTS=$dir/counts "$@" <&3 3<&- 4>&- >"$dir/out" 2>"$dir/err" &
pid=$!
exec 3<&-
# A shell lets what it runs beside itself ignore INT and QUIT, so that those go on as TERM.
trap 'kill -HUP "$pid" 2>/dev/null' HUP
trap 'kill -TERM "$pid" 2>/dev/null' INT QUIT TERM
while :; do
  wait "$pid"
  code=$?
  kill -0 "$pid" 2>/dev/null || break
done
ended=$(date +%s)

# What the command left running may keep the output open for ever: its last lines are not waited for longer than this.
waited=0
while kill -0 "$outs" 2>/dev/null || kill -0 "$errs" 2>/dev/null; do
  [ "$waited" -lt 3 ] || break
  sleep 1
  waited=$((waited + 1))
done
exec 4>&-
[ "$waited" -ge 3 ] || wait "$keeper"

more=",\"exit_code\":$code,\"counts\":{\"duration_seconds\":$((ended - began))"
if [ -f "$dir/counts" ]; then
  more=$more$(LC_ALL=C awk -F= '
    $1 ~ /^[A-Za-z_][A-Za-z0-9_]*$/ && $2 ~ /^-?(0|[1-9][0-9]*)([.][0-9]+)?$/ { counts[$1] = $2 }
    END { for (name in counts) printf ",\"%s\":%s", name, counts[name] }' "$dir/counts")
fi
more="$more}"
if [ "$code" -eq 0 ]; then
  status=succeeded
else
  status=failed
  escape=$(printf '\033')
  sed "s/$escape\[[0-9;]*[A-Za-z]//g" "$dir/tail" 2>/dev/null | tail -c 2500 >"$dir/last"
  last=$(grep -v '^[[:space:]]*$' "$dir/last" | tail -n 1)
  more="$more,\"error\":{\"message\":$({ printf 'exit code %s%s\n' "$code" "${last:+: $last}"; cat "$dir/last"; } | json)}"
fi
message "$status" "$more" >"$dir/ended"
wait "$starter"
send "$dir/ended" 5 </dev/null
rm -rf "$dir"
exit "$code"
