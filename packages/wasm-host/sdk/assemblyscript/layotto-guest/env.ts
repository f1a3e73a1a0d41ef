// The host's functions as they are: proxy-wasm 0.2.1 and what Layotto adds. The file's name is the name of the imported
// module. A module imports only what it uses. Every function returns a Status; `…Out` is where the host writes a result.

export declare function proxy_log(level: u32, message: usize, messageSize: usize): u32;
export declare function proxy_get_log_level(levelOut: usize): u32;
export declare function proxy_get_current_time_nanoseconds(timeOut: usize): u32;
export declare function proxy_set_tick_period_milliseconds(period: u32): u32;
export declare function proxy_set_effective_context(context: u32): u32;
export declare function proxy_done(): u32;

export declare function proxy_get_buffer_bytes(
  buffer: u32,
  start: usize,
  maxSize: usize,
  valueOut: usize,
  sizeOut: usize,
): u32;
export declare function proxy_set_buffer_bytes(
  buffer: u32,
  start: usize,
  size: usize,
  value: usize,
  valueSize: usize,
): u32;
export declare function proxy_get_buffer_status(buffer: u32, sizeOut: usize, unusedOut: usize): u32;

export declare function proxy_get_header_map_size(map: u32, sizeOut: usize): u32;
export declare function proxy_get_header_map_pairs(map: u32, pairsOut: usize, sizeOut: usize): u32;
export declare function proxy_set_header_map_pairs(map: u32, pairs: usize, size: usize): u32;
export declare function proxy_get_header_map_value(
  map: u32,
  name: usize,
  nameSize: usize,
  valueOut: usize,
  sizeOut: usize,
): u32;
export declare function proxy_add_header_map_value(
  map: u32,
  name: usize,
  nameSize: usize,
  value: usize,
  valueSize: usize,
): u32;
export declare function proxy_replace_header_map_value(
  map: u32,
  name: usize,
  nameSize: usize,
  value: usize,
  valueSize: usize,
): u32;
export declare function proxy_remove_header_map_value(map: u32, name: usize, nameSize: usize): u32;

export declare function proxy_continue_stream(stream: u32): u32;
export declare function proxy_close_stream(stream: u32): u32;
export declare function proxy_send_local_response(
  code: u32,
  details: usize,
  detailsSize: usize,
  body: usize,
  bodySize: usize,
  headers: usize,
  headersSize: usize,
  grpcStatus: i32,
): u32;
export declare function proxy_get_property(
  path: usize,
  pathSize: usize,
  valueOut: usize,
  sizeOut: usize,
): u32;
export declare function proxy_set_property(
  path: usize,
  pathSize: usize,
  value: usize,
  valueSize: usize,
): u32;

export declare function proxy_get_shared_data(
  key: usize,
  keySize: usize,
  valueOut: usize,
  sizeOut: usize,
  casOut: usize,
): u32;
export declare function proxy_set_shared_data(
  key: usize,
  keySize: usize,
  value: usize,
  valueSize: usize,
  cas: u32,
): u32;
export declare function proxy_register_shared_queue(
  name: usize,
  nameSize: usize,
  queueOut: usize,
): u32;
export declare function proxy_resolve_shared_queue(
  vm: usize,
  vmSize: usize,
  name: usize,
  nameSize: usize,
  queueOut: usize,
): u32;
export declare function proxy_enqueue_shared_queue(queue: u32, value: usize, valueSize: usize): u32;
export declare function proxy_dequeue_shared_queue(
  queue: u32,
  valueOut: usize,
  sizeOut: usize,
): u32;

export declare function proxy_define_metric(
  kind: u32,
  name: usize,
  nameSize: usize,
  metricOut: usize,
): u32;
export declare function proxy_record_metric(metric: u32, value: u64): u32;
export declare function proxy_increment_metric(metric: u32, offset: i64): u32;
export declare function proxy_get_metric(metric: u32, valueOut: usize): u32;

export declare function proxy_http_call(
  upstream: usize,
  upstreamSize: usize,
  headers: usize,
  headersSize: usize,
  body: usize,
  bodySize: usize,
  trailers: usize,
  trailersSize: usize,
  timeoutMs: u32,
  callOut: usize,
): u32;
export declare function proxy_call_foreign_function(
  name: usize,
  nameSize: usize,
  input: usize,
  inputSize: usize,
  resultOut: usize,
  sizeOut: usize,
): u32;

// What Layotto adds.

export declare function proxy_get_state(
  store: usize,
  storeSize: usize,
  key: usize,
  keySize: usize,
  valueOut: usize,
  sizeOut: usize,
): u32;
export declare function proxy_set_state(
  store: usize,
  storeSize: usize,
  key: usize,
  keySize: usize,
  value: usize,
  valueSize: usize,
): u32;
export declare function proxy_delete_state(
  store: usize,
  storeSize: usize,
  key: usize,
  keySize: usize,
): u32;
export declare function proxy_publish_event(
  component: usize,
  componentSize: usize,
  topic: usize,
  topicSize: usize,
  contentType: usize,
  contentTypeSize: usize,
  data: usize,
  dataSize: usize,
): u32;
export declare function proxy_try_lock(
  store: usize,
  storeSize: usize,
  resource: usize,
  resourceSize: usize,
  owner: usize,
  ownerSize: usize,
  seconds: u32,
  acquiredOut: usize,
): u32;
export declare function proxy_unlock(
  store: usize,
  storeSize: usize,
  resource: usize,
  resourceSize: usize,
  owner: usize,
  ownerSize: usize,
  resultOut: usize,
): u32;
export declare function proxy_get_next_id(
  store: usize,
  storeSize: usize,
  key: usize,
  keySize: usize,
  idOut: usize,
): u32;
export declare function proxy_get_secret(
  store: usize,
  storeSize: usize,
  name: usize,
  nameSize: usize,
  pairsOut: usize,
  sizeOut: usize,
): u32;
export declare function proxy_get_configuration_item(
  store: usize,
  storeSize: usize,
  key: usize,
  keySize: usize,
  valueOut: usize,
  sizeOut: usize,
): u32;
export declare function proxy_invoke_service(
  id: usize,
  idSize: usize,
  method: usize,
  methodSize: usize,
  data: usize,
  dataSize: usize,
  resultOut: usize,
  sizeOut: usize,
): u32;
