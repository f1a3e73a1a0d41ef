export { RpcError, defineErrors, type ErrorRow, type RpcErrorInit } from "./errors.ts";
