/** Versions of proxy-wasm that the suite covers. */
export const abiVersions = ["0.1.0", "0.2.0", "0.2.1"] as const;
export type AbiVersion = (typeof abiVersions)[number];

/** Callbacks in which host functions are tried, in the order in which they come. */
export const moments = [
  "start",
  "vm_start",
  "configure",
  "request_headers",
  "http_call_response",
  "request_body",
  "request_trailers",
  "response_headers",
  "response_body",
  "response_trailers",
  "tick",
  "queue_ready",
  "done",
  "log",
] as const;
export type Moment = (typeof moments)[number];

/** proxy_status_t and wasi_errno_t of the specification, by the names that it gives them. */
export const Status = {
  OK: 0,
  NOT_FOUND: 1,
  BAD_ARGUMENT: 2,
  PARSE_FAILURE: 4,
  INVALID_MEMORY_ACCESS: 6,
  EMPTY: 7,
  CAS_MISMATCH: 8,
  INTERNAL_FAILURE: 10,
  UNIMPLEMENTED: 12,
  BADF: 8,
  FAULT: 21,
  INVAL: 28,
  NOTSUP: 58,
} as const;

/** Export of a module that is called at a moment. */
export function callbackOf(moment: Moment): string {
  return moment === "start" ? "_initialize" : `proxy_on_${moment}`;
}

/** Parameters and result of callbacks, as the specification writes them: all are i32. */
export const callbacks: Readonly<Record<string, { params: number; result: boolean }>> = {
  _initialize: { params: 0, result: false },
  _start: { params: 0, result: false },
  main: { params: 2, result: true },
  proxy_get_id: { params: 0, result: false },
  proxy_on_context_create: { params: 2, result: false },
  proxy_on_vm_start: { params: 2, result: true },
  proxy_on_configure: { params: 2, result: true },
  proxy_on_tick: { params: 1, result: false },
  proxy_on_queue_ready: { params: 2, result: false },
  proxy_on_request_headers: { params: 3, result: true },
  proxy_on_request_body: { params: 3, result: true },
  proxy_on_request_trailers: { params: 2, result: true },
  proxy_on_response_headers: { params: 3, result: true },
  proxy_on_response_body: { params: 3, result: true },
  proxy_on_response_trailers: { params: 2, result: true },
  proxy_on_http_call_response: { params: 5, result: false },
  proxy_on_grpc_receive_initial_metadata: { params: 3, result: false },
  proxy_on_grpc_receive: { params: 3, result: false },
  proxy_on_grpc_receive_trailing_metadata: { params: 3, result: false },
  proxy_on_grpc_close: { params: 3, result: false },
  proxy_on_foreign_function: { params: 3, result: false },
  proxy_on_done: { params: 1, result: true },
  proxy_on_log: { params: 1, result: false },
  proxy_on_delete: { params: 1, result: false },
};

/** Parameters of a callback in a version: header callbacks of 0.1.0 are not told of the end of the stream. */
export function parametersOf(callback: string, version: AbiVersion): number {
  const old = version === "0.1.0" && /^proxy_on_(request|response)_headers$/u.test(callback);
  return old ? 2 : (callbacks[callback]?.params ?? 0);
}

/** Host functions by their parameters, as the specification writes them: `i` i32, `I` i64. All return an i32. */
export const hostFunctions: Readonly<Record<string, string>> = {
  proxy_done: "",
  proxy_set_effective_context: "i",
  proxy_log: "iii",
  proxy_get_log_level: "i",
  proxy_get_current_time_nanoseconds: "i",
  proxy_set_tick_period_milliseconds: "i",
  proxy_get_configuration: "ii",
  proxy_set_buffer_bytes: "iiiii",
  proxy_get_buffer_bytes: "iiiii",
  proxy_get_buffer_status: "iii",
  proxy_get_header_map_size: "ii",
  proxy_get_header_map_pairs: "iii",
  proxy_set_header_map_pairs: "iii",
  proxy_get_header_map_value: "iiiii",
  proxy_add_header_map_value: "iiiii",
  proxy_replace_header_map_value: "iiiii",
  proxy_remove_header_map_value: "iii",
  proxy_continue_stream: "i",
  proxy_continue_request: "",
  proxy_continue_response: "",
  proxy_clear_route_cache: "",
  proxy_close_stream: "i",
  proxy_get_status: "iii",
  proxy_send_local_response: "iiiiiiii",
  proxy_http_call: "iiiiiiiiii",
  proxy_grpc_call: "iiiiiiiiiiii",
  proxy_grpc_stream: "iiiiiiiii",
  proxy_grpc_send: "iiii",
  proxy_grpc_cancel: "i",
  proxy_grpc_close: "i",
  proxy_set_shared_data: "iiiii",
  proxy_get_shared_data: "iiiii",
  proxy_register_shared_queue: "iii",
  proxy_resolve_shared_queue: "iiiii",
  proxy_enqueue_shared_queue: "iii",
  proxy_dequeue_shared_queue: "iii",
  proxy_define_metric: "iiii",
  proxy_record_metric: "iI",
  proxy_increment_metric: "iI",
  proxy_get_metric: "ii",
  proxy_get_property: "iiii",
  proxy_set_property: "iiii",
  proxy_call_foreign_function: "iiiiii",
  proxy_get_state: "iiiiii",
  proxy_invoke_service: "iiiiiiii",
  fd_write: "iiii",
  clock_time_get: "iIi",
  random_get: "ii",
  environ_sizes_get: "ii",
  environ_get: "ii",
  args_sizes_get: "ii",
  args_get: "ii",
};

const onlyOld = new Set([
  "proxy_get_configuration",
  "proxy_continue_request",
  "proxy_continue_response",
  "proxy_clear_route_cache",
]);
const since020 = new Set(["proxy_continue_stream", "proxy_close_stream"]);

/** Whether a version of the specification has a host function. */
export function isIn(name: string, version: AbiVersion): boolean {
  if (name === "proxy_get_log_level") return version === "0.2.1";
  if (since020.has(name)) return version !== "0.1.0";
  return onlyOld.has(name) ? version === "0.1.0" : true;
}
