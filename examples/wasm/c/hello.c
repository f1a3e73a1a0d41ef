// Greets by name: curl -H 'id: hello' 'localhost:2045?name=Ann'
#include "layotto.h"

static lo_response handle(const lo_request *request) {
  lo_bytes name = lo_param(request, LO("name"));
  return lo_text(lo_join(LO("Hello, "), lo_present(name) ? name : LO("world"), LO("!")));
}

LAYOTTO_FUNCTION("hello", handle)
