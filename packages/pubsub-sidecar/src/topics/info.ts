import type { Subscriptions } from "../delivery/subscriptions.ts";

/** Facts for `/actuator/info`: what this process is subscribed to. */
export function infoOf(subscriptions: Subscriptions): Record<string, string> {
  const rows = subscriptions.infos().map(({ pubsub, topic, group, state, sinks }) => {
    return [`subscription ${pubsub}/${topic}`, `group ${group}, ${sinks.join(" and ")}, ${state}`];
  });
  return Object.fromEntries(rows) as Record<string, string>; // pairs of texts
}
