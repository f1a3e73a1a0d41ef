import { performance } from "node:perf_hooks";
import { systemClock, type Clock } from "@layotto/sidecar-kit";

/** The time of connections: timers, and a clock for how long something has lasted. */
export interface Http1Clock extends Clock {
  /** Milliseconds with fractions that never step; only differences mean anything. */
  monotonic(): number;
}

/** The real time. */
export const http1Clock: Http1Clock = {
  now: systemClock.now,
  after: systemClock.after,
  monotonic: () => performance.now(),
};

let second = -1;
let line = "";

/** The header line with the date (RFC 9110 §6.6.1), with its CRLF; made once a second. */
export function dateLine(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    line = `date: ${new Date(now * 1000).toUTCString()}\r\n`;
  }
  return line;
}
