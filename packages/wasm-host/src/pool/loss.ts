import type { GuestFault } from "../model/fault.ts";
import { isLater } from "../worker/control.ts";
import type { CallStream } from "./call-stream.ts";
import type { GuestSlot } from "./guest-slot.ts";
import type { RunningVersion } from "./running-version.ts";
import type { WorkerThread } from "./worker-thread.ts";

/** What is lost with a thread. */
export interface Loss {
  /** Whose code ran when it ended; undefined: nobody's, or that of a module being read. */
  readonly culprit: RunningVersion | undefined;
  readonly verdict: GuestFault;
  /** Calls that had not begun: they can run elsewhere. */
  readonly again: readonly CallStream[];
  readonly failed: readonly { readonly stream: CallStream; readonly fault: GuestFault }[];
}

const withOthers: GuestFault = {
  kind: "lost",
  message: "its thread was ended with another call of the function",
};

/** It was dropped with others that kept too much of the heap of their thread. */
export const swept: GuestFault = { kind: "lost", message: "its instance was dropped with others" };

/** What ran kept more of the heap than a thread has for its guests. */
export const tookTheHeap: GuestFault = {
  kind: "trap",
  message:
    "it took more of the heap of its thread than there is, in tables, references to functions and headers",
};

/**
 * What became of the calls and streams of a thread that has ended. Calls that had begun are not run again: nobody knows
 * what they have done.
 *
 * @param find a version by its number
 */
export function lossOf(
  thread: WorkerThread,
  find: (version: number) => RunningVersion | undefined,
): Loss {
  const { control, pending, slots } = thread;
  const running = pending.get(control.running);
  const verdict = thread.verdict ?? unexpected(thread);
  const again = [...pending.values()]
    .filter(
      ({ order, slot, stream }) =>
        order.t === "open" &&
        isLater(order.n, control.started) &&
        stream?.over === false &&
        stream.slot === slot,
    )
    .flatMap(({ stream }) => stream ?? []);
  const failed = [...slots.values()]
    .flatMap(streamsOf)
    .filter((stream) => !again.includes(stream))
    .map((stream) => ({ stream, fault: stream === running?.stream ? verdict : withOthers }));
  // A call whose time was over has been counted when it was.
  const isTold = verdict.kind === "timeout" && running?.stream?.over === true;
  const culprit = running?.slot.version ?? find(control.version);
  return { culprit: isTold ? undefined : culprit, verdict, again, failed };
}

/** Versions of guests that wanted to be told of ticks or of items, and have no other guest. */
export function awaitedOf(slots: readonly GuestSlot[]): Set<RunningVersion> {
  const awaited = slots.filter(
    ({ isAwaited, version }) => isAwaited && !version.closed && version.slots.size === 0,
  );
  return new Set(awaited.map(({ version }) => version));
}

/** Guests that rest leave most of the heap to who runs: when it is full, that one has filled it. Else nobody is guilty. */
function unexpected({ error, control }: WorkerThread): GuestFault {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ERR_WORKER_OUT_OF_MEMORY" && control.running !== 0) return tookTheHeap;
  return { kind: "lost", message: `its thread ended unexpectedly${code && ` (${code})`}` };
}

function streamsOf(slot: GuestSlot): CallStream[] {
  return [...slot.streams.values()];
}
