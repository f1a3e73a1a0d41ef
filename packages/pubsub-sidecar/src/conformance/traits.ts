import type { MaybePromise } from "@layotto/sidecar-kit";
import type { PubSub } from "../component.ts";

/** What the suite needs to know about a broker under test. */
export interface PubSubHarness {
  /** Another client of the same broker. The suite closes it. */
  open(): Promise<PubSub>;
  /** A legal topic name that was never used before. */
  topic(): MaybePromise<string>;
  /** A consumer group name that was never used before; default: a random one of letters, digits and `-`. */
  group?(): string;
  /** A topic name that the broker cannot have, when there is one. */
  readonly illegalTopic?: string;
  /** Ends the broker with SIGKILL; needed for the trait `restartsBroker`. */
  killBroker?(): Promise<void>;
  /** Starts it again with the same data on the same address, and returns when it accepts connections. */
  startBroker?(): Promise<void>;
  /** Ends what the harness started. */
  close(): Promise<void>;
}

/** What can be tested with a broker. Tests of a trait that is not there are not registered. */
export interface PubSubTraits {
  /** Why the suite cannot run here, e.g. a missing server. */
  readonly skip?: string | false;
  /** Several clients see the same topics and groups. Without it the suite uses one client for everything. */
  readonly spansProcesses?: boolean;
  /** Messages and groups are still there when every client was closed. */
  readonly outlivesClient?: boolean;
  /** Each new group, not only the first, begins with what was published before it. */
  readonly backlog?: boolean;
  /**
   * What a lane is. "key": messages of one key; "partition": messages of some keys. Omit when the broker keeps no order
   * among messages of one key.
   */
  readonly order?: "key" | "partition";
  /**
   * "each" (default): an acknowledged message never comes again. "prefix": it does when an older one of its lane was not
   * acknowledged.
   */
  readonly acks?: "each" | "prefix";
  /** When one subscription of a group is full, the next gets the rest. Default: true unless `order` is "partition". */
  readonly balances?: boolean;
  /** The harness can kill and restart the broker. */
  readonly restartsBroker?: boolean;
  /** Acknowledged messages are still there after `killBroker` and `startBroker`; wants `restartsBroker`. */
  readonly survivesBroker?: boolean;
  /** `BrokerSubscription.lag` is there. */
  readonly lag?: boolean;
  /** `PubSub.publishLater` is there. */
  readonly delay?: boolean;
  /** How late a delayed message may be, in milliseconds, beside what the machine itself adds; default 500. */
  readonly delayToleranceMs?: number;
  /** `Delivery.redelivered` is at least 1 for what was handed out before. */
  readonly redelivered?: boolean;
  /** Longest wait for something that must happen, in milliseconds; default 10 000. */
  readonly timeoutMs?: number;
  /** How long nothing must arrive to be believed that nothing does, in milliseconds; default 60. */
  readonly quietMs?: number;
  /** Tests at a time, for brokers where each test mostly waits; default 1. Broker kills are always alone. */
  readonly concurrency?: number;
}
