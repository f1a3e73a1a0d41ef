import type { Msg, NatsConnection } from "nats";
import type { Delivery } from "../../component.ts";

/** What is said about a message: done, not done, still working. */
export const ACK = Buffer.from("+ACK");
export const NAK = Buffer.from("-NAK");
export const WORKING = Buffer.from("+WPI");

/** Header with the key of a message, percent-encoded. */
export const KEY_HEADER = "Layotto-Partition-Key";

/** A message of a consumer that is not settled. */
export interface Held {
  /** See {@link MessageInfo}. */
  readonly key: string;
  /** Where to tell the server about it; another one each time that it is handed out. */
  reply: string;
  delivery: Delivery;
}

/** What JetStream says about a message in its reply subject. */
export interface MessageInfo {
  /** Sequence in the stream. */
  readonly sequence: string;
  /** The same each time that it is handed out, and for no other message, also when the stream is made anew. */
  readonly key: string;
  /** How often it was handed out, this time included. */
  readonly deliveries: number;
}

/**
 * Reads `$JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.<sequence of consumer>.<time>.<pending>`, or the form with
 * domain and account before the stream. `undefined` = it comes from no consumer.
 */
export function messageInfo(reply: string): MessageInfo | undefined {
  const tokens = reply.split(".");
  const shift = tokens.length === 9 ? 0 : 2;
  const [deliveries, sequence, , time] = tokens.slice(4 + shift);
  if (tokens[1] !== "ACK" || sequence === undefined || time === undefined) return undefined;
  return { sequence, key: `${sequence}.${time}`, deliveries: Number(deliveries) };
}

/** Tells the server about a message; a lost connection makes no difference: then it is handed out again. */
export function tell(connection: NatsConnection, reply: string, what: Uint8Array): void {
  try {
    connection.publish(reply, what);
  } catch {
    // See above.
  }
}

/** The lane of a message: its key. */
export function laneOf(message: Msg): string | undefined {
  const key = message.headers?.get(KEY_HEADER) ?? "";
  if (key === "") return undefined;
  try {
    return decodeURIComponent(key);
  } catch {
    return key; // another program wrote it as it is
  }
}
