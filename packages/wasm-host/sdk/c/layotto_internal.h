// What the files of the SDK share.
#ifndef LAYOTTO_INTERNAL_H
#define LAYOTTO_INTERNAL_H

#include "layotto.h"

// Memory that nobody owns; traps when there is none.
void *lo__take(size_t size);
void lo__give_back(void *memory);
// Memory on the list of an owner; NULL when there is none.
void *lo__try_alloc(size_t size, void **owner);
void lo__free_all(void **owner);
void lo__copy(char *to, lo_bytes from);
// A serialized header map, and what it says.
lo_bytes lo__encode(lo_pairs pairs);
lo_pairs lo__decode(lo_bytes bytes);

#endif
