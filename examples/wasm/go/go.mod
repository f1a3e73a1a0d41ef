module examples

go 1.24

require layotto v0.0.0

replace layotto => ../../../packages/wasm-host/sdk/go
