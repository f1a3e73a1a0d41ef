// What a module of Layotto uses of its host. The pages of the other languages' SDKs have the same names.
//
//   #include "layotto.h"
//
//   static lo_response handle(const lo_request *request) {
//     return lo_text(lo_join(LO("Hello, "), lo_param(request, LO("name")), LO("!")));
//   }
//
//   LAYOTTO_FUNCTION("hello", handle)
//
// Nothing of libc is needed. Memory: whatever these functions return, and what lo_alloc gives, lives until the exchange
// that is being worked on is over; nothing of it is to be freed. What must live longer is copied with lo_keep.
#ifndef LAYOTTO_H
#define LAYOTTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Octets, or UTF-8 text, without a NUL at the end. Absent: `at` is NULL, which is not the same as empty.
typedef struct {
  const char *at;
  size_t size;
} lo_bytes;

// A literal text as lo_bytes.
#define LO(literal) ((lo_bytes){"" literal, sizeof(literal) - 1})

static const lo_bytes lo_absent = {0, 0};

static inline bool lo_present(lo_bytes bytes) { return bytes.at != 0; }

// What a call of the host came to.
typedef enum {
  LO_OK = 0,
  LO_NOT_FOUND = 1,
  LO_BAD_ARGUMENT = 2,
  LO_SERIALIZATION_FAILURE = 3,
  LO_PARSE_FAILURE = 4,
  LO_INVALID_MEMORY_ACCESS = 6,
  LO_EMPTY = 7,
  LO_CAS_MISMATCH = 8,
  // The API failed, the deadline has passed, or the function lacks a capability; the host's log says which.
  LO_INTERNAL_FAILURE = 10,
  LO_UNIMPLEMENTED = 12,
} lo_status;

// ---- Memory and texts

// Memory until the exchange is over. Never NULL: without memory the module traps.
void *lo_alloc(size_t size);
// A copy that lives until lo_free.
lo_bytes lo_keep(lo_bytes bytes);
void lo_free(lo_bytes kept);

bool lo_equal(lo_bytes a, lo_bytes b);
bool lo_starts_with(lo_bytes text, lo_bytes start);
// A number as decimal text.
lo_bytes lo_decimal(uint64_t number);
// The number that a text begins with; 0: none.
uint64_t lo_number(lo_bytes text);
// All parts one after the other; absent ones are nothing.
#define lo_join(...)                                                                                           \
  lo_join_parts((lo_bytes[]){__VA_ARGS__}, sizeof((lo_bytes[]){__VA_ARGS__}) / sizeof(lo_bytes))
lo_bytes lo_join_parts(const lo_bytes *parts, size_t count);
// A value of `name=value&name=value`, decoded; absent: there is no such name.
lo_bytes lo_form_value(lo_bytes form, lo_bytes name);

// ---- Log and time

typedef enum { LO_TRACE, LO_DEBUG, LO_INFO, LO_WARN, LO_ERROR, LO_CRITICAL } lo_log_level;

// Writes a line to the host's log.
void lo_log(lo_log_level level, lo_bytes message);
// Time since 1970, ns.
uint64_t lo_now(void);

// ---- Headers and bodies

// One header line, or one key of a secret.
typedef struct {
  lo_bytes name, value;
} lo_pair;

typedef struct {
  const lo_pair *at;
  size_t count;
} lo_pairs;

// No header lines.
static const lo_pairs lo_none = {0, 0};

typedef enum {
  LO_REQUEST_HEADERS = 0,
  LO_REQUEST_TRAILERS = 1,
  LO_RESPONSE_HEADERS = 2,
  LO_RESPONSE_TRAILERS = 3,
  // Of the answer to an HTTP call-out, during on_http_response.
  LO_CALL_HEADERS = 6,
  LO_CALL_TRAILERS = 7,
} lo_map;

// The value of a header, several lines joined by ", "; absent: there is none. Names are looked up without regard to case.
lo_bytes lo_header(lo_map map, lo_bytes name);
// Sets a header to one line.
lo_status lo_set_header(lo_map map, lo_bytes name, lo_bytes value);
// Adds a line.
lo_status lo_add_header(lo_map map, lo_bytes name, lo_bytes value);
lo_status lo_remove_header(lo_map map, lo_bytes name);
// All lines in order.
lo_pairs lo_all_headers(lo_map map);
// Puts these lines in place of all others.
lo_status lo_set_all_headers(lo_map map, lo_pairs pairs);

typedef enum {
  LO_REQUEST_BODY = 0,
  LO_RESPONSE_BODY = 1,
  // Of the answer to an HTTP call-out, during on_http_response.
  LO_CALL_BODY = 4,
} lo_body;

// Octets.
size_t lo_body_size(lo_body body);
// All of it; empty when there is none.
lo_bytes lo_body_bytes(lo_body body);
// Puts octets in place of all that is there.
lo_status lo_set_body(lo_body body, lo_bytes bytes);
lo_status lo_append_body(lo_body body, lo_bytes bytes);

// ---- The exchange

// Answers in place of the upstream. A filter returns LO_PAUSE after it. `grpc_status` is for callers that speak gRPC;
// −1: made from the HTTP status.
lo_status lo_send_response(uint32_t status, lo_bytes body, lo_pairs headers, int32_t grpc_status);
// Goes on with a request that a callback paused.
lo_status lo_continue_request(void);
// Goes on with a response that a callback paused.
lo_status lo_continue_response(void);
// A property by its path, e.g. "source.address"; absent: there is none.
lo_bytes lo_property(lo_bytes path);
// Sets a property, e.g. "layotto.cluster" in a hook of the mesh's step `route`.
lo_status lo_set_property(lo_bytes path, lo_bytes value);
// Begins an HTTP call to an upstream of the configuration, or to a host; the answer comes to on_http_response of the same
// filter, so return LO_PAUSE to wait for it. `headers` with ":method", ":path" and ":authority".
lo_status lo_http_call(lo_bytes upstream, lo_pairs headers, lo_bytes body, uint32_t timeout_ms, uint32_t *call);

// ---- Data, queues and metrics that the instances of a function share

// `cas` changes with every write.
lo_status lo_get_shared(lo_bytes key, lo_bytes *value, uint32_t *cas);
// `cas` of the value that was read; 0: whatever is there. LO_CAS_MISMATCH: somebody else has written meanwhile.
lo_status lo_set_shared(lo_bytes key, lo_bytes value, uint32_t cas);
// Makes a queue, or finds it; on_queue_ready is called when something comes in.
lo_status lo_register_queue(lo_bytes name, uint32_t *queue);
lo_status lo_resolve_queue(lo_bytes vm_id, lo_bytes name, uint32_t *queue);
lo_status lo_enqueue(uint32_t queue, lo_bytes value);
// LO_EMPTY: nothing is in it.
lo_status lo_dequeue(uint32_t queue, lo_bytes *value);

typedef enum { LO_COUNTER, LO_GAUGE, LO_HISTOGRAM } lo_metric_kind;

lo_status lo_define_metric(lo_metric_kind kind, lo_bytes name, uint32_t *metric);
// Counters and gauges.
lo_status lo_add_metric(uint32_t metric, int64_t offset);
// Gauges and histograms.
lo_status lo_record_metric(uint32_t metric, uint64_t value);
lo_status lo_metric_value(uint32_t metric, uint64_t *value);

// ---- Layotto's Runtime API
// Each call is answered before it returns. What a function may reach is named in its `capabilities`; everything else
// fails with LO_INTERNAL_FAILURE.

// Empty: there is no such key.
lo_status lo_get_state(lo_bytes store, lo_bytes key, lo_bytes *value);
lo_status lo_set_state(lo_bytes store, lo_bytes key, lo_bytes value);
lo_status lo_delete_state(lo_bytes store, lo_bytes key);
// `content_type` may be absent.
lo_status lo_publish(lo_bytes component, lo_bytes topic, lo_bytes data, lo_bytes content_type);
// `acquired` false: somebody else has it.
lo_status lo_try_lock(lo_bytes store, lo_bytes resource, lo_bytes owner, uint32_t seconds, bool *acquired);

typedef enum { LO_RELEASED, LO_NO_SUCH_LOCK, LO_OF_SOMEBODY_ELSE, LO_UNLOCK_ERROR } lo_unlocked;

lo_status lo_unlock(lo_bytes store, lo_bytes resource, lo_bytes owner, lo_unlocked *result);
// The next id of a sequence.
lo_status lo_next_id(lo_bytes store, lo_bytes key, int64_t *id);
// The keys and values of a secret.
lo_status lo_get_secret(lo_bytes store, lo_bytes name, lo_pairs *values);
// LO_NOT_FOUND: there is none.
lo_status lo_get_configuration_item(lo_bytes store, lo_bytes key, lo_bytes *value);
// Calls another function, or a service of the mesh, by its id. `method` may be absent.
lo_status lo_invoke_service(lo_bytes id, lo_bytes method, lo_bytes data, lo_bytes *result);
// Calls a function that only this host has.
lo_status lo_call_foreign_function(lo_bytes name, lo_bytes input, lo_bytes *result);

// ---- The module

// Plugin configuration of the function, during on_configure: where it is a text, and a value where it is a map.
lo_bytes lo_config(void);
lo_bytes lo_config_value(lo_bytes key);
// 0: no ticks.
lo_status lo_set_tick_period(uint32_t ms);

// What a module does outside of calls. NULL: nothing.
typedef struct {
  // Called once, before any call. False: the module cannot work with its configuration.
  bool (*on_configure)(void);
  // Called again and again; lo_set_tick_period says how often.
  void (*on_tick)(void);
  // Called when something has come into a queue that this module registered.
  void (*on_queue_ready)(uint32_t queue);
} lo_module;

// ---- Functions

// What a function is called with.
typedef struct {
  // The body; a call without one has its query as the body.
  lo_bytes body;
} lo_request;

lo_bytes lo_method(const lo_request *request);
// With the query.
lo_bytes lo_path(const lo_request *request);
// What follows "?" in the path.
lo_bytes lo_query(const lo_request *request);
// A value of the form in the body, else in the query; absent: neither has it.
lo_bytes lo_param(const lo_request *request, lo_bytes name);

// What a function answers.
typedef struct {
  uint32_t status;
  lo_bytes body;
  lo_pairs headers;
} lo_response;

// 200 with a text or octets.
lo_response lo_text(lo_bytes body);
// 200 with JSON that is written already.
lo_response lo_json(lo_bytes json);
// Another status, with a text.
lo_response lo_error(uint32_t status, lo_bytes text);

typedef lo_response (*lo_handler)(const lo_request *request);

// ---- Filters and hooks

// What becomes of the exchange after a callback.
typedef enum {
  LO_CONTINUE = 0,
  // Nothing more happens until lo_continue_request, lo_continue_response or lo_send_response.
  LO_PAUSE = 1,
} lo_action;

// Looks at exchanges on their way, or changes them. NULL lets everything pass. `state` is memory of the exchange's own,
// `state_size` octets that begin as zeros.
typedef struct {
  size_t state_size;
  // `end`: the request has neither body nor trailers, or they are not shown.
  lo_action (*on_request_headers)(void *state, uint32_t count, bool end);
  // With `end` LO_REQUEST_BODY is complete.
  lo_action (*on_request_body)(void *state, uint32_t size, bool end);
  lo_action (*on_request_trailers)(void *state, uint32_t count);
  lo_action (*on_response_headers)(void *state, uint32_t count, bool end);
  lo_action (*on_response_body)(void *state, uint32_t size, bool end);
  lo_action (*on_response_trailers)(void *state, uint32_t count);
  // The answer to an lo_http_call of this filter. No headers: the call failed.
  void (*on_http_response)(void *state, uint32_t call, uint32_t headers, uint32_t body_size);
  // The exchange is over; headers can still be read.
  void (*on_log)(void *state);
} lo_filter;

// ---- What a module exports; its name and signature are those of proxy-wasm 0.2.1, and proxy_get_id is Layotto's.

#define LO_EXPORT(name) __attribute__((export_name(#name))) name

// Makes the module a function: LAYOTTO_FUNCTION("id", handler), with the id by which it is called. Members of lo_module
// may follow: LAYOTTO_FUNCTION("id", handler, .on_configure = configure).
#define LAYOTTO_FUNCTION(id, handler, ...)                                                                     \
  LO_COMMON(id, __VA_ARGS__)                                                                                   \
  uint32_t LO_EXPORT(proxy_on_request_headers)(uint32_t context, uint32_t count, uint32_t end) {              \
    return lo__handle(context, end, handler);                                                                  \
  }                                                                                                            \
  uint32_t LO_EXPORT(proxy_on_request_body)(uint32_t context, uint32_t size, uint32_t end) {                  \
    return lo__handle(context, end, handler);                                                                  \
  }                                                                                                            \
  uint32_t LO_EXPORT(proxy_on_request_trailers)(uint32_t context, uint32_t count) {                           \
    return lo__handle(context, 1, handler);                                                                    \
  }                                                                                                            \
  void LO_EXPORT(proxy_on_context_create)(uint32_t context, uint32_t parent) {                                \
    lo__create(context, parent, 0);                                                                            \
  }

// Makes the module a filter or a hook: LAYOTTO_FILTER("id", filter), with a lo_filter. Members of lo_module may follow:
// LAYOTTO_FILTER("id", filter, .on_configure = configure).
#define LAYOTTO_FILTER(id, filter, ...)                                                                        \
  LO_COMMON(id, __VA_ARGS__)                                                                                   \
  void LO_EXPORT(proxy_on_context_create)(uint32_t context, uint32_t parent) {                                \
    lo__create(context, parent, (filter).state_size);                                                          \
  }                                                                                                            \
  LO_PHASE(filter, proxy_on_request_headers, on_request_headers)                                               \
  LO_PHASE(filter, proxy_on_request_body, on_request_body)                                                     \
  LO_TRAILERS(filter, proxy_on_request_trailers, on_request_trailers)                                          \
  LO_PHASE(filter, proxy_on_response_headers, on_response_headers)                                             \
  LO_PHASE(filter, proxy_on_response_body, on_response_body)                                                   \
  LO_TRAILERS(filter, proxy_on_response_trailers, on_response_trailers)                                        \
  void LO_EXPORT(proxy_on_http_call_response)(uint32_t context, uint32_t call, uint32_t headers,              \
                                              uint32_t body_size, uint32_t trailers) {                         \
    void *state = lo__enter_caller(call, context);                                                             \
    if ((filter).on_http_response) (filter).on_http_response(state, call, headers, body_size);                \
  }                                                                                                            \
  void LO_EXPORT(proxy_on_log)(uint32_t context) {                                                            \
    void *state = lo__enter(context);                                                                          \
    if ((filter).on_log) (filter).on_log(state);                                                               \
  }

#define LO_PHASE(filter, name, callback)                                                                       \
  uint32_t LO_EXPORT(name)(uint32_t context, uint32_t size, uint32_t end) {                                   \
    void *state = lo__enter(context);                                                                          \
    return (filter).callback ? (filter).callback(state, size, end != 0) : LO_CONTINUE;                        \
  }

#define LO_TRAILERS(filter, name, callback)                                                                    \
  uint32_t LO_EXPORT(name)(uint32_t context, uint32_t count) {                                                \
    void *state = lo__enter(context);                                                                          \
    return (filter).callback ? (filter).callback(state, count) : LO_CONTINUE;                                 \
  }

#define LO_COMMON(id, ...)                                                                                     \
  static const lo_module *const lo__module = &(const lo_module){__VA_ARGS__};                                  \
  void LO_EXPORT(proxy_abi_version_0_2_1)(void) {}                                                            \
  void LO_EXPORT(proxy_get_id)(void) { lo__tell_id(LO(id)); }                                                 \
  void *LO_EXPORT(proxy_on_memory_allocate)(size_t size) { return lo_alloc(size); }                          \
  uint32_t LO_EXPORT(proxy_on_vm_start)(uint32_t root, uint32_t size) { return 1; }                          \
  uint32_t LO_EXPORT(proxy_on_configure)(uint32_t root, uint32_t size) {                                      \
    lo__enter(root);                                                                                           \
    uint32_t usable = lo__module->on_configure ? lo__module->on_configure() : 1;                              \
    lo__release(root);                                                                                         \
    return usable;                                                                                             \
  }                                                                                                            \
  void LO_EXPORT(proxy_on_tick)(uint32_t root) {                                                              \
    lo__enter(root);                                                                                           \
    if (lo__module->on_tick) lo__module->on_tick();                                                            \
    lo__release(root);                                                                                         \
  }                                                                                                            \
  void LO_EXPORT(proxy_on_queue_ready)(uint32_t root, uint32_t queue) {                                       \
    lo__enter(root);                                                                                           \
    if (lo__module->on_queue_ready) lo__module->on_queue_ready(queue);                                         \
    lo__release(root);                                                                                         \
  }                                                                                                            \
  uint32_t LO_EXPORT(proxy_on_done)(uint32_t context) { return 1; }                                          \
  void LO_EXPORT(proxy_on_delete)(uint32_t context) { lo__end(context); }

// For the macros only.
void lo__tell_id(lo_bytes id);
void lo__create(uint32_t context, uint32_t parent, size_t state_size);
void *lo__enter(uint32_t context);
void *lo__enter_caller(uint32_t call, uint32_t context);
void lo__release(uint32_t context);
void lo__end(uint32_t context);
uint32_t lo__handle(uint32_t context, uint32_t end, lo_handler handler);

#ifdef __cplusplus
}
#endif

#endif
