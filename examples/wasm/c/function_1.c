// The shop: asks the inventory (id_2) how many of a book there are.
// curl -H 'id: id_1' 'localhost:2045?name=book1'
#include "layotto.h"

static lo_response handle(const lo_request *request) {
  lo_bytes name = lo_param(request, LO("name")), count;
  if (!lo_present(name)) return lo_error(400, LO("which book? add \"name=…\""));
  if (lo_invoke_service(LO("id_2"), lo_absent, name, &count) != LO_OK)
    return lo_error(502, LO("the inventory does not answer"));
  return lo_text(lo_join(LO("There are "), count, LO(" inventories for "), name, LO(".")));
}

LAYOTTO_FUNCTION("id_1", handle)
