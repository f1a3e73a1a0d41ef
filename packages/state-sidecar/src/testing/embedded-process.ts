// A process that uses a data directory, for tests: node embedded-process.ts <command> <directory> …
import { writeSync } from "node:fs";
import { Environment } from "@layotto/embedded-store";
import { testCall } from "@layotto/sidecar-kit/testing";
import { EmbeddedLock } from "../lock/components/embedded/embedded.ts";
import { EmbeddedSequencer } from "../sequencer/components/embedded/embedded.ts";
import { EmbeddedState } from "../state/components/embedded/embedded.ts";

const [command = "", directory = "", key = "", extra = "", seconds = ""] = process.argv.slice(2);
const environment = Environment.open({ directory, installation: "test" });
const options = { name: "s", durability: "sync" } as const;

/** Says it at once: a line that was printed has left the process whatever happens next. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

const commands: Record<string, () => Promise<void>> = {
  /** Takes `extra` ids and prints them. */
  async take() {
    const store = new EmbeddedSequencer(environment, options);
    const ids: number[] = [];
    while (ids.length < Number(extra)) ids.push(await store.next(key, testCall()));
    say(JSON.stringify(ids));
    await store.close();
  },
  /** Takes a lock and stays. */
  async lock() {
    const store = new EmbeddedLock(environment, options);
    say(String(await store.tryLock(key, extra, Number(seconds), testCall())));
    setInterval(() => undefined, 1000);
  },
  /** Adds 1 to the number at a key, `extra` times, by compare-and-set; prints how often it had to try. */
  async add() {
    const store = new EmbeddedState(environment, options);
    let tries = 0;
    for (let done = 0; done < Number(extra); tries++) {
      const found = store.get(key);
      const value = Buffer.from(String(Number(Buffer.from(found?.data ?? []).toString()) + 1));
      const request = { key, value, etag: found?.etag, metadata: {} };
      const write = { ...request, concurrency: "first-write", consistency: "" } as const;
      const isDone = await store.set(write, testCall()).then(
        () => true,
        () => false,
      );
      if (isDone) done++;
    }
    say(String(tries));
    await store.close();
  },
  /** Writes ever greater numbers to 16 keys and prints `<key> <number>` for each one that is acknowledged. */
  async write() {
    const store = new EmbeddedState(environment, options);
    const value = Buffer.alloc(256, ".");
    const keys = Array.from({ length: 16 }, (_, i) => `${key}${i}`);
    const forever = keys.map(async (k) => {
      for (let i = Number(extra); ; i++) {
        value.write(`${i} `);
        const request = { key: k, value: value.subarray(), etag: undefined, metadata: {} };
        await store.set({ ...request, concurrency: "", consistency: "" }, testCall());
        say(`${k} ${i}`);
      }
    });
    await Promise.all(forever);
  },
};

await commands[command]?.();
