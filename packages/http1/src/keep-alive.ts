import { Field } from "./known-fields.ts";
import type { Head } from "./head.ts";

/** How much earlier than the server we let go of a connection, so that both do not meet: at most half of its time. */
const MARGIN_MS = 1000;

/** Time after which a free connection is no longer used, as the server says in `Keep-Alive: timeout=5`. */
export function keepAliveMs(head: Head): number {
  const seconds = /(?:^|[,;\s])timeout=(\d{1,6})/iu.exec(head.known(Field.KEEP_ALIVE) ?? "")?.[1];
  if (seconds === undefined) return Number.POSITIVE_INFINITY;
  const ms = Number(seconds) * 1000;
  return Math.max(ms - MARGIN_MS, ms / 2);
}
