import type { RedisConnection } from "@layotto/redis-connection";
import type { CallOptions } from "@layotto/sidecar-kit";
import { randomUUID } from "node:crypto";
import { delayKeys, topicKeys } from "./delay-keys.ts";
import type { DelayScript } from "./delay-scripts.ts";

/** A message to keep until its time. */
export interface DelayedMessage {
  readonly topic: string;
  readonly data: Buffer;
  /** What goes into the entry's field `metadata`. */
  readonly metadata: string | undefined;
}

/** Keeps a message until its time; done when Redis has it. @returns its id */
export async function keepUntilDue<S extends DelayScript>(
  connection: RedisConnection<S | DelayScript>,
  { topic, data, metadata = "" }: DelayedMessage,
  delayMs: number,
  options: CallOptions,
): Promise<string> {
  const id = randomUUID();
  const { order, content } = topicKeys(topic);
  // The topic is made known last: a dispatcher that looked before it forgets a topic without messages.
  await connection.call(options, async (client) => {
    const due = await client.delayAdd(order, content, id, Math.ceil(delayMs), data, metadata);
    await client.delayExpect(delayKeys.topics, topic, String(due));
  });
  return id;
}
