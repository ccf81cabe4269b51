# A job of the storm: notes in the file $1 that $2 was started, then works for $3 seconds.
echo "$2" >> "$1"
exec sleep "$3"
