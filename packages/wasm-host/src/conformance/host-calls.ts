import { encodeHeaders } from "../abi/header-bytes.ts";
import { type Moment, Status as S } from "./abi.ts";
import { at, type HostCallRow } from "./host-call-row.ts";
import { out, out2, out3, outside } from "./testing/guest-writer.ts";

/** Where the guest of the table keeps what it has made at its start. */
export const kept = { jobs: 80, counter: 84, empty: 88, gauge: 92, sink: 96 } as const;

const root: readonly Moment[] = ["start", "vm_start", "configure", "tick", "queue_ready"];
const request: readonly Moment[] = [
  "request_headers",
  "http_call_response",
  "request_body",
  "request_trailers",
];
const response: readonly Moment[] = ["response_headers", "response_body", "response_trailers"];
const end: readonly Moment[] = ["done", "log"];
const pairs = encodeHeaders([":path", "/", "x-one", "1"]);
const head = encodeHeaders([":method", "GET", ":path", "/", ":authority", "catalog"]);

const row = (
  name: string,
  with_: string,
  args: HostCallRow["args"],
  status: HostCallRow["status"],
  more: Partial<HostCallRow> = {},
): HostCallRow => ({ name, with: with_, args, status, ...more });

const general: readonly HostCallRow[] = [
  row("proxy_log", "a message", [0, "x"], S.OK),
  row("proxy_log", "level 6", [6, "x"], S.BAD_ARGUMENT),
  row("proxy_log", "a bad address", [0, outside, 4], S.INVALID_MEMORY_ACCESS),
  row("proxy_get_log_level", "", [out], S.OK),
  row("proxy_get_log_level", "a bad address", [outside], S.INVALID_MEMORY_ACCESS),
  row("proxy_get_current_time_nanoseconds", "", [out], S.OK),
  row("proxy_get_current_time_nanoseconds", "a bad address", [outside], S.INVALID_MEMORY_ACCESS),
  row("proxy_set_tick_period_milliseconds", "15", [15], S.OK),
  row("proxy_get_configuration", "", [out, out2], S.OK, { note: "outside of both callbacks that of the plugin" }),
  row("proxy_get_configuration", "a bad address", [out, outside], S.INVALID_MEMORY_ACCESS),
  row("proxy_set_effective_context", "the root", [1], { otherwise: S.OK, start: S.BAD_ARGUMENT }, { alone: true }),
  row("proxy_set_effective_context", "an unknown one", [999], S.BAD_ARGUMENT),
  row("proxy_done", "a context that does not wait for it", [], S.NOT_FOUND),
]; // prettier-ignore

const requestBody: readonly Moment[] = ["request_body", "request_trailers"];
const responseBody: readonly Moment[] = ["response_body", "response_trailers"];
const toTrailers = "to the end of its phase";

function bufferRows(): HostCallRow[] {
  const get = (buffer: number): HostCallRow["args"] => [buffer, 0, 9, out, out2];
  const names: readonly [number, string, HostCallRow["status"], string?][] = [
    [0, "HTTP_REQUEST_BODY", at(requestBody, S.OK, S.NOT_FOUND), toTrailers],
    [1, "HTTP_RESPONSE_BODY", at(responseBody, S.OK, S.NOT_FOUND), toTrailers],
    [2, "DOWNSTREAM_DATA", S.NOT_FOUND],
    [3, "UPSTREAM_DATA", S.NOT_FOUND],
    [4, "HTTP_CALL_RESPONSE_BODY", at(["http_call_response"], S.OK, S.NOT_FOUND)],
    [5, "GRPC_CALL_MESSAGE", S.NOT_FOUND],
    [6, "VM_CONFIGURATION", S.OK, "always"],
    [7, "PLUGIN_CONFIGURATION", S.OK, "always"],
    [8, "FOREIGN_FUNCTION_ARGUMENTS", S.NOT_FOUND],
    [9, "buffer 9", S.BAD_ARGUMENT],
  ];
  return names.flatMap(([number, name, status, note]) => [
    row("proxy_get_buffer_bytes", name, get(number), status, note === undefined ? {} : { note }),
    row("proxy_get_buffer_status", name, [number, out, out2], status),
  ]);
}

const append = 0xffff_ffff;
const buffers: readonly HostCallRow[] = [
  ...bufferRows(),
  row("proxy_get_buffer_bytes", "start + size beyond 32 bits", [6, 1, 0xffff_ffff, out, out2], S.BAD_ARGUMENT),
  row("proxy_get_buffer_bytes", "a bad address", [6, 0, 9, outside, out2], S.INVALID_MEMORY_ACCESS),
  row("proxy_get_buffer_status", "a bad address", [6, out, outside], S.INVALID_MEMORY_ACCESS),
  row("proxy_set_buffer_bytes", "HTTP_REQUEST_BODY", [0, append, 0, "+"], at(requestBody, S.OK, S.NOT_FOUND)),
  row("proxy_set_buffer_bytes", "HTTP_RESPONSE_BODY", [1, append, 0, "+"], at(responseBody, S.OK, S.NOT_FOUND)),
  row("proxy_set_buffer_bytes", "a bad address", [0, 0, 0, outside, 4], at(requestBody, S.INVALID_MEMORY_ACCESS, S.NOT_FOUND)),
  row("proxy_set_buffer_bytes", "HTTP_CALL_RESPONSE_BODY", [4, 0, 0, "x"], at(["http_call_response"], S.BAD_ARGUMENT, S.NOT_FOUND)),
  row("proxy_set_buffer_bytes", "PLUGIN_CONFIGURATION", [7, 0, 0, "x"], S.BAD_ARGUMENT),
  row("proxy_set_buffer_bytes", "buffer 9", [9, 0, 0, "x"], S.BAD_ARGUMENT),
]; // prettier-ignore

/** Map, its name, when it can be read, when it can be changed. */
const maps: readonly (readonly [number, string, readonly Moment[], readonly Moment[], string?])[] = [
  [0, "HTTP_REQUEST_HEADERS", [...request, ...response, ...end], request, toTrailers],
  [1, "HTTP_REQUEST_TRAILERS", ["request_trailers", ...response, ...end], ["request_trailers"]],
  [2, "HTTP_RESPONSE_HEADERS", [...response, ...end], response, toTrailers],
  [3, "HTTP_RESPONSE_TRAILERS", ["response_trailers", ...end], ["response_trailers"]],
  [4, "GRPC_CALL_INITIAL_METADATA", [], []],
  [5, "GRPC_CALL_TRAILING_METADATA", [], []],
  [6, "HTTP_CALL_RESPONSE_HEADERS", ["http_call_response"], []],
  [7, "HTTP_CALL_RESPONSE_TRAILERS", ["http_call_response"], []],
  [8, "map 8", [], []],
]; // prettier-ignore

function mapRows(): HostCallRow[] {
  return maps.flatMap(([map, name, readable, writable, note]) => {
    const read = at(readable, S.OK, S.BAD_ARGUMENT);
    const write = at(writable, S.OK, S.BAD_ARGUMENT);
    return [
      row("proxy_get_header_map_size", name, [map, out], read),
      row("proxy_get_header_map_pairs", name, [map, out, out2], read),
      row("proxy_get_header_map_value", `${name}, a key that is not there`, [map, "none", out, out2], at(readable, S.NOT_FOUND, S.BAD_ARGUMENT), { old: read }),
      row("proxy_add_header_map_value", name, [map, "x-new", "1"], write, note === undefined ? {} : { note }),
      row("proxy_replace_header_map_value", name, [map, "x-new", "2"], write),
      row("proxy_remove_header_map_value", name, [map, "none"], write),
      row("proxy_set_header_map_pairs", name, [map, pairs], write),
    ];
  });
} // prettier-ignore

const readable = [...request, ...response, ...end];
const headers: readonly HostCallRow[] = [
  ...mapRows(),
  row("proxy_get_header_map_size", "a bad address", [0, outside], at(readable, S.INVALID_MEMORY_ACCESS, S.BAD_ARGUMENT)),
  row("proxy_get_header_map_pairs", "a bad address", [0, out, outside], at(readable, S.INVALID_MEMORY_ACCESS, S.BAD_ARGUMENT)),
  row("proxy_get_header_map_value", "a bad address", [0, outside, 1, out, out2], at(readable, S.INVALID_MEMORY_ACCESS, S.BAD_ARGUMENT)),
  row("proxy_add_header_map_value", "a bad address", [0, outside, 1, "v"], S.INVALID_MEMORY_ACCESS),
  row("proxy_replace_header_map_value", "a bad address", [0, "k", outside, 1], S.INVALID_MEMORY_ACCESS),
  row("proxy_remove_header_map_value", "a bad address", [0, outside, 1], S.INVALID_MEMORY_ACCESS),
  row("proxy_set_header_map_pairs", "a bad address", [0, outside, 8], S.INVALID_MEMORY_ACCESS),
  row("proxy_set_header_map_pairs", "no map", [0, new Uint8Array([9, 9, 9, 9, 9])], S.PARSE_FAILURE, { note: "the specification does not say" }),
]; // prettier-ignore

const inExchange = at([...request, ...response, ...end], S.OK, S.BAD_ARGUMENT);
const beforeEnd = at([...request, ...response], S.OK, S.BAD_ARGUMENT);
const streams: readonly HostCallRow[] = [
  row("proxy_continue_stream", "HTTP_REQUEST", [0], inExchange, { alone: true }),
  row("proxy_continue_stream", "HTTP_RESPONSE", [1], inExchange, { alone: true }),
  row("proxy_continue_stream", "DOWNSTREAM", [2], S.UNIMPLEMENTED),
  row("proxy_continue_stream", "type 4", [4], S.BAD_ARGUMENT),
  row("proxy_continue_request", "", [], inExchange, { alone: true }),
  row("proxy_continue_response", "", [], inExchange, { alone: true }),
  row("proxy_clear_route_cache", "", [], S.OK, { note: "there is none to clear" }),
  row("proxy_close_stream", "HTTP_REQUEST", [0], beforeEnd, { alone: true }),
  row("proxy_close_stream", "UPSTREAM", [3], S.UNIMPLEMENTED),
  row("proxy_close_stream", "type 4", [4], S.BAD_ARGUMENT),
  row("proxy_get_status", "", [out, out2, out3], at(["http_call_response"], S.OK, S.BAD_ARGUMENT), { note: "outside of its callbacks the specification does not say" }),
  row("proxy_send_local_response", "", [403, "", "no", encodeHeaders(["x-why", "test"]), -1], beforeEnd, { alone: true }),
  row("proxy_send_local_response", "a bad address", [403, "", outside, 2, "", -1], at(root, S.BAD_ARGUMENT, S.INVALID_MEMORY_ACCESS)),
]; // prettier-ignore

const calls: readonly HostCallRow[] = [
  row("proxy_http_call", "", ["catalog", head, "", "", 1000, out], S.OK, { alone: true, note: "at any time" }),
  row("proxy_http_call", "an unknown upstream", ["nowhere", head, "", "", 1000, out], S.BAD_ARGUMENT),
  row("proxy_http_call", "headers without :path", ["catalog", encodeHeaders([":method", "GET"]), "", "", 1000, out], S.BAD_ARGUMENT),
  row("proxy_http_call", "a bad address", ["catalog", head, "", "", 1000, outside], S.INVALID_MEMORY_ACCESS),
  row("proxy_grpc_call", "an unknown upstream", ["nowhere", "a.B", "C", "", "", 1000, out], S.PARSE_FAILURE),
  row("proxy_grpc_call", "a bad address", ["nowhere", "a.B", "C", "", outside, 2, 1000, out], S.INVALID_MEMORY_ACCESS),
  row("proxy_grpc_stream", "an unknown upstream", ["nowhere", "a.B", "C", "", out], S.PARSE_FAILURE),
  row("proxy_grpc_stream", "a bad address", ["nowhere", "a.B", "C", "", outside], S.INVALID_MEMORY_ACCESS),
  row("proxy_grpc_send", "an unknown stream", [999, "x", 0], S.NOT_FOUND),
  row("proxy_grpc_cancel", "an unknown call", [999], S.NOT_FOUND),
  row("proxy_grpc_close", "an unknown call", [999], S.NOT_FOUND),
]; // prettier-ignore

const shared: readonly HostCallRow[] = [
  row("proxy_set_shared_data", "", ["known", "value", 0], S.OK),
  row("proxy_set_shared_data", "a wrong number", ["known", "value", 0x7fff_ffff], S.CAS_MISMATCH),
  row("proxy_set_shared_data", "a bad address", ["known", outside, 4, 0], S.INVALID_MEMORY_ACCESS),
  row("proxy_get_shared_data", "", ["known", out, out2, out3], S.OK),
  row("proxy_get_shared_data", "an unknown key", ["none", out, out2, out3], S.NOT_FOUND),
  row("proxy_get_shared_data", "a bad address", ["known", out, out2, outside], S.INVALID_MEMORY_ACCESS),
  row("proxy_register_shared_queue", "one that there is", ["jobs", out], S.OK),
  row("proxy_register_shared_queue", "a bad address", ["jobs", outside], S.INVALID_MEMORY_ACCESS),
  row("proxy_resolve_shared_queue", "", ["", "jobs", out], S.OK),
  row("proxy_resolve_shared_queue", "an unknown name", ["", "none", out], S.NOT_FOUND),
  row("proxy_resolve_shared_queue", "a bad address", ["", "jobs", outside], S.INVALID_MEMORY_ACCESS),
  row("proxy_enqueue_shared_queue", "", [{ at: kept.sink }, "item"], S.OK),
  row("proxy_enqueue_shared_queue", "an unknown queue", [999_999, "item"], S.NOT_FOUND),
  row("proxy_enqueue_shared_queue", "a bad address", [{ at: kept.sink }, outside, 4], S.INVALID_MEMORY_ACCESS),
  row("proxy_dequeue_shared_queue", "", [{ at: kept.sink }, out, out2], S.OK),
  row("proxy_dequeue_shared_queue", "an empty one", [{ at: kept.empty }, out, out2], S.EMPTY),
  row("proxy_dequeue_shared_queue", "an unknown queue", [999_999, out, out2], S.NOT_FOUND),
  row("proxy_dequeue_shared_queue", "a bad address", [{ at: kept.sink }, out, outside], S.INVALID_MEMORY_ACCESS),
]; // prettier-ignore

const figures: readonly HostCallRow[] = [
  row("proxy_define_metric", "COUNTER", [0, "seen", out], S.OK),
  row("proxy_define_metric", "GAUGE", [1, "open", out], S.OK),
  row("proxy_define_metric", "HISTOGRAM", [2, "time", out], S.OK),
  row("proxy_define_metric", "type 3", [3, "other", out], S.BAD_ARGUMENT),
  row("proxy_define_metric", "a bad address", [0, "seen", outside], S.INVALID_MEMORY_ACCESS),
  row("proxy_increment_metric", "a counter", [{ at: kept.counter }, 2n], S.OK),
  row("proxy_increment_metric", "a counter, downwards", [{ at: kept.counter }, -1n], S.BAD_ARGUMENT),
  row("proxy_increment_metric", "an unknown one", [999_999, 1n], S.NOT_FOUND),
  row("proxy_record_metric", "a gauge", [{ at: kept.gauge }, 7n], S.OK),
  row("proxy_record_metric", "an unknown one", [999_999, 1n], S.NOT_FOUND),
  row("proxy_get_metric", "", [{ at: kept.gauge }, out], S.OK),
  row("proxy_get_metric", "an unknown one", [999_999, out], S.NOT_FOUND),
  row("proxy_get_metric", "a bad address", [{ at: kept.gauge }, outside], S.INVALID_MEMORY_ACCESS),
]; // prettier-ignore

const properties: readonly HostCallRow[] = [
  row("proxy_get_property", "plugin_name", ["plugin_name", out, out2], S.OK),
  row("proxy_get_property", "request.path", ["request\0path", out, out2], at(readable, S.OK, S.NOT_FOUND)),
  row("proxy_get_property", "an unknown one", ["no\0such", out, out2], S.NOT_FOUND),
  row("proxy_get_property", "a bad address", ["plugin_name", out, outside], S.INVALID_MEMORY_ACCESS),
  row("proxy_set_property", "one of its own", ["own", "value"], S.OK),
  row("proxy_set_property", "plugin_name", ["plugin_name", "value"], S.NOT_FOUND),
  row("proxy_set_property", "a bad address", ["own", outside, 4], S.INVALID_MEMORY_ACCESS),
  row("proxy_call_foreign_function", "an unknown one", ["none", "", out, out2], S.NOT_FOUND),
  row("proxy_call_foreign_function", "a bad address", [outside, 4, "", out, out2], S.INVALID_MEMORY_ACCESS),
  row("proxy_get_state", "a store that is not granted", ["store", "key", out, out2], S.INTERNAL_FAILURE),
  row("proxy_invoke_service", "a service that is not granted", ["id", "", "data", out, out2], S.INTERNAL_FAILURE),
]; // prettier-ignore

const wasi: readonly HostCallRow[] = [
  row("fd_write", "a file that is not there", [3, 0, 0, out], S.BADF),
  row("fd_write", "nothing to the standard output", [1, 0, 0, out], S.OK),
  row("fd_write", "a bad address", [1, outside, 1, out], S.FAULT),
  row("clock_time_get", "REALTIME", [0, 0n, out], S.OK),
  row("clock_time_get", "MONOTONIC", [1, 0n, out], S.OK),
  row("clock_time_get", "clock 9", [9, 0n, out], S.NOTSUP),
  row("clock_time_get", "a bad address", [0, 0n, outside], S.FAULT),
  row("random_get", "", [out, 8], S.OK),
  row("random_get", "a bad address", [outside, 8], S.FAULT),
  row("environ_sizes_get", "", [out, out2], S.OK),
  row("environ_sizes_get", "a bad address", [out, outside], S.FAULT),
  row("environ_get", "", [out, out2], S.OK),
  row("args_sizes_get", "", [out, out2], S.OK),
  row("args_sizes_get", "a bad address", [outside, out2], S.FAULT),
  row("args_get", "", [out, out2], S.OK),
]; // prettier-ignore

/**
 * All host functions of proxy-wasm 0.1.0, 0.2.0 and 0.2.1, the two of Layotto, and those of WASI that the specification
 * names, with the status that each returns at each moment of a filter's exchange. A function that makes the answer itself
 * may also read the request's body, and read and change its answer, from the first callback of the request on.
 */
export const hostCalls: readonly HostCallRow[] = [
  ...general,
  ...buffers,
  ...headers,
  ...streams,
  ...calls,
  ...shared,
  ...figures,
  ...properties,
  ...wasi,
];
