import type { ResourceKind } from "./resource.ts";
import type { ReadOutcome, RefusedResource } from "./resource-set.ts";

/** Names in a NACK; the rest is counted. */
const maxNamed = 100;
/** Longest reason of one resource in a NACK. */
const maxReason = 500;

/** What is said to the server about one type of resources. */
export interface SubscriptionRequest {
  readonly typeUrl: string;
  readonly version: string;
  readonly nonce: string;
  readonly names: readonly string[];
  /** Set: the response is refused, in part at least. */
  readonly error?: string;
}

/** The conversation about one type of resources: what was asked for, and what the last responses were. */
export class Subscription {
  readonly kind: Pick<ResourceKind<unknown>, "typeUrl" | "label" | "complete">;
  /** Of the last response that was accepted whole, on whatever stream. */
  lastVersion = "";
  accepted = 0;
  nacks = 0;
  /** Why the last response was refused; undefined: it was not. */
  lastError: string | undefined;
  /** A response is being read: what is asked for meanwhile goes with its answer. */
  reading = false;
  /** Names wanted, and since when. Not for types whose responses are complete. */
  private wanted = new Map<string, number>();
  /** Of the last response on this stream that was accepted whole. */
  private version = "";
  private nonce = "";
  private asked: string | undefined;

  constructor(kind: Subscription["kind"]) {
    this.kind = kind;
  }

  /**
   * A new stream begins from nothing, the version too: another server, or the same one after a restart, may mean
   * something else by it. What is sent again costs a comparison.
   */
  restart(): void {
    this.version = "";
    this.nonce = "";
    this.asked = undefined;
    this.reading = false;
  }

  get names(): readonly string[] {
    return [...this.wanted.keys()];
  }

  isWanted(name: string): boolean {
    return this.kind.complete || this.wanted.has(name);
  }

  /** When a name was first asked for. */
  since(name: string): number | undefined {
    return this.wanted.get(name);
  }

  want(names: ReadonlySet<string>, now: number): void {
    const before = this.wanted;
    this.wanted = new Map([...names].map((name) => [name, before.get(name) ?? now]));
  }

  /** The request that tells of changed names; undefined: there is nothing to tell, or not now. */
  update(): SubscriptionRequest | undefined {
    const { names } = this;
    const text = JSON.stringify(names.toSorted());
    if (this.reading || text === this.asked) return undefined;
    // No names at all would stand for every resource in the first request of a stream.
    if (!this.kind.complete && names.length === 0 && this.asked === undefined) return undefined;
    return this.request(names);
  }

  /** The answer to a response. */
  answer(version: string, nonce: string, outcome: ReadOutcome): SubscriptionRequest {
    this.nonce = nonce;
    this.reading = false;
    if (outcome.refused.length === 0) {
      this.version = version;
      this.lastVersion = version;
      this.accepted += 1;
      this.lastError = undefined;
      return this.request(this.names);
    }
    this.nacks += 1;
    this.lastError = describe(this.kind.label, outcome.refused);
    return { ...this.request(this.names), error: this.lastError };
  }

  private request(names: readonly string[]): SubscriptionRequest {
    this.asked = JSON.stringify(names.toSorted());
    return { typeUrl: this.kind.typeUrl, version: this.version, nonce: this.nonce, names };
  }
}

function describe(label: string, refused: readonly RefusedResource[]): string {
  const named = refused
    .slice(0, maxNamed)
    .map(({ name, reason }) => `${label} "${name}": ${reason.slice(0, maxReason)}`);
  if (refused.length > maxNamed) named.push(`${refused.length - maxNamed} more`);
  return named.join("; ");
}
