#!/bin/sh
# Builds build/__NAME__.wasm with Go 1.24 or newer.
set -eu
cd "$(dirname "$0")"
mkdir -p build
GOOS=wasip1 GOARCH=wasm ${GO:-go} build -buildmode=c-shared -trimpath -ldflags="-s -w" -o "build/__NAME__.wasm" .
