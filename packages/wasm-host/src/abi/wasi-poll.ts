import type { GuestScope } from "./guest-scope.ts";
import { clockNs } from "./time-functions.ts";
import { WasiErrno } from "./wasi.ts";

const subscriptionBytes = 48;
const eventBytes = 32;
const maxSubscriptions = 64;
const onClock = 0;
/**
 * Longest sleep of one call, ms. A guest whose time has not come asks again, so a sleeping guest comes back to where
 * its thread can be ended, and others on the thread are not kept waiting.
 */
const maxSleepMs = 5;

const never = new Int32Array(new SharedArrayBuffer(4));

/** poll_oneoff of WASI preview 1: sleeps until the first clock is due; files are ready or not there. */
export function pollOneoff(
  scope: GuestScope,
  input: number,
  output: number,
  count: number,
  countOut: number,
): number {
  const { memory } = scope;
  if (count === 0 || count > maxSubscriptions) return WasiErrno.INVAL;
  const bytes = Buffer.from(memory.peek(input, count * subscriptionBytes));
  memory.peek(output, count * eventBytes);
  const waits = Array.from({ length: count }, (_value, index) =>
    waitMs(bytes, index * subscriptionBytes),
  );
  const shortest = Math.min(...waits);
  if (shortest > 0) Atomics.wait(never, 0, 0, Math.min(shortest, maxSleepMs));
  let events = 0;
  for (const [index, wait] of waits.entries()) {
    if (wait > shortest) continue;
    memory.set(output + events * eventBytes, event(bytes, index * subscriptionBytes));
    events += 1;
  }
  memory.setU32(countOut, events);
  return WasiErrno.SUCCESS;
}

function waitMs(bytes: Buffer, at: number): number {
  if (bytes.readUInt8(at + 8) !== onClock) return 0;
  const timeout = bytes.readBigUInt64LE(at + 24);
  const absolute = (bytes.readUInt16LE(at + 40) & 1) === 1;
  const now = absolute ? (clockNs(bytes.readUInt32LE(at + 16)) ?? timeout) : 0n;
  return timeout <= now ? 0 : Number(timeout - now) / 1e6;
}

function event(bytes: Buffer, at: number): Uint8Array {
  const made = Buffer.alloc(eventBytes);
  bytes.copy(made, 0, at, at + 8);
  const kind = bytes.readUInt8(at + 8);
  if (kind !== onClock && bytes.readUInt32LE(at + 16) > 2) made.writeUInt16LE(WasiErrno.BADF, 8);
  made.writeUInt8(kind, 10);
  return made;
}
