// Memory that crosses the border. The host asks for it by proxy_on_memory_allocate; it is an ArrayBuffer at once, so
// what the host writes needs no copy, and it goes like any other object when nothing refers to it.

/** Contexts that may end before garbage is collected. */
const maxContexts: u32 = 32;
/** Octets from the host that may lie about before garbage is collected. */
const maxOctets: usize = 64 * 1024;

let contexts: u32 = 0;
let octets: usize = 0;

// Where the host writes results. Never two calls at a time, so one place is enough.
const out = memory.data(16);

/** Address of the first result of a call: an address, a number, or eight octets. */
export function firstOut(): usize {
  return out;
}

/** Address of the second result. */
export function secondOut(): usize {
  return out + 4;
}

/** Address of the third result. */
export function thirdOut(): usize {
  return out + 8;
}

export function outU32(): u32 {
  return load<u32>(out);
}

export function outU64(): u64 {
  return load<u64>(out);
}

export function outThird(): u32 {
  return load<u32>(out, 8);
}

/** The octets that the host has just returned: address at `firstOut`, size at `secondOut`. */
export function outBytes(): ArrayBuffer {
  const size = load<u32>(out, 4);
  const address = load<u32>(out);
  if (size === 0 || address === 0) return new ArrayBuffer(0);
  const buffer = changetype<ArrayBuffer>(<usize>address);
  return <u32>buffer.byteLength === size ? buffer : buffer.slice(0, size);
}

export function allocate(size: usize): usize {
  octets += size;
  return __new(size, idof<ArrayBuffer>());
}

/** A context has ended; nothing of the module is running, so this is the time to collect garbage. */
export function released(): void {
  contexts += 1;
  if (contexts < maxContexts && octets < maxOctets) return;
  contexts = 0;
  octets = 0;
  __collect();
}

/** Address of the octets of a buffer. */
export function at(buffer: ArrayBuffer): usize {
  return changetype<usize>(buffer);
}

/** UTF-8 octets of a text. */
export function toBytes(text: string): ArrayBuffer {
  return String.UTF8.encode(text);
}

/** The text of UTF-8 octets. */
export function toText(bytes: ArrayBuffer): string {
  return String.UTF8.decode(bytes);
}
