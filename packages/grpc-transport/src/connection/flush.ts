/**
 * When connections write. One write call per connection and event-loop turn is what makes this
 * transport fast: over half of the CPU of a small call is the system call.
 *
 * With few calls in progress, output leaves at the end of the read that caused it (lowest latency).
 * With many, it leaves in one `setImmediate` after all reads of the turn (fewest writes).
 */
export interface Flushable {
  /** Hands everything written so far to the socket. */
  flush(): void;
}

/** Calls in progress up to which the end of a read flushes. */
const EAGER_CALLS = 4;

const dirty: Flushable[] = [];
let scheduled = false;
let pendingCalls = 0;

/** Counts calls that somebody waits for: `+1` when one starts, `-1` when its answer begins. */
export function countPendingCalls(change: 1 | -1): void {
  pendingCalls += change;
}

/** Remembers that there is output; the caller makes sure to say so once per flush. */
export function scheduleFlush(output: Flushable): void {
  dirty.push(output);
  if (!scheduled) {
    scheduled = true;
    setImmediate(flushScheduled);
  }
}

/** To be called at the end of every read. */
export function flushAfterRead(): void {
  if (pendingCalls <= EAGER_CALLS && dirty.length > 0) flushAll();
}

function flushScheduled(): void {
  scheduled = false;
  flushAll();
}

function flushAll(): void {
  for (let i = 0; i < dirty.length; i++) dirty[i]?.flush();
  dirty.length = 0;
}
