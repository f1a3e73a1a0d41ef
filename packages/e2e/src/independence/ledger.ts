import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { GrpcClient, GrpcError } from "@layotto/grpc-transport";
import { bytes, runtime, text } from "../harness/calls.ts";

const storeName = "state_demo";
/** Keys read back in one call. */
const batch = 200;

/** Writes keys of its own without pause and remembers those that were acknowledged. */
export class Ledger {
  readonly #acknowledged = new Map<string, { value: string; phase: string }>();
  readonly #clients: GrpcClient[];
  readonly #workers: Promise<void>[];
  #running = true;
  #failed = 0;
  /** What happens at present: told about writes that are lost. */
  phase = "start";

  constructor(port: number, writers = 8) {
    this.#clients = Array.from(
      { length: writers },
      () => new GrpcClient({ host: "127.0.0.1", port }),
    );
    this.#workers = this.#clients.map((grpc, index) => this.#write(grpc, index));
  }

  /** Acknowledged writes so far. */
  get size(): number {
    return this.#acknowledged.size;
  }

  /** Writes that ended with an error: they may or may not have been done. */
  get failed(): number {
    return this.#failed;
  }

  /** Ends the writing. */
  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#workers);
    await this.close();
  }

  async close(): Promise<void> {
    this.#running = false;
    for (const grpc of this.#clients) await grpc.close();
  }

  /** Reads everything back. @throws AssertionError naming the lost keys */
  async verify(port: number): Promise<void> {
    const grpc = new GrpcClient({ host: "127.0.0.1", port });
    const keys = [...this.#acknowledged.keys()];
    const lost: string[] = [];
    for (let i = 0; i < keys.length; i += batch) {
      const { items } = await runtime(grpc).getBulkState({
        storeName,
        keys: keys.slice(i, i + batch),
        parallelism: 10,
      });
      for (const { key, data, error } of items) {
        const written = this.#acknowledged.get(key);
        const found = text(data);
        if (found !== written?.value)
          lost.push(`${key} of ${written?.phase}: found "${found.slice(0, 40)}" ${error}`);
      }
    }
    await grpc.close();
    const summary = `${lost.length} of ${keys.length} acknowledged writes are lost:\n${lost.slice(0, 50).join("\n")}`;
    assert.equal(lost.length, 0, summary);
  }

  async #write(grpc: GrpcClient, writer: number): Promise<void> {
    const api = runtime(grpc);
    let i = 0;
    while (this.#running) {
      i += 1;
      const [key, value] = [`w${writer}-${i}`, `value ${writer} ${i}`];
      try {
        const options = { waitForReady: true, timeoutMs: 5000 };
        await api.saveState({ storeName, states: [{ key, value: bytes(value) }] }, options);
        this.#acknowledged.set(key, { value, phase: this.phase });
      } catch (error) {
        if (!(error instanceof GrpcError)) throw error;
        this.#failed += 1;
        await pause(5);
      }
    }
  }
}
