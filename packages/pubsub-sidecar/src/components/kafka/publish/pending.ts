import { backendErrors, deferred, type Deferred, type RpcError } from "@layotto/sidecar-kit";
import { rpcErrorOf } from "../fault.ts";
import type { OutgoingRecord } from "../port.ts";

/** A message whose publisher waits. */
export class Pending implements OutgoingRecord {
  readonly key: string | undefined;
  readonly value: Uint8Array;
  readonly deadlineMs: number;
  readonly #deferred: Deferred<string> = deferred<string>();
  readonly #settled: (pending: Pending) => void;
  #isSettled = false;

  /** @param settled told once, when the publisher has its answer */
  constructor(
    key: string | undefined,
    value: Uint8Array,
    deadlineMs: number,
    settled: (pending: Pending) => void,
  ) {
    this.key = key;
    this.value = value;
    this.deadlineMs = deadlineMs;
    this.#settled = settled;
  }

  /** Name of the message on the broker. */
  get answer(): Promise<string> {
    return this.#deferred.promise;
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Bytes that it takes in a batch, at most. */
  get bytes(): number {
    return recordBytes(this.key, this.value);
  }

  resolve(id: string): void {
    if (!this.#settle()) return;
    this.#deferred.resolve(id);
  }

  reject(error: RpcError): void {
    if (!this.#settle()) return;
    this.#deferred.reject(error);
  }

  /** Its time has come. @param lastError why it could not be sent so far, if it was tried */
  expire(lastError: unknown): void {
    if (lastError !== undefined) return this.reject(rpcErrorOf(lastError));
    this.reject(
      backendErrors.BACKEND_TIMEOUT(
        "Cannot finish the call: its deadline passed before kafka acknowledged",
      ),
    );
  }

  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#settled(this);
    return true;
  }
}

/** A record's own fields are variable in length; this is more than they ever take. */
const RECORD_OVERHEAD = 36;

/** Bytes that a record takes in a batch, at most. */
export function recordBytes(key: string | undefined, value: Uint8Array): number {
  return value.byteLength + (key === undefined ? 0 : Buffer.byteLength(key)) + RECORD_OVERHEAD;
}
