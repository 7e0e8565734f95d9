#!/bin/sh
# Installs parley from a directory or URL that holds a release: sh install.sh --from DIR|URL [--to DIR]
# Takes the archive for this machine, compares its SHA-256 with SHA256SUMS, tries the executable, and only then puts it
# in place of what was there. Needs no root.
set -eu

usage() {
  cat <<'TEXT'
Usage: sh install.sh --from DIR|URL [--to DIR]

  --from DIR|URL  a directory or an http(s) address with SHA256SUMS and the archives of a release
  --to DIR        where to put parley (default: ~/.local/bin)
  --target NAME   another target than this machine's, such as linux-x64-musl
TEXT
}

fail() {
  echo "install.sh: $*" >&2
  exit 1
}

wrong() {
  echo "install.sh: $*" >&2
  usage >&2
  exit 64
}

from='' to='' target=''
while [ $# -gt 0 ]; do
  case $1 in
    --help | -h)
      usage
      exit 0
      ;;
    --from | --to | --target)
      [ -n "${2:-}" ] || wrong "$1 needs a value"
      case $1 in
        --from) from=$2 ;;
        --to) to=$2 ;;
        --target) target=$2 ;;
      esac
      shift 2
      ;;
    *) wrong "unknown argument: $1" ;;
  esac
done
[ -n "$from" ] || wrong "--from is missing"
if [ -z "$to" ]; then
  [ -n "${HOME:-}" ] || fail "HOME is not set; say where to put parley with --to DIR"
  to=$HOME/.local/bin
fi

# A machine may have the loaders of both C libraries; what its own shell is linked to decides.
libc() {
  case $(ldd /bin/sh 2>&1 || true) in
    *musl*) echo musl && return ;;
    *libc.so.6*) echo glibc && return ;;
  esac
  for loader in /lib/ld-musl-*.so.1; do
    [ -e "$loader" ] && echo musl && return
  done
  echo glibc
}

detect() {
  system=$(uname -s) machine=$(uname -m)
  case $machine in
    x86_64 | amd64) machine=x64 ;;
    aarch64 | arm64) machine=arm64 ;;
    *) fail "there is no parley for the processor $machine" ;;
  esac
  case $system in
    Linux) echo "linux-$machine-$(libc)" ;;
    Darwin)
      # A translated shell says x86_64 on an arm64 machine.
      [ "$(sysctl -n sysctl.proc_translated 2>/dev/null || true)" = 1 ] && machine=arm64
      echo "darwin-$machine"
      ;;
    *) fail "install.sh knows Linux and macOS, not $system; on Windows unpack the zip by hand" ;;
  esac
}

if command -v sha256sum >/dev/null 2>&1; then
  sha256='sha256sum'
elif command -v shasum >/dev/null 2>&1; then
  sha256='shasum -a 256'
else
  fail "neither sha256sum nor shasum is there to verify the archive"
fi

# fetch NAME FILE
fetch() {
  case $from in
    http://* | https://*)
      address=${from%/}/$1
      if command -v curl >/dev/null 2>&1; then
        curl -fsSL --retry 2 -o "$2" "$address" || fail "$address could not be downloaded"
      elif command -v wget >/dev/null 2>&1; then
        wget -q -O "$2" "$address" || fail "$address could not be downloaded"
      else
        fail "neither curl nor wget is there to download $address"
      fi
      ;;
    *://*) fail "only directories and addresses of http and https are understood: $from" ;;
    *)
      [ -f "$from/$1" ] || fail "$from/$1 does not exist"
      cp "$from/$1" "$2" || fail "$from/$1 could not be read"
      ;;
  esac
}

[ -n "$target" ] || target=$(detect)
archive=parley-$target.tar.gz

mkdir -p "$to" 2>/dev/null || fail "$to cannot be made; choose another directory with --to DIR"
to=$(cd "$to" && pwd) || fail "$to cannot be entered"
[ ! -d "$to/parley" ] || fail "$to/parley is a directory"

# Beside its destination, so that the last step is a rename and the executable is tried where it will run.
work=$(mktemp -d "$to/.parley-install-XXXXXX" 2>/dev/null) ||
  fail "$to cannot be written to; choose another directory with --to DIR"
trap 'rm -rf "$work"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

fetch SHA256SUMS "$work/SHA256SUMS"
expected=$(awk -v name="$archive" '$2 == name || $2 == "*" name { print $1; exit }' "$work/SHA256SUMS")
[ -n "$expected" ] || fail "the release in $from has no $archive"
fetch "$archive" "$work/$archive"
actual=$($sha256 <"$work/$archive" | cut -d ' ' -f 1)
[ "$actual" = "$expected" ] ||
  fail "$archive is not what SHA256SUMS says: $actual, not $expected. Nothing was changed."

tar -xzf "$work/$archive" -C "$work" "parley-$target/parley" ||
  fail "$archive could not be unpacked. Nothing was changed."
new=$work/parley-$target/parley
chmod 755 "$new"
version=$("$new" --version 2>&1) ||
  fail "the parley of $archive does not run on this machine ($version). Nothing was changed."

old=''
[ ! -e "$to/parley" ] || old=$("$to/parley" --version 2>/dev/null || echo "another parley")
# A rename: whoever runs the old one goes on with it, and there is no moment without one.
mv -f "$new" "$to/parley" || fail "$to/parley cannot be replaced"

echo "parley $version ($target) is installed as $to/parley${old:+, in place of $old}."
case :${PATH:-}: in
  *":$to:"*) ;;
  *) echo "$to is not on your PATH. Add it, for example by: export PATH=\"$to:\$PATH\"" ;;
esac
