import type { Delivery } from "../../component.ts";

/** An entry of a stream as Redis gave it. */
export interface StreamEntry {
  readonly id: string;
  /** Names and values in turn. */
  readonly fields: readonly Buffer[];
  /** How often it was handed out before. */
  readonly redelivered: number;
}

/** Who settles deliveries. */
export interface Settler {
  ack(delivery: RedisDelivery): void;
  release(delivery: RedisDelivery): void;
}

type Metadata = Readonly<Record<string, string>>;

/** An entry that was handed out, or waits to be handed out again. */
export class RedisDelivery implements Delivery {
  readonly id: string;
  readonly data: Uint8Array;
  readonly metadata: Metadata | undefined;
  readonly redelivered: number;
  /** With the receiver now. */
  isOut = false;
  readonly #settler: Settler;

  constructor(
    settler: Settler,
    part: Pick<RedisDelivery, "id" | "data" | "metadata" | "redelivered">,
  ) {
    this.#settler = settler;
    this.id = part.id;
    this.data = part.data;
    this.metadata = part.metadata;
    this.redelivered = part.redelivered;
  }

  get lane(): string | undefined {
    return this.metadata?.["partitionKey"];
  }

  ack(): void {
    this.#settler.ack(this);
  }

  release(): void {
    this.#settler.release(this);
  }

  /** The same for the next time: each time it is handed out it is an object of its own. */
  again(): RedisDelivery {
    return new RedisDelivery(this.#settler, { ...this.#part(), redelivered: this.redelivered + 1 });
  }

  #part() {
    return { id: this.id, data: this.data, metadata: this.metadata };
  }
}

/** Reads an entry in Layotto's layout; `undefined` = it has no field `data`. */
export function deliveryOf(settler: Settler, entry: StreamEntry): RedisDelivery | undefined {
  const { id, fields, redelivered } = entry;
  let data: Buffer | undefined;
  let metadata: Metadata | undefined;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (isName(fields[i], "data")) data = fields[i + 1];
    else if (isName(fields[i], "metadata")) metadata = readMetadata(fields[i + 1]);
  }
  return data && new RedisDelivery(settler, { id, data, metadata, redelivered });
}

/** What goes into the field `metadata`; `undefined` = nothing. The keys left out say how to publish, and were obeyed. */
export function writtenMetadata(key: string | undefined, metadata: Metadata): string | undefined {
  const { ttlInSeconds: _ttl, rawPayload: _raw, ...rest } = metadata;
  const kept = key === undefined ? rest : { ...rest, partitionKey: key };
  for (const _name in kept) return JSON.stringify(kept);
  return undefined;
}

function isName(field: Buffer | undefined, name: string): boolean {
  return field?.length === name.length && field.toString("latin1") === name;
}

function readMetadata(json: Buffer | undefined): Metadata | undefined {
  try {
    const value: unknown = JSON.parse(json?.toString() ?? "");
    if (typeof value !== "object" || value === null) return undefined;
    const texts = Object.entries(value).filter(([, text]) => typeof text === "string");
    return texts.length === 0 ? undefined : (Object.fromEntries(texts) as Metadata); // only strings are left
  } catch {
    return undefined; // somebody else's; the message does not need it
  }
}
