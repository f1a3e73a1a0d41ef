// A process that uses a Redis, for tests: node process.ts hold|later <host:port> <topic> [count]
import { writeSync } from "node:fs";
import { testCall } from "@layotto/sidecar-kit/testing";
import { publishRequest, subscribeRequest } from "../../../testing/requests.ts";
import { openRedis } from "./open.ts";

const [command = "", address = "", topic = "", count = "1"] = process.argv.slice(2);
const pubsub = await openRedis(address);

/** Says it at once: a line that was printed has left the process whatever happens next. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

const commands: Record<string, () => Promise<void>> = {
  /** Subscribes with group "g", prints what it is handed and keeps it. */
  async hold() {
    await pubsub.subscribe(subscribeRequest(topic, "g"), {
      deliver: ({ data }) => say(Buffer.from(data).toString()),
      revoke: () => undefined,
    });
  },
  /** Waits until it dispatches delayed messages, publishes `count` of them for 1.5 s later and stays. */
  async later() {
    for (let i = 0; i < Number(count); i++)
      await pubsub.publishLater(publishRequest(topic, `${i}`), 1500, testCall());
    say("published");
  },
};

await commands[command]?.();
