import { backendErrors, deferred } from "@layotto/sidecar-kit";
import { connect, type IClientOptions, type IPublishPacket, type MqttClient } from "mqtt";
import { Acknowledger } from "./acknowledger.ts";
import { REASON, answerError, connectError, reasonText } from "./errors.ts";
import type { Target } from "./target.ts";

/** Greatest packet of MQTT, in bytes [MQTT-2.1.4]. */
const MAX_PACKET = 268_435_455;

/** What one connection is for. */
export interface ConnectionRequest {
  readonly clientId: string;
  /** Whether the broker forgets everything when the connection ends. */
  readonly clean: boolean;
  /** Most messages that the broker may send unacknowledged. */
  readonly receiveMaximum?: number;
  readonly will?: IClientOptions["will"];
  /**
   * A message has come. It may come before `open` has resolved: a session that is there goes on at once. One of QoS 1 is
   * acknowledged with {@link Connection.acknowledge}.
   */
  message?(packet: IPublishPacket, connection: Connection): void;
}

/** Why a connection is gone. */
export interface Gone {
  /** Another connection with the same client id has the session now. */
  readonly taken: boolean;
  readonly reason: string;
}

/** One connection to the broker, from CONNECT to its end. It never comes back: who wants another opens one. */
export class Connection {
  /** Resolves when it is gone, whoever ended it; never rejects. */
  readonly gone: Promise<Gone>;
  readonly #target: Target;
  readonly #client: MqttClient;
  readonly #acknowledger: Acknowledger;
  #sessionPresent = false;
  #open = true;
  #pings: (() => void)[] = [];

  private constructor(target: Target, request: ConnectionRequest, client: MqttClient) {
    this.#target = target;
    this.#client = client;
    const { promise, resolve } = deferred<Gone>();
    this.gone = promise;
    let gone: Gone = { taken: false, reason: "the connection was closed" };
    const broken = (error: Error): void => {
      if (!gone.taken) gone = { taken: false, reason: connectError(error).message };
      // Not every error of the library ends its connection.
      client.stream.destroy();
    };
    this.#acknowledger = new Acknowledger(
      client,
      (packet) => request.message?.(packet, this),
      broken,
    );
    client.on("error", broken);
    client.on("disconnect", ({ reasonCode = 0 }) => {
      gone = { taken: reasonCode === REASON.sessionTakenOver, reason: reasonText(reasonCode) };
    });
    client.on("packetreceive", ({ cmd }) => {
      if (cmd === "pingresp") for (const done of this.#pings.splice(0)) done();
    });
    client.once("close", () => {
      this.#open = false;
      resolve(gone);
    });
  }

  /** @throws RpcError BACKEND_UNAVAILABLE */
  static async open(
    target: Target,
    request: ConnectionRequest,
    signal: AbortSignal,
  ): Promise<Connection> {
    if (signal.aborted) throw connectError("the process stops");
    const client = connect(optionsOf(target, request));
    const connection = new Connection(target, request, client);
    const abort = (): void => void client.stream.destroy();
    signal.addEventListener("abort", abort, { once: true });
    try {
      const connack = new Promise<boolean>((resolve) => {
        client.once("connect", ({ sessionPresent }) => resolve(sessionPresent));
      });
      const first = await Promise.race([connack, connection.gone]);
      if (typeof first !== "boolean") throw backendErrors.BACKEND_UNAVAILABLE(first.reason);
      connection.#sessionPresent = first;
      return connection;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Whether the broker has kept the session. */
  get sessionPresent(): boolean {
    return this.#sessionPresent;
  }

  /** Most publishes that the broker takes at a time. */
  get sendMaximum(): number {
    return this.#client.serverProperties?.receiveMaximum ?? 65_535;
  }

  /** Largest packet that the broker takes, in bytes. */
  get packetMaximum(): number {
    return this.#client.serverProperties?.maximumPacketSize ?? MAX_PACKET;
  }

  /** Publishes with QoS 1; calls back once: when the broker has it, has refused it, or the connection is gone. */
  publish(
    packet: Pick<IPublishPacket, "topic" | "retain" | "properties"> & { payload: Buffer },
    done: (error: Error | undefined) => void,
  ): void {
    const { topic, payload, retain, properties } = packet;
    this.#client.publish(topic, payload, { qos: 1, retain, properties }, (error) =>
      done(error ?? undefined),
    );
  }

  /** Leaves a retained message without waiting for it to arrive. */
  leave(topic: string, payload: string): void {
    if (this.#open) this.#client.publish(topic, payload, { qos: 0, retain: true });
  }

  /** @throws RpcError when the broker refuses, does not answer in time, or goes away */
  async subscribe(topic: string): Promise<void> {
    const granted = new Promise<void>((resolve, reject) => {
      // rh 1: what is retained comes with a new subscription only, not with every connection.
      this.#client.subscribe(topic, { qos: 1, rh: 1 }, (error, grants) => {
        if (error !== null) return reject(answerError(error));
        if (grants?.[0]?.qos === 1) return resolve();
        reject(backendErrors.BACKEND_FAILED(`mqtt grants only QoS 0 for topic "${topic}"`));
      });
    });
    await this.#inTime(granted);
  }

  /** Resolves when the broker has answered; everything that it sent before has come by then. */
  async ping(): Promise<void> {
    const answered = new Promise<void>((resolve) => this.#pings.push(resolve));
    this.#client.sendPing();
    await this.#inTime(answered);
  }

  /** Acknowledges a message that came on this connection. */
  acknowledge(packetId: number): void {
    if (this.#open) this.#acknowledger.acknowledge(packetId);
  }

  /** Ends it in good order: what was written before is with the broker, the will is not published. */
  async end(): Promise<void> {
    if (!this.#open) return;
    this.#acknowledger.flush();
    this.#client.end(false);
    const timer = setTimeout(() => this.destroy(), Math.min(2000, this.#target.callTimeoutMs));
    await this.gone;
    clearTimeout(timer);
  }

  /** Ends it at once. */
  destroy(): void {
    this.#client.stream.destroy();
  }

  async #inTime(work: Promise<void>): Promise<void> {
    const { callTimeoutMs } = this.#target;
    work.catch(() => undefined); // it may reject after the race was lost
    const late = deferred<never>();
    late.promise.catch(() => undefined);
    const tooLate = backendErrors.BACKEND_TIMEOUT("mqtt did not answer in time");
    const timer = setTimeout(() => late.reject(tooLate), callTimeoutMs);
    const lost = this.gone.then(({ reason }) => {
      throw backendErrors.BACKEND_UNAVAILABLE(reason);
    });
    try {
      await Promise.race([work, late.promise, lost]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function optionsOf(target: Target, request: ConnectionRequest): IClientOptions {
  const { clientId, clean, receiveMaximum, will } = request;
  return {
    ...target.options,
    protocolVersion: 5,
    clientId,
    clean,
    keepalive: target.keepaliveS,
    connectTimeout: target.connectTimeoutMs,
    // A new object for each connection: what was reported as failed is never sent again by a store of the library.
    reconnectPeriod: 0,
    resubscribe: false,
    properties: {
      // As long as there is [MQTT-3.1.2-23]: how long a group may be away is for the broker to limit.
      sessionExpiryInterval: clean ? 0 : 0xffff_ffff,
      ...(receiveMaximum !== undefined && { receiveMaximum }),
    },
    ...(will !== undefined && { will }),
  };
}
