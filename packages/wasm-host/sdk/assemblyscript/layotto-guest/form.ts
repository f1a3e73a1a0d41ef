/** A value of `name=value&name=value`, decoded; null: there is no such name. */
export function formValue(form: string, name: string): string | null {
  const parts = form.split("&");
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    const equals = part.indexOf("=");
    const key = equals < 0 ? part : part.substring(0, equals);
    if (decode(key) === name) return equals < 0 ? "" : decode(part.substring(equals + 1));
  }
  return null;
}

function decode(text: string): string {
  if (!text.includes("%") && !text.includes("+")) return text;
  const source = String.UTF8.encode(text);
  const size = source.byteLength;
  const from = changetype<usize>(source);
  let end = 0;
  for (let i = 0; i < size; i++, end++) {
    let octet = load<u8>(from + i);
    const high = i + 2 < size ? hex(load<u8>(from + i + 1)) : -1;
    const low = i + 2 < size ? hex(load<u8>(from + i + 2)) : -1;
    if (octet === 0x2b) octet = 0x20;
    else if (octet === 0x25 && high >= 0 && low >= 0) {
      octet = <u8>(high * 16 + low);
      i += 2;
    }
    store<u8>(from + end, octet);
  }
  return String.UTF8.decodeUnsafe(from, end);
}

function hex(digit: u8): i32 {
  if (digit >= 0x30 && digit <= 0x39) return digit - 0x30;
  const letter = digit | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
}
