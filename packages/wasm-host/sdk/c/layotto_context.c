// Contexts: what belongs to an exchange, and which one is being worked on.
#include "layotto.h"

#include "layotto_internal.h"
#include "layotto_raw.h"

typedef struct context {
  struct context *next;
  uint32_t id;
  void *blocks;
  void *state;
} context;

typedef struct call {
  struct call *next;
  uint32_t id, caller;
} call;

static context *contexts;
static call *calls;
// What is allocated before there is a context.
static context outside;
static context *current = &outside;

static context *context_of(uint32_t id) {
  for (context *at = contexts; at; at = at->next)
    if (at->id == id) return at;
  return 0;
}

void *lo_alloc(size_t size) {
  void *memory = lo__try_alloc(size, &current->blocks);
  if (!memory) __builtin_trap();
  return memory;
}

void lo__create(uint32_t id, uint32_t parent, size_t state_size) {
  context *made = lo__take(sizeof(context));
  *made = (context){.next = contexts, .id = id};
  contexts = current = made;
  if (parent == 0 || state_size == 0) return;
  made->state = lo_alloc(state_size);
  for (size_t i = 0; i < state_size; i++) ((char *)made->state)[i] = 0;
}

void *lo__enter(uint32_t id) {
  context *found = context_of(id);
  current = found ? found : &outside;
  return current->state;
}

void *lo__enter_caller(uint32_t id, uint32_t given) {
  uint32_t caller = given;
  for (call **at = &calls; *at; at = &(*at)->next)
    if ((*at)->id == id) {
      call *found = *at;
      caller = found->caller;
      *at = found->next;
      lo__give_back(found);
      break;
    }
  if (caller != given) proxy_set_effective_context(caller);
  return lo__enter(caller);
}

void lo__release(uint32_t id) {
  context *found = context_of(id);
  lo__free_all(found ? &found->blocks : &outside.blocks);
}

static void forget_calls(uint32_t caller) {
  for (call **at = &calls; *at;) {
    call *found = *at;
    if (found->caller != caller) {
      at = &found->next;
      continue;
    }
    *at = found->next;
    lo__give_back(found);
  }
}

void lo__end(uint32_t id) {
  current = &outside;
  forget_calls(id);
  for (context **at = &contexts; *at; at = &(*at)->next) {
    context *found = *at;
    if (found->id != id) continue;
    *at = found->next;
    lo__free_all(&found->blocks);
    lo__give_back(found);
    return;
  }
}

lo_status lo_http_call(lo_bytes upstream, lo_pairs headers, lo_bytes body, uint32_t timeout_ms, uint32_t *id) {
  lo_bytes pairs = lo__encode(headers), trailers = lo__encode(lo_none);
  *id = 0;
  lo_status status = proxy_http_call(upstream.at, upstream.size, pairs.at, pairs.size, body.at, body.size,
                                     trailers.at, trailers.size, timeout_ms, id);
  if (status != LO_OK) return status;
  call *made = lo__take(sizeof(call));
  *made = (call){.next = calls, .id = *id, .caller = current->id};
  calls = made;
  return LO_OK;
}

// ---- Functions

lo_bytes lo_method(const lo_request *request) {
  (void)request;
  return lo_header(LO_REQUEST_HEADERS, LO(":method"));
}

lo_bytes lo_path(const lo_request *request) {
  (void)request;
  return lo_header(LO_REQUEST_HEADERS, LO(":path"));
}

lo_bytes lo_query(const lo_request *request) {
  lo_bytes path = lo_path(request);
  for (size_t i = 0; i < path.size; i++)
    if (path.at[i] == '?') return (lo_bytes){path.at + i + 1, path.size - i - 1};
  return LO("");
}

lo_bytes lo_param(const lo_request *request, lo_bytes name) {
  lo_bytes value = lo_form_value(request->body, name);
  return lo_present(value) ? value : lo_form_value(lo_query(request), name);
}

lo_response lo_text(lo_bytes body) { return (lo_response){200, body, lo_none}; }

lo_response lo_json(lo_bytes json) {
  static const lo_pair type = {LO("content-type"), LO("application/json")};
  return (lo_response){200, json, {&type, 1}};
}

lo_response lo_error(uint32_t status, lo_bytes text) { return (lo_response){status, text, lo_none}; }

uint32_t lo__handle(uint32_t id, uint32_t end, lo_handler handler) {
  lo__enter(id);
  if (!end) return LO_CONTINUE;
  lo_request request = {lo_body_bytes(LO_REQUEST_BODY)};
  lo_response response = handler(&request);
  // A plain 200 is only its body, which every host of functions understands.
  if (response.status == 200 && response.headers.count == 0)
    lo_set_body(LO_RESPONSE_BODY, response.body);
  else
    lo_send_response(response.status, response.body, response.headers, -1);
  return LO_CONTINUE;
}
