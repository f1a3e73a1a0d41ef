// A filter that asks the upstream "auth" about each request and waits for its answer: with 200 the request goes on and
// says who it is, with anything else it ends.
#include "layotto.h"

#define TIMEOUT_MS 500

static lo_action on_request_headers(void *state, uint32_t count, bool end) {
  lo_pair headers[] = {
      {LO(":method"), LO("GET")},
      {LO(":path"), LO("/who")},
      {LO(":authority"), LO("auth")},
      {LO("authorization"), lo_header(LO_REQUEST_HEADERS, LO("authorization"))},
  };
  uint32_t call;
  if (lo_http_call(LO("auth"), (lo_pairs){headers, 4}, LO(""), TIMEOUT_MS, &call) != LO_OK)
    lo_send_response(503, LO("nobody can say who you are"), lo_none, -1);
  return LO_PAUSE;
}

static void on_http_response(void *state, uint32_t call, uint32_t headers, uint32_t body_size) {
  if (!lo_equal(lo_header(LO_CALL_HEADERS, LO(":status")), LO("200"))) {
    lo_send_response(403, LO("not for you"), lo_none, -1);
    return;
  }
  lo_set_header(LO_REQUEST_HEADERS, LO("x-user"), lo_body_bytes(LO_CALL_BODY));
  lo_continue_request();
}

static const lo_filter ask_first = {
    .on_request_headers = on_request_headers,
    .on_http_response = on_http_response,
};

LAYOTTO_FILTER("ask_first", ask_first)
