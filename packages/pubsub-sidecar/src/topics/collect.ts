import type { Delivery, PubSub, Receiver } from "../component.ts";

/** Silence after which no further message is expected. */
const QUIET_MS = 300;

/** What {@link collect} reads. */
export interface Collection {
  readonly topic: string;
  readonly group: string;
  /** Most messages to take. */
  readonly limit: number;
  /** How long to wait for the first one. */
  readonly waitMs: number;
}

/**
 * Takes messages of a topic, as many as there are, and lets `use` look at them. What `use` does not acknowledge stays.
 */
export async function collect(
  component: PubSub,
  { topic, group, limit, waitMs }: Collection,
  use: (deliveries: readonly Delivery[]) => Promise<void>,
): Promise<void> {
  const taken = new Set<Delivery>();
  let arrived = (): void => {};
  const receiver: Receiver = {
    deliver: (delivery) => {
      taken.add(delivery);
      arrived();
    },
    revoke: (delivery) => void taken.delete(delivery),
  };
  const request = { topic, group, prefetch: limit, metadata: {} };
  const subscription = await component.subscribe(request, receiver);
  try {
    while (taken.size < limit) {
      const quietMs = taken.size === 0 ? waitMs : QUIET_MS;
      const before = taken.size;
      await wait(quietMs, (wake) => (arrived = wake));
      if (taken.size === before) break;
    }
    subscription.pause();
    await use([...taken].slice(0, limit));
  } finally {
    await subscription.close();
  }
}

/** Resolves when woken, or after `ms`. */
function wait(ms: number, onWake: (wake: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    onWake(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
