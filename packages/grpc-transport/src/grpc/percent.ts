/**
 * Percent-encodes a status message. A blank at the end is encoded too, although the protocol allows it
 * plain, because some HTTP/2 clients trim field values.
 *
 * Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md (Percent-Encoded)
 */
export function percentEncode(message: string): string {
  if (/^(?:[\x20-\x24\x26-\x7e]*[\x21-\x24\x26-\x7e])?$/.test(message)) return message;
  let encoded = "";
  const bytes = Buffer.from(message, "utf8");
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    const edge = byte === 0x20 && (i === 0 || i === bytes.length - 1);
    encoded +=
      plain && !edge
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}

/** Decodes a status message; malformed sequences are kept as they are. */
export function percentDecode(message: string): string {
  if (!message.includes("%")) return message;
  const bytes: number[] = [];
  for (let i = 0; i < message.length; i++) {
    const hex = message.slice(i + 1, i + 3);
    if (message[i] === "%" && /^[0-9a-fA-F]{2}$/.test(hex)) {
      bytes.push(Number.parseInt(hex, 16));
      i += 2;
    } else {
      bytes.push(...Buffer.from(message[i] ?? "", "utf8"));
    }
  }
  return Buffer.from(bytes).toString("utf8");
}
