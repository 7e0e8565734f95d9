#!/bin/sh
# worker.sh NAME FILE: waits for one message, appends its text to the file, answers, and leaves.
set -eu
name=$1 file=$2
json() { parley "$@" --json; }
get() { printf '%s' "$1" | jq -r "$2"; }

# The session lives as long as this shell, and the commands below act for it.
session=$(json register --llm worker --name "$name" --pid $$)
PARLEY_SESSION=$(get "$session" .data.session.session_id)
export PARLEY_SESSION
trap 'json unregister >/dev/null' EXIT

# What this prints is delivered by that. Exit code 5: nobody wrote for 60 s.
mail=$(json inbox --channel coordination --wait 60s --limit 1)
id=$(get "$mail" '.data.messages[0].id')
sender=$(get "$mail" '.data.messages[0].sender_id')
text=$(get "$mail" '.data.messages[0].payload.message')

# Nobody else edits the file meanwhile. Exit code 5: another session held it for all of the 10 s.
if lock=$(json lock "$file" --wait 10s); then
  printf '%s\n' "$text" >>"$file"
  json unlock "$file" >/dev/null
  answer="done: $file"
else
  answer=$(get "$lock" .error.message)
fi
json message "$sender" "$answer" --reply-to "$id" >/dev/null
