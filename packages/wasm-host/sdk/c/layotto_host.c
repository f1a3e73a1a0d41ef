// Calls of the host.
#include "layotto.h"

#include "layotto_internal.h"
#include "layotto_raw.h"

#define ALL ((size_t)-1)
#define ARG(bytes) (bytes).at, (bytes).size

// Makes octets of what the host returned; an empty value has no address.
static lo_status returned(uint32_t status, const char *at, size_t size, lo_bytes *value) {
  *value = status != LO_OK ? lo_absent : at && size ? (lo_bytes){at, size} : LO("");
  return status;
}

#define RETURNED(value, call)                                                                                  \
  const char *at = 0;                                                                                          \
  size_t size = 0;                                                                                             \
  uint32_t status = call;                                                                                      \
  return returned(status, at, size, value)

// ---- Log and time

void lo_log(lo_log_level level, lo_bytes message) { proxy_log(level, ARG(message)); }

uint64_t lo_now(void) {
  uint64_t time = 0;
  return proxy_get_current_time_nanoseconds(&time) == LO_OK ? time : 0;
}

// ---- Headers and bodies

static lo_status get_header(lo_map map, lo_bytes name, lo_bytes *value) {
  RETURNED(value, proxy_get_header_map_value(map, ARG(name), &at, &size));
}

lo_bytes lo_header(lo_map map, lo_bytes name) {
  lo_bytes value;
  get_header(map, name, &value);
  return value;
}

lo_status lo_set_header(lo_map map, lo_bytes name, lo_bytes value) {
  return proxy_replace_header_map_value(map, ARG(name), ARG(value));
}

lo_status lo_add_header(lo_map map, lo_bytes name, lo_bytes value) {
  return proxy_add_header_map_value(map, ARG(name), ARG(value));
}

lo_status lo_remove_header(lo_map map, lo_bytes name) { return proxy_remove_header_map_value(map, ARG(name)); }

static lo_status get_pairs(lo_map map, lo_bytes *pairs) {
  RETURNED(pairs, proxy_get_header_map_pairs(map, &at, &size));
}

lo_pairs lo_all_headers(lo_map map) {
  lo_bytes pairs;
  get_pairs(map, &pairs);
  return lo__decode(pairs);
}

lo_status lo_set_all_headers(lo_map map, lo_pairs pairs) {
  lo_bytes bytes = lo__encode(pairs);
  return proxy_set_header_map_pairs(map, ARG(bytes));
}

size_t lo_body_size(lo_body body) {
  uint32_t size = 0, unused = 0;
  return proxy_get_buffer_status(body, &size, &unused) == LO_OK ? size : 0;
}

static lo_status get_buffer(uint32_t buffer, lo_bytes *value) {
  RETURNED(value, proxy_get_buffer_bytes(buffer, 0, ALL, &at, &size));
}

lo_bytes lo_body_bytes(lo_body body) {
  lo_bytes value;
  return get_buffer(body, &value) == LO_OK ? value : LO("");
}

lo_status lo_set_body(lo_body body, lo_bytes bytes) { return proxy_set_buffer_bytes(body, 0, ALL, ARG(bytes)); }

lo_status lo_append_body(lo_body body, lo_bytes bytes) {
  return proxy_set_buffer_bytes(body, ALL, 0, ARG(bytes));
}

// ---- The exchange

lo_status lo_send_response(uint32_t status, lo_bytes body, lo_pairs headers, int32_t grpc_status) {
  lo_bytes pairs = lo__encode(headers);
  return proxy_send_local_response(status, "", 0, ARG(body), ARG(pairs), grpc_status);
}

lo_status lo_continue_request(void) { return proxy_continue_stream(0); }

lo_status lo_continue_response(void) { return proxy_continue_stream(1); }

// proxy-wasm separates the parts of a path by NUL.
static lo_bytes path_bytes(lo_bytes path) {
  char *at = lo_alloc(path.size);
  for (size_t i = 0; i < path.size; i++) at[i] = path.at[i] == '.' ? 0 : path.at[i];
  return (lo_bytes){at, path.size};
}

static lo_status get_property(lo_bytes path, lo_bytes *value) {
  RETURNED(value, proxy_get_property(ARG(path), &at, &size));
}

lo_bytes lo_property(lo_bytes path) {
  lo_bytes value;
  get_property(path_bytes(path), &value);
  return value;
}

lo_status lo_set_property(lo_bytes path, lo_bytes value) {
  lo_bytes name = path_bytes(path);
  return proxy_set_property(ARG(name), ARG(value));
}

// ---- Data, queues and metrics

lo_status lo_get_shared(lo_bytes key, lo_bytes *value, uint32_t *cas) {
  *cas = 0;
  RETURNED(value, proxy_get_shared_data(ARG(key), &at, &size, cas));
}

lo_status lo_set_shared(lo_bytes key, lo_bytes value, uint32_t cas) {
  return proxy_set_shared_data(ARG(key), ARG(value), cas);
}

lo_status lo_register_queue(lo_bytes name, uint32_t *queue) {
  *queue = 0;
  return proxy_register_shared_queue(ARG(name), queue);
}

lo_status lo_resolve_queue(lo_bytes vm_id, lo_bytes name, uint32_t *queue) {
  *queue = 0;
  return proxy_resolve_shared_queue(ARG(vm_id), ARG(name), queue);
}

lo_status lo_enqueue(uint32_t queue, lo_bytes value) { return proxy_enqueue_shared_queue(queue, ARG(value)); }

lo_status lo_dequeue(uint32_t queue, lo_bytes *value) {
  RETURNED(value, proxy_dequeue_shared_queue(queue, &at, &size));
}

lo_status lo_define_metric(lo_metric_kind kind, lo_bytes name, uint32_t *metric) {
  *metric = 0;
  return proxy_define_metric(kind, ARG(name), metric);
}

lo_status lo_add_metric(uint32_t metric, int64_t offset) { return proxy_increment_metric(metric, offset); }

lo_status lo_record_metric(uint32_t metric, uint64_t value) { return proxy_record_metric(metric, value); }

lo_status lo_metric_value(uint32_t metric, uint64_t *value) {
  *value = 0;
  return proxy_get_metric(metric, value);
}

// ---- Layotto's Runtime API

lo_status lo_get_state(lo_bytes store, lo_bytes key, lo_bytes *value) {
  RETURNED(value, proxy_get_state(ARG(store), ARG(key), &at, &size));
}

lo_status lo_set_state(lo_bytes store, lo_bytes key, lo_bytes value) {
  return proxy_set_state(ARG(store), ARG(key), ARG(value));
}

lo_status lo_delete_state(lo_bytes store, lo_bytes key) { return proxy_delete_state(ARG(store), ARG(key)); }

lo_status lo_publish(lo_bytes component, lo_bytes topic, lo_bytes data, lo_bytes content_type) {
  return proxy_publish_event(ARG(component), ARG(topic), ARG(content_type), ARG(data));
}

lo_status lo_try_lock(lo_bytes store, lo_bytes resource, lo_bytes owner, uint32_t seconds, bool *acquired) {
  uint32_t result = 0;
  lo_status status = proxy_try_lock(ARG(store), ARG(resource), ARG(owner), seconds, &result);
  *acquired = status == LO_OK && result == 1;
  return status;
}

lo_status lo_unlock(lo_bytes store, lo_bytes resource, lo_bytes owner, lo_unlocked *result) {
  uint32_t number = LO_UNLOCK_ERROR;
  lo_status status = proxy_unlock(ARG(store), ARG(resource), ARG(owner), &number);
  *result = number < LO_UNLOCK_ERROR ? (lo_unlocked)number : LO_UNLOCK_ERROR;
  return status;
}

lo_status lo_next_id(lo_bytes store, lo_bytes key, int64_t *id) {
  *id = 0;
  return proxy_get_next_id(ARG(store), ARG(key), (uint64_t *)id);
}

static lo_status get_secret(lo_bytes store, lo_bytes name, lo_bytes *pairs) {
  RETURNED(pairs, proxy_get_secret(ARG(store), ARG(name), &at, &size));
}

lo_status lo_get_secret(lo_bytes store, lo_bytes name, lo_pairs *values) {
  lo_bytes pairs;
  lo_status status = get_secret(store, name, &pairs);
  *values = lo__decode(pairs);
  return status;
}

lo_status lo_get_configuration_item(lo_bytes store, lo_bytes key, lo_bytes *value) {
  RETURNED(value, proxy_get_configuration_item(ARG(store), ARG(key), &at, &size));
}

lo_status lo_invoke_service(lo_bytes id, lo_bytes method, lo_bytes data, lo_bytes *result) {
  RETURNED(result, proxy_invoke_service(ARG(id), ARG(method), ARG(data), &at, &size));
}

lo_status lo_call_foreign_function(lo_bytes name, lo_bytes input, lo_bytes *result) {
  RETURNED(result, proxy_call_foreign_function(ARG(name), ARG(input), &at, &size));
}

// ---- The module

lo_bytes lo_config(void) {
  lo_bytes value;
  return get_buffer(7, &value) == LO_OK ? value : LO("");
}

lo_bytes lo_config_value(lo_bytes key) {
  lo_pairs pairs = lo__decode(lo_config());
  for (size_t i = 0; i < pairs.count; i++)
    if (lo_equal(pairs.at[i].name, key)) return pairs.at[i].value;
  return lo_absent;
}

lo_status lo_set_tick_period(uint32_t ms) { return proxy_set_tick_period_milliseconds(ms); }

void lo__tell_id(lo_bytes id) { proxy_set_buffer_bytes(8, 0, ALL, ARG(id)); }
