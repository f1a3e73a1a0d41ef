import type { FlatHeaders } from "./streams.ts";

/** Status codes of proxy-wasm (proxy-wasm/spec, abi-versions/v0.2.1, proxy_status_t). */
export const WasmStatus = {
  OK: 0,
  NOT_FOUND: 1,
  BAD_ARGUMENT: 2,
  SERIALIZATION_FAILURE: 3,
  PARSE_FAILURE: 4,
  INVALID_MEMORY_ACCESS: 6,
  EMPTY: 7,
  CAS_MISMATCH: 8,
  INTERNAL_FAILURE: 10,
  UNIMPLEMENTED: 12,
} as const;

export type WasmStatus = (typeof WasmStatus)[keyof typeof WasmStatus];

/**
 * What a guest asks of the main thread, by name with its arguments. `value` of the answer is empty and `extra` 0 where
 * nothing is said.
 */
export interface HostCalls {
  get_state: [store: string, key: string]; // value
  save_state: [store: string, key: string, value: Uint8Array];
  delete_state: [store: string, key: string];
  publish_event: [component: string, topic: string, contentType: string, data: Uint8Array];
  /** extra: 1 when the lock is held now, 0 when somebody else has it. */
  try_lock: [store: string, resource: string, owner: string, seconds: number];
  /** extra: status of UnlockResponse. */
  unlock: [store: string, resource: string, owner: string];
  /** value: the id, 8 octets little endian. */
  get_next_id: [store: string, key: string];
  /** value: serialized header map of the secret's keys and values. */
  get_secret: [store: string, name: string];
  get_configuration: [store: string, key: string]; // value
  invoke_service: [id: string, method: string, data: Uint8Array]; // value
  get_shared_data: [key: string]; // value; extra: CAS number
  set_shared_data: [key: string, value: Uint8Array, cas: number];
  register_queue: [name: string]; // extra: queue id
  resolve_queue: [vmId: string, name: string]; // extra: queue id
  enqueue: [queue: number, data: Uint8Array];
  dequeue: [queue: number]; // value
  /** type 0 counter, 1 gauge, 2 histogram; extra: metric id */
  define_metric: [type: number, name: string];
  record_metric: [id: number, value: bigint];
  increment_metric: [id: number, offset: bigint];
  get_metric: [id: number]; // value: 8 octets little endian
  /** extra: call id. The answer comes as an event. */
  http_call: [upstream: string, headers: FlatHeaders, body: Uint8Array, trailers: FlatHeaders, timeoutMs: number];
  /** extra: call id. */
  grpc_call: [upstream: string, service: string, method: string, metadata: FlatHeaders, message: Uint8Array, timeoutMs: number];
  /** extra: call id. */
  grpc_stream: [upstream: string, service: string, method: string, metadata: FlatHeaders];
  grpc_send: [call: number, message: Uint8Array, end: boolean];
  grpc_cancel: [call: number];
  grpc_close: [call: number];
} // prettier-ignore

export type HostOp = keyof HostCalls;

/** One host call on its way to the main thread. */
export type HostCall = {
  [Op in HostOp]: { readonly op: Op; readonly args: HostCalls[Op] };
}[HostOp];

/** What comes back. */
export interface HostAnswer {
  readonly status: WasmStatus;
  readonly value: Uint8Array;
  readonly extra: number;
}

/** What the main thread tells an instance of its own accord; it runs as an activation of its own. */
export type GuestEvent =
  | { readonly kind: "tick" }
  | { readonly kind: "queue-ready"; readonly queue: number }
  /** No headers at all: the call failed. */
  | { readonly kind: "http-response"; readonly call: number; readonly headers: FlatHeaders; readonly body: Uint8Array; readonly trailers: FlatHeaders }
  | { readonly kind: "grpc-initial"; readonly call: number; readonly metadata: FlatHeaders }
  | { readonly kind: "grpc-message"; readonly call: number; readonly message: Uint8Array }
  | { readonly kind: "grpc-trailing"; readonly call: number; readonly metadata: FlatHeaders }
  | { readonly kind: "grpc-close"; readonly call: number; readonly status: number; readonly message: string }; // prettier-ignore
