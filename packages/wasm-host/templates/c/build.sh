#!/bin/sh
# Builds build/__NAME__.wasm with clang and wasm-ld.
set -eu
cd "$(dirname "$0")"
mkdir -p build
${CC:-clang} --target=wasm32 -nostdlib -ffreestanding -mbulk-memory -Os -Wall \
  -Wl,--no-entry -Wl,--gc-sections -Wl,--strip-debug \
  -I sdk -o "build/__NAME__.wasm" sdk/layotto.c function.c
