import { randomUUID } from "node:crypto";
import { backendErrors, deferred, type Deferred } from "@layotto/sidecar-kit";
import type { Message, Options } from "amqplib";
import type { PublishLine } from "./connect.ts";
import { tooLate } from "./errors.ts";

/** Bytes of messages that the server has not confirmed; above it publishing fails at once. */
const MAX_UNCONFIRMED_BYTES = 64 * 1024 * 1024;
/** What a message costs beside its bytes. */
const OVERHEAD_BYTES = 512;

/** No queue is bound to the exchange: the server has confirmed the message and dropped it. */
export class Unroutable extends Error {}

interface Waiting {
  readonly result: Deferred<void>;
  readonly bytes: number;
  readonly timer: NodeJS.Timeout;
  returned: boolean;
}

/** Where a message goes: to all queues of an exchange, or to the one queue `routingKey` of the exchange `""`. */
export interface Target {
  readonly exchange: string;
  readonly routingKey: string;
}

/** Publishes over one connection and waits for the server's confirms. */
export class Publisher {
  /** Exchanges that were declared since this connection began. */
  readonly exchanges = new Map<string, Promise<void>>();
  readonly #line: PublishLine;
  readonly #waiting = new Map<string, Waiting>();
  #bytes = 0;
  #alarm: string | undefined;
  /** Why the server has closed the channel. */
  #reason: string | undefined;

  constructor(line: PublishLine) {
    this.#line = line;
    const { model, channel } = line;
    channel.on("return", (message) => this.#returned(message));
    channel.on("error", (error) => (this.#reason = error.message));
    model.on("blocked", (reason) => (this.#alarm = reason));
    model.on("unblocked", () => (this.#alarm = undefined));
  }

  /**
   * Publishes a message to an exchange or a queue that is there.
   *
   * @returns its message id
   * @throws Unroutable when no queue has it
   * @throws RpcError BACKEND_TIMEOUT, BACKEND_UNAVAILABLE: it may or may not be published; BACKEND_LIMIT
   */
  async publish(
    target: Target,
    content: Buffer,
    properties: Options.Publish,
    deadlineMs: number,
  ): Promise<string> {
    const ms = deadlineMs - Date.now();
    if (ms <= 0) throw tooLate("before it was sent to rabbitmq");
    if (this.#alarm !== undefined) throw blocked(this.#alarm, "");
    const bytes = content.length + OVERHEAD_BYTES;
    if (this.#bytes > 0 && this.#bytes + bytes > MAX_UNCONFIRMED_BYTES) {
      throw backendErrors.BACKEND_LIMIT(
        `Cannot publish: rabbitmq has not confirmed ${this.#bytes} bytes, the most is ${MAX_UNCONFIRMED_BYTES}`,
      );
    }
    const messageId = randomUUID();
    const options = { ...properties, messageId, mandatory: true };
    const confirmed = (error: unknown): void => this.#confirmed(messageId, error);
    try {
      const { exchange, routingKey } = target;
      this.#line.channel.publish(exchange, routingKey, content, options, confirmed);
    } catch (error) {
      // The channel is closed; the library throws then.
      throw lost(error, this.#reason);
    }
    const result = deferred<void>();
    const timer = setTimeout(() => this.#expired(messageId), ms);
    this.#waiting.set(messageId, { result, bytes, timer, returned: false });
    this.#bytes += bytes;
    await result.promise;
    return messageId;
  }

  /** Comes before the confirm of the same message. */
  #returned({ properties }: Message): void {
    const waiting = this.#waiting.get(String(properties.messageId));
    if (waiting !== undefined) waiting.returned = true;
  }

  #confirmed(messageId: string, error: unknown): void {
    const waiting = this.#waiting.get(messageId);
    if (waiting === undefined) return;
    this.#waiting.delete(messageId);
    this.#bytes -= waiting.bytes;
    clearTimeout(waiting.timer);
    if (error !== null) waiting.result.reject(lost(error, this.#reason));
    else if (waiting.returned) waiting.result.reject(new Unroutable());
    else waiting.result.resolve();
  }

  /** The caller hears of it; the bytes count until the server confirms, since they may still lie in the socket. */
  #expired(messageId: string): void {
    const note = "; the message may or may not be published";
    const error =
      this.#alarm === undefined
        ? tooLate(`before rabbitmq confirmed${note}`)
        : blocked(this.#alarm, note);
    this.#waiting.get(messageId)?.result.reject(error);
  }
}

function blocked(alarm: string, note: string): Error {
  return backendErrors.BACKEND_UNAVAILABLE(
    `Cannot publish: rabbitmq has raised an alarm ("${alarm}") and takes nothing until it is over${note}`,
  );
}

function lost(error: unknown, reason: string | undefined): Error {
  const message = reason ?? (error instanceof Error ? error.message : String(error));
  return backendErrors.BACKEND_UNAVAILABLE(
    `Cannot publish to rabbitmq: ${message}; the message may or may not be published`,
  );
}
