import type { Delivery } from "../../component.ts";
import type { Connection } from "./connection.ts";
import type { Member } from "./member.ts";
import type { Incoming } from "./packet.ts";

/** A message that the broker has not got back yet. */
export interface Entry {
  readonly incoming: Incoming;
  /** Order of arrival. */
  readonly order: number;
  /** Where it came last: it can be acknowledged there and nowhere else. */
  connection: Connection;
  redelivered: number;
  /** The member that has it. */
  member: Member | undefined;
  /** What that member was given. */
  delivery: Delivery | undefined;
}

/** Begins with a message that has just come. */
export function entryOf(incoming: Incoming, order: number, connection: Connection): Entry {
  const redelivered = incoming.isDuplicate ? 1 : 0;
  return {
    incoming,
    order,
    connection,
    redelivered,
    member: undefined,
    delivery: undefined,
  };
}

/** What {@link deliveryOf} tells its owner. */
export interface EntryOwner {
  acked(entry: Entry): void;
  released(entry: Entry): void;
}

/** Hands an entry out once more: what was handed out before has no effect any more. */
export function deliveryOf(entry: Entry, owner: EntryOwner): Delivery {
  const { incoming, redelivered } = entry;
  const delivery: Delivery = {
    id: incoming.id,
    data: incoming.data,
    lane: incoming.key,
    redelivered,
    metadata: incoming.metadata,
    ack: () => {
      if (entry.delivery === delivery) owner.acked(entry);
    },
    release: () => {
      if (entry.delivery === delivery) owner.released(entry);
    },
  };
  entry.delivery = delivery;
  return delivery;
}
