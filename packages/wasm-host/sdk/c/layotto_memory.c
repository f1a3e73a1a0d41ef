// Memory: blocks of powers of two, kept on a list per size when they are free. What belongs to an exchange hangs on its
// context, so that the end of the context frees it.
#include "layotto.h"

#include "layotto_internal.h"

// The smallest block is 2^SMALLEST octets, its head included.
#define SMALLEST 5
#define PAGE 65536u

// The head of a block; `next` is the next free one, or the next of the same context.
typedef struct block {
  _Alignas(16) struct block *next;
  uint32_t power;
} block;

_Static_assert(sizeof(block) == 16, "what follows the head is aligned to 16 octets");

extern char __heap_base;

static block *free_blocks[32];
static uintptr_t heap_end;

static void *from_heap(size_t size) {
  if (heap_end == 0) heap_end = ((uintptr_t)&__heap_base + 15) & ~(uintptr_t)15;
  uintptr_t memory_end = (uintptr_t)__builtin_wasm_memory_size(0) * PAGE;
  if (size > memory_end - heap_end) {
    size_t pages = (size - (memory_end - heap_end) + PAGE - 1) / PAGE;
    if (__builtin_wasm_memory_grow(0, pages) == (size_t)-1) return 0;
  }
  void *at = (void *)heap_end;
  heap_end += size;
  return at;
}

static block *take(size_t size) {
  if (size > 0x40000000u) return 0;
  uint32_t power = SMALLEST;
  while (((size_t)1 << power) < size + sizeof(block)) power++;
  block *found = free_blocks[power];
  if (found)
    free_blocks[power] = found->next;
  else
    found = from_heap((size_t)1 << power);
  if (found) *found = (block){.power = power};
  return found;
}

static void give_back(block *old) {
  old->next = free_blocks[old->power];
  free_blocks[old->power] = old;
}

void *lo__take(size_t size) {
  block *taken = take(size);
  if (!taken) __builtin_trap();
  return taken + 1;
}

void lo__give_back(void *memory) { give_back((block *)memory - 1); }

void *lo__try_alloc(size_t size, void **owner) {
  block *taken = take(size);
  if (!taken) return 0;
  taken->next = *owner;
  *owner = taken;
  return taken + 1;
}

void lo__free_all(void **owner) {
  for (block *next, *at = *owner; at; at = next) {
    next = at->next;
    give_back(at);
  }
  *owner = 0;
}

lo_bytes lo_keep(lo_bytes bytes) {
  if (!lo_present(bytes)) return bytes;
  char *at = lo__take(bytes.size);
  lo__copy(at, bytes);
  return (lo_bytes){at, bytes.size};
}

void lo_free(lo_bytes kept) {
  if (lo_present(kept)) lo__give_back((void *)kept.at);
}

// The compiler makes calls of these; whoever links a libc has its own.
__attribute__((weak, no_builtin("memcpy"))) void *memcpy(void *to, const void *from, size_t size) {
  for (size_t i = 0; i < size; i++) ((char *)to)[i] = ((const char *)from)[i];
  return to;
}

__attribute__((weak, no_builtin("memset"))) void *memset(void *to, int octet, size_t size) {
  for (size_t i = 0; i < size; i++) ((char *)to)[i] = (char)octet;
  return to;
}
