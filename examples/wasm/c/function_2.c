// The inventory: the number of a book is the state of that name in the store "state_demo".
#include "layotto.h"

static lo_response handle(const lo_request *request) {
  lo_bytes count;
  if (lo_get_state(LO("state_demo"), request->body, &count) != LO_OK)
    return lo_error(502, LO("the state store does not answer"));
  return lo_text(count);
}

LAYOTTO_FUNCTION("id_2", handle)
