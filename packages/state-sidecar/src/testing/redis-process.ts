// A process that uses a Redis, for tests: node redis-process.ts take|lock <host:port> <key> <count|owner> [seconds]
import { redisContext } from "@layotto/redis-connection/testing";
import { testCall } from "@layotto/sidecar-kit/testing";
import { redisPlainMetadata } from "../redis-metadata.ts";
import { openLock } from "../lock/components/redis/redis.ts";
import { openSequencer } from "../sequencer/components/redis/redis.ts";

const [command, address = "", key = "", extra = "", seconds = ""] = process.argv.slice(2);
const metadata = redisPlainMetadata.parse({ redisHost: address });

if (command === "take") await take();
else await lock();

/** Takes `extra` ids and prints them. */
async function take(): Promise<void> {
  const store = await openSequencer(metadata, redisContext);
  const ids: number[] = [];
  while (ids.length < Number(extra)) ids.push(await store.next(key, testCall()));
  process.stdout.write(`${JSON.stringify(ids)}\n`);
  await store.close();
}

/** Takes a lock and stays. */
async function lock(): Promise<void> {
  const store = await openLock(metadata, redisContext);
  process.stdout.write(`${await store.tryLock(key, extra, Number(seconds), testCall())}\n`);
}
