#!/bin/sh
# Installs Debian's Chromium for the browser tests where there is no browser yet and this user may install one.
for name in chromium chromium-browser google-chrome microsoft-edge; do
  command -v "$name" >/dev/null 2>&1 && exit 0
done
[ -n "${ZTKIT_CHROMIUM:-}" ] && exit 0
if ! command -v apt-get >/dev/null 2>&1; then
  echo "No Chromium, Chrome or Edge found: the browser tests will be skipped. Install one, or set ZTKIT_CHROMIUM."
  exit 0
fi
if [ "$(id -u)" = 0 ]; then sudo=""; elif sudo -n true 2>/dev/null; then sudo="sudo"; else
  echo "No browser found, and apt-get needs root: the browser tests will be skipped. Try: sudo apt-get install chromium"
  exit 0
fi
echo "Installing Chromium for the browser tests"
$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends chromium >/dev/null \
  || echo "Chromium could not be installed: the browser tests will be skipped."
