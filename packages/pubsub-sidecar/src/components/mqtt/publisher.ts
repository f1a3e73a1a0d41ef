import { randomUUID } from "node:crypto";
import { backendErrors, type CallOptions, type ComponentContext } from "@layotto/sidecar-kit";
import type { PublishRequest } from "../../component.ts";
import { Connection } from "./connection.ts";
import { answerError } from "./errors.ts";
import { keepConnected } from "./keep-connected.ts";
import { HEAD_BYTES, propertiesOf } from "./packet.ts";
import type { Target } from "./target.ts";

/** Publishes that may wait because the broker takes no more at a time. */
const MAX_WAITING = 10_000;

interface Publish {
  readonly request: PublishRequest;
  readonly payload: Buffer;
  readonly id: string;
  settle(error: Error | undefined): void;
  isSettled: boolean;
}

/**
 * Publishes on a connection of its own, with a session that ends with it. Nothing waits for the broker to come back:
 * without a connection a publish fails at once, and one that failed is never sent afterwards.
 */
export class Publisher {
  readonly #target: Target;
  readonly #retain: boolean;
  readonly #stop = new AbortController();
  #connection: Connection;
  /** Sent on `#connection` and not answered, whoever still waits for them. */
  #inFlight = new Set<Publish>();
  #waiting: Publish[] = [];
  #kept: Promise<void> = Promise.resolve();

  private constructor(target: Target, retain: boolean, connection: Connection) {
    this.#target = target;
    this.#retain = retain;
    this.#connection = connection;
  }

  /** Connects. Rejects when that does not work now. */
  static async open(
    target: Target,
    retain: boolean,
    { logger, signal }: Pick<ComponentContext, "logger" | "signal">,
  ): Promise<Publisher> {
    const connect = (during: AbortSignal): Promise<Connection> => {
      const clientId = `pub${randomUUID().replaceAll("-", "").slice(0, 20)}`;
      return Connection.open(target, { clientId, clean: true }, during);
    };
    const first = await connect(signal);
    const publisher = new Publisher(target, retain, first);
    const stop = publisher.#stop.signal;
    publisher.#kept = keepConnected(
      {
        what: "mqtt connection for publishing",
        logger,
        signal: stop,
        connect: () => connect(stop),
        up: (connection) => (publisher.#connection = connection),
        down: ({ reason }) => publisher.#lost(reason),
      },
      first,
    );
    return publisher;
  }

  /** The connection, which may be gone. */
  get connection(): Connection {
    return this.#connection;
  }

  /** Publishes; resolves with the id of the message when the broker has it. */
  publish(request: PublishRequest, options: CallOptions): Promise<string> {
    const now = Date.now();
    const { deadlineMs = Infinity } = options;
    if (deadlineMs <= now) return Promise.reject(tooLate("before it was sent to mqtt"));
    const fault = this.#fault(request);
    if (fault !== undefined) return Promise.reject(fault);
    const id = randomUUID();
    return new Promise((resolve, reject) => {
      const waitMs = Math.min(deadlineMs - now, this.#target.callTimeoutMs);
      const timer = setTimeout(() => publish.settle(tooLate("before mqtt answered")), waitMs);
      const publish: Publish = {
        request,
        payload: Buffer.from(request.data), // a copy: the library and the socket keep it beyond this call
        id,
        isSettled: false,
        settle: (error) => {
          if (publish.isSettled) return;
          publish.isSettled = true;
          clearTimeout(timer);
          if (error === undefined) resolve(id);
          else reject(error);
        },
      };
      this.#waiting.push(publish);
      this.#send();
    });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#connection.end();
    await this.#kept;
  }

  #fault(request: PublishRequest): Error | undefined {
    if (!this.#connection.isOpen)
      return backendErrors.BACKEND_UNAVAILABLE("Cannot reach mqtt: there is no connection");
    if (this.#waiting.length >= MAX_WAITING)
      return backendErrors.BACKEND_LIMIT(
        `Cannot publish: ${MAX_WAITING} messages wait for mqtt already`,
      );
    const { packetMaximum } = this.#connection;
    const { topic, contentType, key, data } = request;
    const names = topic.length + contentType.length + (key?.length ?? 0);
    const most = packetMaximum - HEAD_BYTES - names * 3; // UTF-8 has at most 3 bytes for each
    if (data.byteLength <= most) return undefined;
    return backendErrors.BACKEND_LIMIT(
      `Cannot publish: the message has ${data.byteLength} bytes, mqtt takes ${Math.max(0, most)}`,
    );
  }

  /** Sends what the broker takes; more at a time would end the connection [MQTT-3.3.4-9]. */
  #send(): void {
    const connection = this.#connection;
    while (this.#inFlight.size < connection.sendMaximum && connection.isOpen) {
      const publish = this.#waiting.shift();
      if (publish === undefined) return;
      if (publish.isSettled) continue;
      const inFlight = this.#inFlight;
      inFlight.add(publish);
      const { topic } = publish.request;
      const properties = propertiesOf(publish.request, publish.id);
      const { payload } = publish;
      connection.publish({ topic, payload, retain: this.#retain, properties }, (error) => {
        inFlight.delete(publish);
        publish.settle(error && answerError(error));
        if (inFlight === this.#inFlight) this.#send();
      });
    }
  }

  #lost(reason: string): boolean {
    const lost = [...this.#inFlight, ...this.#waiting];
    this.#inFlight = new Set();
    this.#waiting = [];
    for (const publish of lost) publish.settle(backendErrors.BACKEND_UNAVAILABLE(reason));
    return false;
  }
}

function tooLate(when: string): Error {
  return backendErrors.BACKEND_TIMEOUT(`Cannot finish the call: its deadline passed ${when}`);
}
