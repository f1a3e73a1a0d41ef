// The whole SDK: compile this file beside yours.
#include "layotto_context.c"
#include "layotto_host.c"
#include "layotto_memory.c"
#include "layotto_text.c"
