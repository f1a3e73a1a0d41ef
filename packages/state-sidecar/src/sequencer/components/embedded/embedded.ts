import {
  type Durability,
  type Environment,
  type Table,
  checkKey,
  openEnvironment,
  ownKeys,
} from "@layotto/embedded-store";
import type { CallOptions, ComponentType } from "@layotto/sidecar-kit";
import type { EmbeddedMetadata } from "../../../embedded-metadata.ts";
import type { SequencerStore } from "../../component.ts";

/** Counters in lmdb, shared by all processes that use the directory. */
export class EmbeddedSequencer implements SequencerStore {
  readonly #environment: Environment;
  readonly #table: Table;
  readonly #durability: Durability;
  readonly #prefix: string;

  /** Takes over `environment` and closes it with itself. */
  constructor(environment: Environment, options: { name: string; durability: Durability }) {
    this.#environment = environment;
    this.#durability = options.durability;
    this.#prefix = ownKeys(options.name);
    this.#table = environment.table("sequencer");
  }

  next(key: string, options: CallOptions): Promise<number> {
    return this.segment(key, 1, options);
  }

  segment(key: string, size: number, options: CallOptions): Promise<number> {
    const full = checkKey(this.#prefix + key);
    const run = (): number => {
      const last = this.#last(full);
      this.#store(full, last + size);
      return last + 1;
    };
    return this.#environment.write(run, this.#durability, options);
  }

  lift(key: string, floor: number, options: CallOptions): Promise<void> {
    const full = checkKey(this.#prefix + key);
    const run = (): void => {
      if (this.#last(full) < floor) this.#store(full, floor);
    };
    return this.#environment.write(run, this.#durability, options);
  }

  close(): Promise<void> {
    return this.#environment.close();
  }

  /** Last id given out; 0 = none. */
  #last(full: string): number {
    const record = this.#table.getBinaryFast(full);
    return record === undefined ? 0 : Number(record.readBigUInt64LE());
  }

  #store(full: string, last: number): void {
    const record = Buffer.allocUnsafe(8);
    record.writeBigUInt64LE(BigInt(last));
    this.#table.putSync(full, record);
  }
}

/** Component type `embedded`. */
export const embedded: ComponentType<EmbeddedSequencer, EmbeddedMetadata> = {
  metadata: () => import("../../../embedded-metadata.ts").then((module) => module.embeddedMetadata),
  indicator: "sequencer-embedded",
  open: async (metadata, context) =>
    new EmbeddedSequencer(openEnvironment(metadata, context), {
      name: context.name,
      durability: metadata.durability,
    }),
};
