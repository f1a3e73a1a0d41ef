import { KafkaFault } from "../fault.ts";
import { toFault } from "./faults.ts";
import { Sockets } from "./sockets.ts";

/** A producer or an admin client of kafkajs. */
export interface Connectable {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}

interface Open<T> {
  readonly object: T;
  readonly sockets: Sockets;
  readonly connected: Promise<void>;
}

/** After so many failures in a row the object is thrown away: kafkajs does not get over everything by itself. */
const MAX_FAILURES = 5;
const CLOSE_TIMEOUT_MS = 2000;

/** An object of kafkajs that is connected when it is needed and replaced when it does not come round. */
export class Link<T extends Connectable> {
  readonly #create: (sockets: Sockets) => T;
  readonly #callTimeoutMs: number;
  #current: Open<T> | undefined;
  #failures = 0;
  #closed = false;

  /** @param callTimeoutMs longest time of one call, on top of what kafkajs itself limits */
  constructor(create: (sockets: Sockets) => T, callTimeoutMs: number) {
    this.#create = create;
    this.#callTimeoutMs = callTimeoutMs;
  }

  /** @throws KafkaFault */
  async call<R>(use: (object: T) => Promise<R>): Promise<R> {
    const link = this.#open();
    try {
      const result = await within(this.#callTimeoutMs, () =>
        link.connected.then(() => use(link.object)),
      );
      this.#failures = 0;
      return result;
    } catch (error) {
      const fault = toFault(error);
      if (fault.isPassing && ++this.#failures >= MAX_FAILURES) this.#drop(link);
      throw fault;
    }
  }

  /** Ends its connections; calls under way fail. */
  async close(): Promise<void> {
    this.#closed = true;
    const link = this.#current;
    this.#current = undefined;
    if (link === undefined) return;
    await within(CLOSE_TIMEOUT_MS, () => link.object.disconnect()).catch(() => {});
    link.sockets.close();
  }

  #open(): Open<T> {
    if (this.#closed) throw new KafkaFault("away", "the component is closed");
    if (this.#current !== undefined) return this.#current;
    const sockets = new Sockets();
    const object = this.#create(sockets);
    const link = { object, sockets, connected: object.connect() };
    link.connected.catch(() => this.#drop(link));
    this.#current = link;
    return link;
  }

  #drop(link: Open<T>): void {
    if (this.#current === link) this.#current = undefined;
    this.#failures = 0;
    link.sockets.close();
    link.object.disconnect().catch(() => {});
  }
}

/** Rejects with a fault when it takes longer. */
export async function within<R>(ms: number, work: () => Promise<R>): Promise<R> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new KafkaFault("slow", `no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
