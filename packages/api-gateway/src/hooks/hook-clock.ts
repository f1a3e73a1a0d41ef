import { performance } from "node:perf_hooks";
import type { Timer } from "@layotto/sidecar-kit";
import type { ExtensionSettings } from "@layotto/sidecar-kit/extension";

/** The time of hooks. */
export const hookClock: ExtensionSettings["clock"] = {
  monotonic: () => performance.now(),
  after: (ms, callback) => new FairTimer(ms, callback),
};

/** When the process itself was held up, the answer may be there already: it is read first. */
class FairTimer implements Timer {
  readonly #callback: () => void;
  readonly #timeout: NodeJS.Timeout;
  #immediate: NodeJS.Immediate | undefined;

  constructor(ms: number, callback: () => void) {
    this.#callback = callback;
    this.#timeout = setTimeout(onTimeout, ms, this);
  }

  cancel(): void {
    clearTimeout(this.#timeout);
    if (this.#immediate !== undefined) clearImmediate(this.#immediate);
  }

  /** The time is over. */
  fire(): void {
    this.#immediate = setImmediate(this.#callback);
  }
}

function onTimeout(timer: FairTimer): void {
  timer.fire();
}
