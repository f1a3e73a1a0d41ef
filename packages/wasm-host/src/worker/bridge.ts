import { receiveMessageOnPort, type MessagePort } from "node:worker_threads";
import type { HostAnswer, HostCall } from "../model/host-calls.ts";
import type { Control } from "./control.ts";
import type { LargeAnswer, Report } from "./protocol.ts";

/** How a worker asks the main thread on behalf of its guests: by waiting for the answer, or by suspending the guest. */
export class Bridge {
  readonly #control: Control;
  readonly #answers: MessagePort;
  readonly #send: (report: Report) => void;
  readonly #pending = new Map<number, { n: number; version: number; resolve: (answer: HostAnswer) => void }>(); // prettier-ignore
  #calls = 0;

  /** @param send posts a report at once, after those that wait */
  constructor(control: Control, answers: MessagePort, send: (report: Report) => void) {
    this.#control = control;
    this.#answers = answers;
    this.#send = send;
  }

  /** Blocks the thread until the main thread has answered. */
  ask(n: number, guest: number, version: number, call: HostCall): HostAnswer {
    const id = this.#control.expect();
    this.#send({ t: "call", n, guest, version, id, call });
    return this.#control.await(id, () => this.#large(id));
  }

  /** Resolves when the main thread has answered; meanwhile the thread is free. */
  askLater(
    n: number,
    guest: number,
    version: number,
    call: HostCall,
    memoryBytes: number,
  ): Promise<HostAnswer> {
    const id = ++this.#calls;
    return new Promise((resolve) => {
      this.#pending.set(id, { n, version, resolve });
      this.#send({ t: "call", n, guest, version, id, call, memoryBytes });
    });
  }

  /** An answer has come for a suspended guest: its code goes on before the next order. */
  answered(id: number, answer: HostAnswer): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    this.#control.enter(pending.n, pending.version);
    pending.resolve(answer);
    this.#control.leaveSoon();
  }

  /** An answer whose guest died before it took it lies there still: it is not for this one. */
  #large(call: number): Uint8Array {
    for (;;) {
      const received = receiveMessageOnPort(this.#answers);
      if (received === undefined) return new Uint8Array(0);
      const answer = received.message as LargeAnswer; // sent by pool/worker-thread.ts
      if (answer.call === call) return answer.value;
    }
  }
}
