#include "layotto.h"

static lo_response handle(const lo_request *request) {
  lo_bytes name = lo_param(request, LO("name"));
  return lo_text(lo_join(LO("Hello, "), lo_present(name) ? name : LO("world"), LO("!")));
}

LAYOTTO_FUNCTION("__NAME__", handle)
