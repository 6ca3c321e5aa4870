#!/bin/sh
# Prints the path of a uv that reads our lock file; fetches one into .tools/ when there is none.
set -eu
cd "$(dirname "$0")/../.."
oldest=0.9

new_enough() {
  version=$("$1" --version 2>/dev/null | cut -d' ' -f2) || return 1
  [ "$(printf '%s\n%s\n' "$oldest" "$version" | sort -V | head -n 1)" = "$oldest" ]
}

for found in "$(command -v uv || true)" .tools/bin/uv; do
  if [ -n "$found" ] && new_enough "$found"; then
    echo "$found"
    exit 0
  fi
done

say() { echo "$1" >&2; }
if ! command -v python3 >/dev/null; then
  say "Sheaf needs Python 3.11 or newer. On Debian: apt install python3 python3-venv"
  exit 1
fi
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  say "Sheaf needs Python 3.11 or newer; this is $(python3 --version)."
  exit 1
fi
if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
  say "This Python cannot make virtual environments. On Debian: apt install python3-venv"
  exit 1
fi
say "Fetching uv into .tools/ (only once)"
rm -rf .tools
python3 -m venv .tools >&2
if ! .tools/bin/pip install --quiet --disable-pip-version-check "uv>=$oldest" >&2; then
  rm -rf .tools
  say "uv could not be fetched. Check the network, or name a mirror in pip's settings, and run it again."
  exit 1
fi
echo .tools/bin/uv
