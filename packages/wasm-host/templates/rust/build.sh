#!/bin/sh
# Builds build/__NAME__.wasm without cargo, with any rustc from 1.63 that has the target: RUSTC=/usr/bin/rustc sh build.sh
set -eu
cd "$(dirname "$0")"
rustc=${RUSTC:-rustc}
mkdir -p build
compile() {
  "$rustc" --edition 2021 --target wasm32-unknown-unknown -C opt-level=s -C panic=abort "$@"
}
compile --crate-type rlib --crate-name layotto_guest -o build/liblayotto_guest.rlib sdk/layotto-guest/src/lib.rs
compile --crate-type cdylib -C lto=fat -C strip=debuginfo \
  --extern layotto_guest=build/liblayotto_guest.rlib -o "build/__NAME__.wasm" src/lib.rs
