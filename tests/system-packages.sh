#!/bin/sh
# System packages the tests drive: installed when missing and when we may (root, or sudo without a password).
set -e
missing=""
need() { # a program, the packages that bring it, and where else it may lie
  command -v "$1" >/dev/null 2>&1 && return
  [ -n "${3:-}" ] && ls $3 >/dev/null 2>&1 && return  # without a path, ls would find this very folder
  missing="$missing $2"
}
need git git
need git-lfs git-lfs
need chromium "chromium fonts-noto-color-emoji"
need initdb postgresql "/usr/lib/postgresql/*/bin/initdb"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ]; then as_root=""; elif sudo -n true 2>/dev/null; then as_root="sudo"; else
  echo "These packages are needed for the tests; install them first:$missing" >&2; exit 1
fi
command -v apt-get >/dev/null 2>&1 || { echo "Install these with your package manager:$missing" >&2; exit 1; }
echo "Installing for the tests:$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get -o DPkg::Lock::Timeout=300 update -qq
# shellcheck disable=SC2086
$as_root apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends $missing >/dev/null
