import { after, before, describe } from "node:test";
import type { PubSub } from "./component.ts";
import { delays } from "./conformance/delay.ts";
import { groups } from "./conformance/groups.ts";
import { order } from "./conformance/order.ts";
import { outages } from "./conformance/outages.ts";
import { publishing } from "./conformance/publishing.ts";
import { scenes, type Stage } from "./conformance/scene.ts";
import { settling } from "./conformance/settling.ts";
import type { PubSubHarness, PubSubTraits } from "./conformance/traits.ts";

export type { PubSubHarness, PubSubTraits } from "./conformance/traits.ts";

/**
 * The contract of `PubSub` as tests. Every component's test runs it.
 *
 * @param start starts the broker, or finds it; called once
 * @param traits what the broker can be tested for, and why it cannot be tested at all
 */
export function pubsubConformance(
  name: string,
  start: () => Promise<PubSubHarness>,
  traits: PubSubTraits = {},
): void {
  describe(`${name} pub/sub`, { skip: traits.skip ?? false }, () => {
    let stage: Stage | undefined;
    const closing: (() => Promise<void>)[] = [];
    const test = scenes(traits, () => stage);
    before(async () => {
      const harness = await start();
      closing.push(() => harness.close());
      const open = async (): Promise<PubSub> => {
        const opened = await harness.open();
        closing.push(() => opened.close());
        return opened;
      };
      const client = await open();
      const other = traits.spansProcesses === true ? await open() : client;
      stage = { harness, client, other };
    });
    after(async () => {
      for (const close of closing.reverse()) await close();
    });

    describe("while the broker is there", { concurrency: traits.concurrency ?? 1 }, () => {
      publishing(test);
      groups(test, traits);
      settling(test, traits);
      order(test, traits);
      delays(test, traits);
    });
    if (traits.restartsBroker === true) {
      describe("while the broker comes and goes", () => outages(test, traits));
    }
  });
}
