import { randomUUID } from "node:crypto";
import type { Logger } from "@layotto/sidecar-kit";
import type { IPublishPacket } from "mqtt";
import { Connection } from "./connection.ts";
import { VACANT, groupNames, heldBy } from "./names.ts";
import type { Target } from "./target.ts";

/** Seconds that a process which has lost its connection has to come back before another may take its place. */
const WILL_DELAY_S = 1;

/** What a message of a session comes with. */
export type Message = (packet: IPublishPacket, connection: Connection) => void;

/** Which session it is, and where. */
export interface SessionPlace {
  readonly target: Target;
  readonly topic: string;
  readonly group: string;
  /** Whether the broker keeps nothing while no process is connected. */
  readonly clean: boolean;
  readonly logger: Pick<Logger, "info" | "warn">;
}

/** Opens a connection that has the session and the subscription. */
export async function hold(
  place: SessionPlace,
  id: string,
  window: number,
  message: Message,
  signal: AbortSignal,
): Promise<Connection> {
  const { target, topic, group, clean } = place;
  const { clientId, holderTopic } = groupNames(topic, group);
  const will = {
    topic: holderTopic,
    payload: VACANT,
    qos: 0,
    retain: true,
    properties: { willDelayInterval: WILL_DELAY_S },
  } as const;
  const request = { clientId, clean, receiveMaximum: window, will, message };
  const connection = await Connection.open(target, request, signal);
  connection.leave(holderTopic, heldBy(id));
  return subscribed(connection, topic, signal);
}

/** Opens a connection that is told who has the session; what it was when it began has come when this resolves. */
export async function watch(
  { target, topic, group }: SessionPlace,
  message: Message,
  signal: AbortSignal,
): Promise<Connection> {
  const request = {
    clientId: `wait${randomUUID().replaceAll("-", "").slice(0, 19)}`,
    clean: true,
    message: (packet: IPublishPacket, connection: Connection) => {
      if (packet.qos === 1) connection.acknowledge(packet.messageId ?? 0);
      message(packet, connection);
    },
  };
  const connection = await Connection.open(target, request, signal);
  await subscribed(connection, groupNames(topic, group).holderTopic, signal);
  try {
    await connection.ping(); // a retained message comes before the answer
    return connection;
  } catch (error) {
    await connection.end();
    throw error;
  }
}

/** Subscribes; when that does not work the connection ends without good-bye, so that its will is published. */
async function subscribed(
  connection: Connection,
  topic: string,
  signal: AbortSignal,
): Promise<Connection> {
  const abort = (): void => connection.destroy();
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    await connection.subscribe(topic);
    return connection;
  } catch (error) {
    connection.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/**
 * Makes the broker keep the messages of a topic for a group from now on. Leaves a group alone that a process has.
 *
 * @throws RpcError
 */
export async function establish(place: SessionPlace, signal: AbortSignal): Promise<void> {
  const { holderTopic } = groupNames(place.topic, place.group);
  let state = VACANT;
  const watching = await watch(place, ({ payload }) => (state = payload.toString()), signal);
  await watching.end();
  if (state !== VACANT) return;
  const holding = await hold(place, "nobody for long", 1, () => undefined, signal);
  holding.leave(holderTopic, VACANT);
  await holding.end();
}
