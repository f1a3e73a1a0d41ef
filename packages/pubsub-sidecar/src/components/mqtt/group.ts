import type { BrokerSubscription, Receiver, SubscribeRequest } from "../../component.ts";
import type { IPublishPacket } from "mqtt";
import type { Connection } from "./connection.ts";
import { Done } from "./done.ts";
import { connectError } from "./errors.ts";
import { deliveryOf, entryOf, type Entry } from "./entry.ts";
import type { SessionPlace } from "./hold.ts";
import { Members, type Member } from "./member.ts";
import { incomingOf, isSame } from "./packet.ts";
import { Session, type SessionOwner } from "./session.ts";

/**
 * The subscriptions that this process has for one group on one topic. They share a session, and its messages.
 *
 * What is unsettled outlives a lost connection: the broker sends it again with the same packet identifier, which is how
 * it is known again, and it is not handed out twice.
 */
export class Group implements SessionOwner {
  /** Settles when the last subscription has gone and the session is free. */
  closing: Promise<void> | undefined;
  readonly #place: SessionPlace;
  readonly #stop: AbortSignal;
  readonly #members = new Members();
  readonly #byPacketId = new Map<number, Entry>();
  /** Nobody has them; in the order of arrival. */
  readonly #waiting: Entry[] = [];
  readonly #done = new Done();
  /** The widest that it was. */
  #window = 1;
  #opening: Promise<Session> | undefined;
  #session: Session | undefined;
  #arrivals = 0;
  #pumping = false;
  /** Whether something has changed since the pump last looked. */
  #isStale = false;
  #hadSession = false;

  constructor(place: SessionPlace, stop: AbortSignal) {
    this.#place = place;
    this.#stop = stop;
  }

  /** Adds a subscription. Only while it is not `closing`. */
  async join(request: SubscribeRequest, receiver: Receiver): Promise<BrokerSubscription> {
    const { prefetch } = request;
    // It gets nothing before the caller has the subscription in its hands.
    const member: Member = { receiver, prefetch, held: new Set(), isPaused: false, isReady: false };
    this.#members.add(member);
    this.#opening ??= Session.open(this.#place, this, this.#stop);
    try {
      this.#session = await this.#opening;
    } catch (error) {
      this.#opening = undefined;
      this.#members.delete(member);
      throw error;
    }
    if (this.closing !== undefined) throw connectError("the component was closed");
    this.#session.widen();
    setImmediate(() => {
      member.isReady = true;
      this.#pump();
    });
    return {
      pause: () => {
        member.isPaused = true;
      },
      resume: () => {
        member.isPaused = false;
        setImmediate(() => this.#pump());
      },
      close: () => this.#leave(member),
    };
  }

  /** Whether the broker keeps messages for the group, as soon as that is known. */
  async isEstablished(): Promise<boolean> {
    if (this.closing !== undefined || this.#opening === undefined) return false;
    return this.#opening.then(
      () => this.closing === undefined,
      () => false,
    );
  }

  /** Leaves the session. */
  close(): Promise<void> {
    this.closing ??= this.#end();
    return this.closing;
  }

  /** Most unacknowledged messages that the broker may send; it grows only. */
  get window(): number {
    this.#window = Math.max(this.#window, Math.min(this.#members.prefetch, 65_535));
    return this.#window;
  }

  message(packet: IPublishPacket, connection: Connection): void {
    const incoming = incomingOf(packet);
    const { packetId } = incoming;
    // Without acknowledgement the broker knows no limit. It promises nothing for these either.
    if (packetId === 0 && this.#waiting.length >= this.window) return;
    const known = this.#byPacketId.get(packetId);
    if (known !== undefined && isSame(known.incoming, incoming)) {
      known.connection = connection;
      return;
    }
    if (this.#done.has(incoming)) return connection.acknowledge(packetId);
    if (known !== undefined) this.#drop(known);
    const entry = entryOf(incoming, ++this.#arrivals, connection);
    if (packetId !== 0) this.#byPacketId.set(packetId, entry);
    this.#waiting.push(entry);
    this.#pump();
  }

  up(connection: Connection): void {
    const wasLost = this.#hadSession && !connection.sessionPresent && !this.#place.clean;
    this.#hadSession = true;
    if (connection.sessionPresent) return;
    if (wasLost) {
      const { topic, group } = this.#place;
      this.#place.logger.warn(
        { topic, group },
        "mqtt: the broker has lost the session, and messages with it; switch its persistence on",
      );
    }
    this.#done.clear();
    // The broker begins to count anew. What is unsettled is nowhere but here: it stays.
    for (const [packetId, entry] of this.#byPacketId) {
      if (entry.connection !== connection) this.#byPacketId.delete(packetId);
    }
  }

  taken(): void {
    for (const entry of this.#waiting.splice(0)) this.#forget(entry);
    for (const entry of [...this.#byPacketId.values()]) this.#drop(entry);
    this.#byPacketId.clear();
    this.#done.clear();
  }

  acked(entry: Entry): void {
    this.#takeBack(entry);
    this.#finish(entry);
    this.#pump();
  }

  released(entry: Entry): void {
    const { member } = entry;
    const lane = entry.incoming.key;
    this.#takeBack(entry);
    this.#again(entry);
    // Those behind it must not overtake it.
    if (lane !== undefined && member !== undefined) {
      for (const later of [...member.held]) {
        if (later.incoming.key === lane && later.order > entry.order) this.#revoke(later);
      }
    }
    setImmediate(() => this.#pump());
  }

  async #leave(member: Member): Promise<void> {
    this.#members.delete(member);
    const held = [...member.held];
    for (const entry of held) {
      this.#takeBack(entry);
      this.#again(entry);
    }
    if (this.#members.size > 0) {
      setImmediate(() => this.#pump());
      return;
    }
    await this.close();
  }

  async #end(): Promise<void> {
    // When it does not open there is nothing to close.
    const session = await this.#opening?.catch(() => undefined);
    await session?.close();
  }

  /** Hands out what can be handed out. */
  #pump(): void {
    this.#isStale = true;
    if (this.#pumping || this.#waiting.length === 0) return;
    this.#pumping = true;
    const blocked = new Set<string>();
    for (let i = 0; i < this.#waiting.length && this.#members.hasRoom;) {
      const entry = this.#waiting[i];
      const lane = entry?.incoming.key;
      const isBlocked = lane !== undefined && blocked.has(lane);
      const member = isBlocked ? undefined : this.#members.choose(lane);
      if (entry === undefined || member === undefined) {
        if (lane !== undefined) blocked.add(lane);
        i++;
        continue;
      }
      this.#waiting.splice(i, 1);
      entry.member = member;
      member.held.add(entry);
      this.#isStale = false;
      member.receiver.deliver(deliveryOf(entry, this));
      if (!this.#isStale) continue;
      // Something was settled inside of `deliver`: those that were passed over may go now.
      i = 0;
      blocked.clear();
    }
    this.#pumping = false;
  }

  /** Tells the broker; when it does not hear of it, it will send the message again. */
  #finish(entry: Entry): void {
    const { incoming, connection } = entry;
    if (!this.#forget(entry)) return;
    this.#done.add(incoming, this.#window);
    connection.acknowledge(incoming.packetId);
  }

  /** Says whether the broker still knows the message by its packet identifier, which it may use for another one. */
  #forget(entry: Entry): boolean {
    const { packetId } = entry.incoming;
    if (this.#byPacketId.get(packetId) !== entry) return false;
    return this.#byPacketId.delete(packetId);
  }

  /** The message is not ours any more. */
  #drop(entry: Entry): void {
    this.#forget(entry);
    const waits = this.#waiting.indexOf(entry);
    if (waits >= 0) this.#waiting.splice(waits, 1);
    const { member, delivery } = entry;
    this.#takeBack(entry);
    if (delivery !== undefined) member?.receiver.revoke(delivery);
  }

  #revoke(entry: Entry): void {
    const { member, delivery } = entry;
    this.#takeBack(entry);
    this.#again(entry);
    if (delivery !== undefined) member?.receiver.revoke(delivery);
  }

  #takeBack(entry: Entry): void {
    entry.member?.held.delete(entry);
    entry.member = undefined;
    entry.delivery = undefined;
  }

  /** Back to its place among those that wait. */
  #again(entry: Entry): void {
    entry.redelivered++;
    const before = this.#waiting.findIndex(({ order }) => order > entry.order);
    this.#waiting.splice(before < 0 ? this.#waiting.length : before, 0, entry);
  }
}
