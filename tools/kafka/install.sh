#!/usr/bin/env bash
# Installs the jars of the Kafka broker that tests start into $LAYOTTO_TOOLS_DIR/kafka. Needs java 17 and mvn.
# A second run does nothing: the folder's `version` file is the checksum of the pom.xml it was made from.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tools=${LAYOTTO_TOOLS_DIR:-/opt/layotto-tools}
target=$tools/kafka
version=$(sha256sum "$here/pom.xml" | cut -d ' ' -f 1)

if [[ -f $target/version && $(<"$target/version") == "$version" ]]; then exit 0; fi

mkdir -p "$tools"
build=$(mktemp -d "$tools/kafka.XXXXXX")
trap 'rm -rf "$build"' EXIT
mvn --batch-mode --quiet --file "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$build"
printf '%s' "$version" >"$build/version"
chmod 755 "$build"
rm -rf "$target"
mv "$build" "$target"
trap - EXIT
