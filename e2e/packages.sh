#!/bin/sh
# Installs the programs that the tests run, where they are missing and apt is there, in Debian's own versions:
# database servers, of which the tests start their own; strace, which kills processes at each of their calls; qemu, which
# runs the function for AWS Lambda on a machine that is not arm64; Java and Maven for AWS's own matcher of event patterns, and
# Node for Microsoft's own parser of KQL.
set -eu
missing=
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing="postgresql"
[ -x /usr/sbin/mariadbd ] || command -v mariadbd >/dev/null || missing="$missing mariadb-server-core mariadb-client-core"
command -v strace >/dev/null || missing="$missing strace"
case "$(uname -m)" in
aarch64 | arm64) ;;
*) command -v qemu-aarch64 >/dev/null || missing="$missing qemu-user" ;;
esac
command -v javac >/dev/null || missing="$missing default-jdk-headless"
command -v mvn >/dev/null || missing="$missing maven"
command -v npm >/dev/null || missing="$missing nodejs npm"
[ -n "$missing" ] || exit 0

as_root=
[ "$(id -u)" = 0 ] || as_root="sudo -n"
if ! command -v apt-get >/dev/null || ! $as_root true 2>/dev/null; then
	echo "These are missing, and can only be installed by apt-get as root: $missing. Their tests will not run." >&2
	exit 0
fi
$as_root apt-get update -q
# shellcheck disable=SC2086 # several packages
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -q -y --no-install-recommends $missing
