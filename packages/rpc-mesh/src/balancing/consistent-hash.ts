import type { Background } from "../cluster/background.ts";
import type { Host } from "../cluster/host.ts";
import type { PickContext } from "../cluster/pick.ts";
import type { Random } from "../clock.ts";
import { type Balancer, isTried, untriedFrom } from "./balancer.ts";
import { mix32 } from "./hashing.ts";
import type { HashTable, TableBuilder } from "./hash-table.ts";
import { weightOf } from "./weighted-round-robin.ts";

/** Slots looked at before the choice falls back to the list of live hosts. */
const MAX_STEPS = 256;
/** The first table for so few hosts is built at once: the first calls already go where all later ones will. */
const AT_ONCE = 32;

/**
 * Ring hash and maglev: the same hash goes to the same host as long as that is fit. The table holds all hosts whatever
 * their health; from an unfit or tried one the walk goes on to the next slot, so only its requests move. Tables are
 * built in the background. Meanwhile the old one serves, or before the first a remainder of the hash. A request without
 * a hash goes anywhere.
 */
export class ConsistentHash implements Balancer {
  readonly #build: TableBuilder;
  readonly #background: Background;
  readonly #random: Random;
  #live: readonly Host[] = [];
  #table: HashTable | undefined;
  /** Whether each host of the table is live. */
  #alive = new Uint8Array(0);
  /** Hosts and weights of the table that is there or being built. */
  #target: Target = { hosts: [], weights: [] };
  /** Came while another table was being built. */
  #next: Target | undefined;
  #cancel: (() => void) | undefined;

  constructor(build: TableBuilder, background: Background, random: Random) {
    this.#build = build;
    this.#background = background;
    this.#random = random;
  }

  setHosts(hosts: readonly Host[]): void {
    // Every mesh must come to the same table, whatever order its registry has.
    const sorted = hosts.toSorted((a, b) => (a.address < b.address ? -1 : 1));
    const target = { hosts: sorted, weights: sorted.map(weightOf) };
    const newest = this.#next ?? this.#target;
    if (sameItems(newest.hosts, target.hosts) && sameItems(newest.weights, target.weights)) return;
    if (this.#cancel === undefined) this.#start(target);
    else this.#next = target;
  }

  setLive(live: readonly Host[]): void {
    this.#live = live;
    this.#mark();
  }

  pick(context: PickContext): Host | undefined {
    const hash = context.hash ?? Math.floor(this.#random() * 2 ** 32);
    const table = this.#table;
    if (table !== undefined) {
      const { hosts, slots } = table;
      let slot = table.slotOf(hash);
      for (let step = 0; step < MAX_STEPS; step += 1) {
        const index = slots[slot] ?? 0;
        const host = this.#alive[index] === 1 ? hosts[index] : undefined;
        if (host !== undefined && !isTried(host, context)) return host;
        slot = slot + 1 === slots.length ? 0 : slot + 1;
      }
    }
    return untriedFrom(this.#live, mix32(hash) % Math.max(1, this.#live.length), context);
  }

  close(): void {
    this.#cancel?.();
    this.#next = undefined;
  }

  #start(target: Target): void {
    this.#target = target;
    if (target.hosts.length === 0) return this.#finish(undefined);
    const building = this.#build(target.hosts);
    if (this.#table === undefined && target.hosts.length <= AT_ONCE) {
      for (let step = building.next(); ; step = building.next()) {
        if (step.done === true) return this.#finish(step.value);
      }
    }
    this.#cancel = this.#background.add(this.#inBackground(building));
  }

  *#inBackground(building: Generator<void, HashTable>): Generator<void, void> {
    this.#finish(yield* building);
  }

  #finish(table: HashTable | undefined): void {
    this.#cancel = undefined;
    this.#table = table;
    this.#mark();
    const next = this.#next;
    this.#next = undefined;
    if (next !== undefined) this.#start(next);
  }

  #mark(): void {
    const live = new Set(this.#live);
    this.#alive = Uint8Array.from(this.#table?.hosts ?? [], (host) => (live.has(host) ? 1 : 0));
  }
}

interface Target {
  readonly hosts: readonly Host[];
  readonly weights: readonly number[];
}

function sameItems<T>(left: readonly T[], right: readonly T[]): boolean {
  return left.length === right.length && left.every((item, index) => item === right[index]);
}
