import { backendErrors, deferred, type Deferred } from "@layotto/sidecar-kit";
import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from "nats";
import { apiError, natsError } from "./errors.ts";

/** Bytes of messages that the server has not answered; above it publishing fails at once. */
const MAX_UNANSWERED_BYTES = 64 * 1024 * 1024;
/** A message whose caller has given up counts against that limit for so long, unless it is answered. */
const FORGET_MS = 60_000;
/** What a message costs beside its bytes. */
const OVERHEAD_BYTES = 512;

/** JetStream has no stream for the subject: the message was certainly not taken. */
export class NoStream extends Error {}

interface Waiting {
  readonly result: Deferred<string>;
  readonly bytes: number;
  timer: NodeJS.Timeout;
}

interface PubAck {
  readonly seq?: number;
  readonly error?: { readonly code: number; readonly description: string };
}

/** Publishes over one connection and waits for JetStream's acknowledgements. */
export class Publisher {
  readonly #connection: NatsConnection;
  readonly #inbox: string;
  readonly #waiting = new Map<string, Waiting>();
  #count = 0;
  #bytes = 0;

  constructor(connection: NatsConnection) {
    this.#connection = connection;
    this.#inbox = `${createInbox()}.`;
    connection.subscribe(`${this.#inbox}*`, { callback: (_, message) => this.#answered(message) });
    void connection.closed().then(() => this.#fail());
  }

  /**
   * Publishes a message.
   *
   * @returns its sequence in the stream
   * @throws NoStream when no stream holds the subject
   * @throws RpcError BACKEND_TIMEOUT, BACKEND_UNAVAILABLE: it may or may not be published; BACKEND_LIMIT, BACKEND_FAILED
   */
  publish(
    subject: string,
    data: Uint8Array,
    headers: MsgHdrs,
    deadlineMs: number,
  ): Promise<string> {
    const ms = deadlineMs - Date.now();
    if (ms <= 0) return Promise.reject(tooLate("before it was sent to nats"));
    const bytes = data.length + OVERHEAD_BYTES;
    if (this.#bytes > 0 && this.#bytes + bytes > MAX_UNANSWERED_BYTES) {
      return Promise.reject(
        backendErrors.BACKEND_LIMIT(
          `Cannot publish: nats has not answered for ${this.#bytes} bytes, the most is ${MAX_UNANSWERED_BYTES}`,
        ),
      );
    }
    const token = (this.#count += 1).toString(36);
    const result = deferred<string>();
    try {
      this.#connection.publish(subject, data, { reply: this.#inbox + token, headers });
    } catch (error) {
      return Promise.reject(natsError(error));
    }
    const timer = setTimeout(() => this.#expired(token), ms);
    this.#waiting.set(token, { result, bytes, timer });
    this.#bytes += bytes;
    return result.promise;
  }

  #answered(message: Msg): void {
    const waiting = this.#take(message.subject.slice(this.#inbox.length));
    if (waiting === undefined) return;
    if (message.data.length === 0) return waiting.result.reject(new NoStream());
    const { seq, error } = parseAck(message.data);
    if (error !== undefined) return waiting.result.reject(apiError(error));
    if (typeof seq === "number") return waiting.result.resolve(String(seq));
    waiting.result.reject(
      backendErrors.BACKEND_FAILED(
        "Cannot publish: something else than JetStream answers on the subject",
      ),
    );
  }

  /** The caller hears of it; the bytes count until the server answers, since they may still lie in the socket. */
  #expired(token: string): void {
    const waiting = this.#waiting.get(token);
    if (waiting === undefined) return;
    waiting.result.reject(tooLate("before nats answered; the message may or may not be published"));
    waiting.timer = setTimeout(() => this.#take(token), FORGET_MS).unref();
  }

  #take(token: string): Waiting | undefined {
    const waiting = this.#waiting.get(token);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(token);
    this.#bytes -= waiting.bytes;
    clearTimeout(waiting.timer);
    return waiting;
  }

  #fail(): void {
    for (const token of [...this.#waiting.keys()]) {
      this.#take(token)?.result.reject(
        backendErrors.BACKEND_UNAVAILABLE(
          "Cannot reach nats: the connection was lost before it answered; the message may or may not be published",
        ),
      );
    }
  }
}

/** The error of a call whose time is over. */
export function tooLate(when: string): Error {
  return backendErrors.BACKEND_TIMEOUT(`Cannot finish the call: its deadline passed ${when}`);
}

function parseAck(data: Uint8Array): PubAck {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(data).toString());
    return Object(parsed) as PubAck; // every field of it is looked at before it is used
  } catch {
    return {};
  }
}
