#!/usr/bin/env bash
# Builds the Java peers that tests start, an Apache Dubbo and a SOFARPC one, into $LAYOTTO_TOOLS_DIR/java-peers/<name>:
# jars, and the classes of ours. Needs java 17, javac and mvn. A second run does nothing unless a source has changed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tools=${LAYOTTO_TOOLS_DIR:-/opt/layotto-tools}

build() {
  local name=$1 target=$tools/java-peers/$1 version
  version=$(cat "$here/$name/pom.xml" "$here/$name"/src/*.java "$here"/common/*.java | sha256sum | cut -d ' ' -f 1)
  if [[ -f $target/version && $(<"$target/version") == "$version" ]]; then return; fi
  mkdir -p "$tools/java-peers"
  local made
  made=$(mktemp -d "$tools/java-peers/$name.XXXXXX")
  trap 'rm -rf "$made"' RETURN
  mvn --batch-mode --quiet --file "$here/$name/pom.xml" dependency:copy-dependencies -DoutputDirectory="$made/lib"
  javac -nowarn -d "$made/classes" -cp "$made/lib/*" "$here/$name"/src/*.java "$here"/common/*.java
  printf '%s' "$version" >"$made/version"
  chmod 755 "$made"
  rm -rf "$target"
  mv "$made" "$target"
}

build dubbo
build sofarpc
