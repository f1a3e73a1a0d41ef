import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** What is asked of V8's heap of this thread. */
export interface Heap {
  /** In use, what could be collected included, octets. Takes half a microsecond. */
  used(): number;
  /** In use after all that nobody needs was collected, octets. Takes some milliseconds. */
  kept(): number;
}

let collect: (() => void) | undefined;

/** The heap of the thread that this runs on. */
export const threadHeap: Heap = {
  used: () => getHeapStatistics().used_heap_size,
  kept() {
    (collect ??= collector())();
    return threadHeap.used();
  },
};

/** V8 shows its collector only to contexts that are made while this flag is set; guests see none of them. */
function collector(): () => void {
  setFlagsFromString("--expose-gc");
  const gc: unknown = runInNewContext("gc");
  setFlagsFromString("--no-expose-gc");
  return typeof gc === "function" ? () => void gc() : () => {};
}
