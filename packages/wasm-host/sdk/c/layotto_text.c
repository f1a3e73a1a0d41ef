// Texts, forms and header maps.
#include "layotto.h"

#include "layotto_internal.h"

void lo__copy(char *to, lo_bytes from) {
  for (size_t i = 0; i < from.size; i++) to[i] = from.at[i];
}

bool lo_equal(lo_bytes a, lo_bytes b) { return a.size == b.size && lo_starts_with(a, b); }

bool lo_starts_with(lo_bytes text, lo_bytes start) {
  if (text.size < start.size || lo_present(text) != lo_present(start)) return false;
  for (size_t i = 0; i < start.size; i++)
    if (text.at[i] != start.at[i]) return false;
  return true;
}

lo_bytes lo_decimal(uint64_t number) {
  char *digits = lo_alloc(20);
  size_t first = 20;
  do {
    digits[--first] = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  return (lo_bytes){digits + first, 20 - first};
}

uint64_t lo_number(lo_bytes text) {
  uint64_t number = 0;
  for (size_t i = 0; i < text.size && text.at[i] >= '0' && text.at[i] <= '9'; i++)
    number = number * 10 + (uint64_t)(text.at[i] - '0');
  return number;
}

lo_bytes lo_join_parts(const lo_bytes *parts, size_t count) {
  size_t size = 0;
  for (size_t i = 0; i < count; i++) size += parts[i].size;
  char *at = lo_alloc(size), *to = at;
  for (size_t i = 0; i < count; i++) {
    lo__copy(to, parts[i]);
    to += parts[i].size;
  }
  return (lo_bytes){at, size};
}

static lo_bytes part(lo_bytes text, size_t start, size_t end) {
  return (lo_bytes){text.at + start, end - start};
}

// Where a character is; the size of the text: nowhere.
static size_t index_of(lo_bytes text, char wanted, size_t from) {
  while (from < text.size && text.at[from] != wanted) from++;
  return from;
}

static int hex(lo_bytes text, size_t at) {
  if (at >= text.size) return -1;
  char digit = text.at[at], letter = digit | 0x20;
  if (digit >= '0' && digit <= '9') return digit - '0';
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

static lo_bytes form_decode(lo_bytes text) {
  char *at = lo_alloc(text.size);
  size_t size = 0;
  for (size_t i = 0; i < text.size; i++) {
    int high = hex(text, i + 1), low = hex(text, i + 2);
    if (text.at[i] == '%' && high >= 0 && low >= 0) {
      at[size++] = (char)(high * 16 + low);
      i += 2;
    } else
      at[size++] = text.at[i] == '+' ? ' ' : text.at[i];
  }
  return (lo_bytes){at, size};
}

lo_bytes lo_form_value(lo_bytes form, lo_bytes name) {
  for (size_t start = 0, end; start < form.size; start = end + 1) {
    end = index_of(form, '&', start);
    lo_bytes field = part(form, start, end);
    size_t equals = index_of(field, '=', 0);
    if (!lo_equal(form_decode(part(field, 0, equals)), name)) continue;
    return equals == field.size ? LO("") : form_decode(part(field, equals + 1, field.size));
  }
  return lo_absent;
}

static void put_u32(char *to, size_t number) {
  for (int i = 0; i < 4; i++) to[i] = (char)(number >> (8 * i));
}

static uint32_t get_u32(const char *from) {
  uint32_t number = 0;
  for (int i = 0; i < 4; i++) number |= (uint32_t)(unsigned char)from[i] << (8 * i);
  return number;
}

// u32 count, count × (u32 name size, u32 value size), then name NUL value NUL …
lo_bytes lo__encode(lo_pairs pairs) {
  size_t size = 4;
  for (size_t i = 0; i < pairs.count; i++) size += 10 + pairs.at[i].name.size + pairs.at[i].value.size;
  char *at = lo_alloc(size), *to = at + 4 + 8 * pairs.count;
  put_u32(at, pairs.count);
  for (size_t i = 0; i < pairs.count; i++) {
    lo_bytes name = pairs.at[i].name, value = pairs.at[i].value;
    put_u32(at + 4 + 8 * i, name.size);
    put_u32(at + 8 + 8 * i, value.size);
    lo__copy(to, name);
    to[name.size] = 0;
    to += name.size + 1;
    lo__copy(to, value);
    to[value.size] = 0;
    to += value.size + 1;
  }
  return (lo_bytes){at, size};
}

lo_pairs lo__decode(lo_bytes bytes) {
  size_t count = bytes.size < 4 ? 0 : get_u32(bytes.at);
  // Each pair takes ten octets or more: a count that does not fit is a lie.
  if (count > bytes.size / 10) return lo_none;
  lo_pair *pairs = lo_alloc(count * sizeof(lo_pair));
  size_t position = 4 + 8 * count;
  for (size_t i = 0; i < count; i++) {
    uint64_t name_size = get_u32(bytes.at + 4 + 8 * i), value_size = get_u32(bytes.at + 8 + 8 * i);
    if (position + name_size + value_size + 2 > bytes.size) return (lo_pairs){pairs, i};
    const char *name = bytes.at + position, *value = name + name_size + 1;
    pairs[i] = (lo_pair){{name, (size_t)name_size}, {value, (size_t)value_size}};
    position += (size_t)(name_size + value_size + 2);
  }
  return (lo_pairs){pairs, count};
}
