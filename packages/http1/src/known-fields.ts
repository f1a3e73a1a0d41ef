import { at, lowerCase } from "./chars.ts";

/** Fields that mean something to the framing, the hop or the governance. Each is a bit of a mask. */
export const Field = {
  OTHER: 0,
  HOST: 1,
  CONNECTION: 2,
  CONTENT_LENGTH: 4,
  TRANSFER_ENCODING: 8,
  EXPECT: 16,
  UPGRADE: 32,
  TE: 64,
  KEEP_ALIVE: 128,
  PROXY_CONNECTION: 256,
  PROXY_AUTHORIZATION: 512,
  FORWARDED_FOR: 1024,
  FORWARDED_PROTO: 2048,
  TRAILER: 4096,
  RETRY_AFTER: 8192,
  HTTP2_SETTINGS: 16_384,
} as const;

const names: readonly (readonly [string, number])[] = [
  ["host", Field.HOST],
  ["connection", Field.CONNECTION],
  ["content-length", Field.CONTENT_LENGTH],
  ["transfer-encoding", Field.TRANSFER_ENCODING],
  ["expect", Field.EXPECT],
  ["upgrade", Field.UPGRADE],
  ["te", Field.TE],
  ["keep-alive", Field.KEEP_ALIVE],
  ["proxy-connection", Field.PROXY_CONNECTION],
  ["proxy-authorization", Field.PROXY_AUTHORIZATION],
  ["x-forwarded-for", Field.FORWARDED_FOR],
  ["x-forwarded-proto", Field.FORWARDED_PROTO],
  ["trailer", Field.TRAILER],
  ["retry-after", Field.RETRY_AFTER],
  ["http2-settings", Field.HTTP2_SETTINGS],
];

/** Candidates by the length of the name: most names have none, the others one to three. */
const byLength: (readonly (readonly [string, number])[])[] = Array.from({ length: 20 }, (_, size) =>
  names.filter(([name]) => name.length === size),
);

const byName = new Map(names);

/** Which field a name in lower case is. */
export function fieldNamed(name: string): number {
  return byName.get(name) ?? Field.OTHER;
}

/** Which field the name `buffer[start, end)` is. */
export function fieldOf(buffer: Uint8Array, start: number, end: number): number {
  const candidates = byLength[end - start];
  if (candidates === undefined) return Field.OTHER;
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[i];
    if (candidate !== undefined && equalsName(buffer, start, end, candidate[0]))
      return candidate[1];
  }
  return Field.OTHER;
}

/** Whether `buffer[start, end)` is `name`, which is in lower case, whatever the case of the octets. */
export function equalsName(buffer: Uint8Array, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false;
  for (let i = 0; i < name.length; i++) {
    if (lowerCase[at(buffer, start + i)] !== name.charCodeAt(i)) return false;
  }
  return true;
}
