import type { ComponentType } from "@layotto/sidecar-kit";
import type { PlainMetadata } from "../../../metadata.ts";
import type { SequencerStore } from "../../component.ts";

/** Counters in the memory of this process: they start at 1 again when it does. */
export class InMemorySequencer implements SequencerStore {
  /** Key → last id given out. One small entry per key, for ever: forgetting one would repeat its ids. */
  readonly #last = new Map<string, number>();

  next(key: string): number {
    return this.segment(key, 1);
  }

  segment(key: string, size: number): number {
    const last = this.#last.get(key) ?? 0;
    this.#last.set(key, last + size);
    return last + 1;
  }

  lift(key: string, floor: number): void {
    if ((this.#last.get(key) ?? 0) < floor) this.#last.set(key, floor);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Component type `in-memory`. */
export const inMemory: ComponentType<InMemorySequencer, PlainMetadata> = {
  metadata: () => import("../../../metadata.ts").then((module) => module.plainMetadata),
  indicator: "in-memory",
  open: () => Promise.resolve(new InMemorySequencer()),
};
