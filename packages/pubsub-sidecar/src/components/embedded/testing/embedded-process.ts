// A process that uses a directory until it is killed, for tests: node embedded-process.ts <command> <directory> …
import { writeSync } from "node:fs";
import { testCall } from "@layotto/sidecar-kit/testing";
import type { Delivery } from "../../../component.ts";
import { publishRequest, subscribeRequest } from "../../../testing/requests.ts";
import { openEmbedded } from "./open.ts";

const [command = "", directory = "", first = "", second = ""] = process.argv.slice(2);
const pubsub = openEmbedded(directory);

/** Says it at once: a line that was printed has left the process whatever happens next. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

const textOf = ({ data }: Delivery): string => Buffer.from(data).toString();

const commands: Record<string, () => Promise<unknown>> = {
  /** Publishes ever greater numbers, from `first` on, with 16 keys; prints `<key> <number>` once it is acknowledged. */
  publish() {
    const forever = Array.from({ length: 16 }, async (_, i) => {
      const key = `k${i}`;
      for (let number = Number(first); ; number++) {
        await pubsub.publish(publishRequest("t", `${key} ${number}`, { key }), testCall());
        say(`${key} ${number}`);
      }
    });
    return Promise.all(forever);
  },
  /** Acknowledges the first `first` messages that it gets, a few at a time, and keeps the rest; prints each. */
  async consume() {
    let left = Number(first);
    const held: Delivery[] = [];
    const ackSome = (): void => {
      for (const delivery of held.splice(0, Math.min(left, 7))) {
        delivery.ack();
        left--;
        say(`ack ${textOf(delivery)}`);
      }
      if (left === 0) say("idle");
      else if (held.length > 0) setImmediate(ackSome);
    };
    const deliver = (delivery: Delivery): void => {
      say(`got ${textOf(delivery)}`);
      held.push(delivery);
      if (held.length === 1 && left > 0) setImmediate(ackSome);
    };
    const request = subscribeRequest("t", "g", { prefetch: 20 });
    await pubsub.subscribe(request, { deliver, revoke() {} });
    say("subscribed");
  },
  /** Publishes `first` messages later, one per millisecond from `second` ms on. */
  async later() {
    const all = Array.from({ length: Number(first) }, (_, i) =>
      pubsub.publishLater(publishRequest("t", `m${i}`), Number(second) + i, testCall()),
    );
    await Promise.all(all);
    say("stored");
  },
};

setInterval(() => undefined, 1000);
await commands[command]?.();
