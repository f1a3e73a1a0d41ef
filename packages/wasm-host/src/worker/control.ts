import type { HostAnswer, WasmStatus } from "../model/host-calls.ts";

/** Places in the block, in 32-bit words. */
const Word = {
  /** Number of the activation whose guest code runs; 0: none. */
  RUNNING: 0,
  /** Version that it belongs to. */
  VERSION: 1,
  /** Highest number of an activation that has begun. */
  STARTED: 2,
  /** Number of the host call whose answer the thread waits for; 0: none. */
  WAITING: 3,
  STATUS: 4,
  /** Octets of the answer; −1: they come on the port. */
  LENGTH: 5,
  /** The answer's number, a double, in words 6 and 7. */
  EXTRA: 6,
  /** Lowest level of guests' log lines that is wanted. */
  LOG_LEVEL: 8,
  /** Number of the last host call. */
  CALL: 9,
} as const;

const HEAD_BYTES = 64;
/** Answers up to this size come through the block. */
const ANSWER_BYTES = 32_768;

/** Numbers of activations begin anew after this one: the block has 32-bit words. */
export const maxActivation = 0x7fff_ffff;
const lowestCall = -0x7fff_ffff;

/** Whether activation `n` was ordered after another one, also when numbers have begun anew in between. */
export function isLater(n: number, other: number): boolean {
  const distance = (n - other) & maxActivation;
  return distance !== 0 && distance <= maxActivation / 2;
}

/** Bytes of a control block. */
export const controlBytes = HEAD_BYTES + ANSWER_BYTES;

/**
 * Memory that a worker and the main thread share: what runs on the worker, for the watchdog, and the answer to the host
 * call that the worker waits for.
 */
export class Control {
  readonly #words: Int32Array;
  readonly #extra: Float64Array;
  readonly #answer: Uint8Array;
  #leaving = false;

  constructor(block: SharedArrayBuffer) {
    this.#words = new Int32Array(block, 0, HEAD_BYTES / 4);
    this.#extra = new Float64Array(block, Word.EXTRA * 4, 1);
    this.#answer = new Uint8Array(block, HEAD_BYTES, ANSWER_BYTES);
  }

  /** Worker: guest code of an activation begins, or goes on. */
  enter(n: number, version: number): void {
    // A host call that failed on its way, by an overflow of the stack, is none any more.
    Atomics.store(this.#words, Word.WAITING, 0);
    Atomics.store(this.#words, Word.VERSION, version);
    if (isLater(n, this.started)) Atomics.store(this.#words, Word.STARTED, n);
    Atomics.store(this.#words, Word.RUNNING, n);
  }

  /** Worker: no guest code runs. */
  leave(): void {
    Atomics.store(this.#words, Word.RUNNING, 0);
  }

  /** Worker: no guest code runs after this turn of the event loop. */
  leaveSoon(): void {
    if (this.#leaving) return;
    this.#leaving = true;
    setImmediate(() => {
      this.#leaving = false;
      this.leave();
    });
  }

  /** Worker: blocks until the thread is ended. */
  stop(): void {
    const never = new Int32Array(new SharedArrayBuffer(4));
    for (;;) Atomics.wait(never, 0, 0);
  }

  get running(): number {
    return Atomics.load(this.#words, Word.RUNNING);
  }

  get version(): number {
    return Atomics.load(this.#words, Word.VERSION);
  }

  get started(): number {
    return Atomics.load(this.#words, Word.STARTED);
  }

  get waiting(): boolean {
    return Atomics.load(this.#words, Word.WAITING) !== 0;
  }

  /** Lowest level of log lines that the main thread wants; it may change at any time. */
  get logLevel(): number {
    return Atomics.load(this.#words, Word.LOG_LEVEL);
  }

  set logLevel(level: number) {
    Atomics.store(this.#words, Word.LOG_LEVEL, level);
  }

  /** Worker: what follows is a host call; before it is asked for. @returns its number, below 0 */
  expect(): number {
    const last = Atomics.load(this.#words, Word.CALL);
    const call = last <= lowestCall ? -1 : last - 1;
    Atomics.store(this.#words, Word.CALL, call);
    Atomics.store(this.#words, Word.WAITING, call);
    return call;
  }

  /**
   * Worker: blocks until the answer is there.
   *
   * @param call what `expect` gave
   * @param large takes an answer that did not fit from the port
   */
  await(call: number, large: () => Uint8Array): HostAnswer {
    Atomics.wait(this.#words, Word.WAITING, call);
    const length = Atomics.load(this.#words, Word.LENGTH);
    const value = length < 0 ? large() : this.#answer.slice(0, length);
    const status = Atomics.load(this.#words, Word.STATUS) as WasmStatus; // written by answer()
    return { status, value, extra: this.#extra[0] ?? 0 };
  }

  /**
   * Main thread: wakes the worker. An answer that nobody waits for any more is dropped: the thread may be another
   * function's by now.
   *
   * @param call what `expect` gave
   * @param large sends what does not fit to the port
   */
  answer(
    call: number,
    { status, value, extra }: HostAnswer,
    large: (value: Uint8Array) => void,
  ): void {
    if (Atomics.load(this.#words, Word.WAITING) !== call) return;
    const fits = value.length <= ANSWER_BYTES;
    if (fits) this.#answer.set(value);
    else large(value);
    this.#extra[0] = extra;
    Atomics.store(this.#words, Word.LENGTH, fits ? value.length : -1);
    Atomics.store(this.#words, Word.STATUS, status);
    // It may have given up meanwhile, and wait for another one.
    if (Atomics.compareExchange(this.#words, Word.WAITING, call, 0) === call)
      Atomics.notify(this.#words, Word.WAITING);
  }
}
