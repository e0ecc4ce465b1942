#!/bin/sh
# Chromium for the browser test, from the distribution's packages, with fonts for emoji and Chinese names.
set -eu
command -v apt-get >/dev/null || { echo "Please install Chromium; the browser test needs it." >&2; exit 1; }
as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo"
$as_root apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-color-emoji fonts-wqy-zenhei >/dev/null
