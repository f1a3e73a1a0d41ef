// A process that takes ids from a Redis, for tests: node redis-process.ts <host:port> <key> <count>
import { redisPlainMetadata } from "../redis/metadata.ts";
import { openSequencer } from "../sequencer/components/redis/redis.ts";
import { testCall } from "./call.ts";
import { redisContext } from "./redis.ts";

const [address = "", key = "", count = ""] = process.argv.slice(2);
const metadata = redisPlainMetadata.parse({ redisHost: address });
const store = await openSequencer(metadata, redisContext);
const ids: number[] = [];
while (ids.length < Number(count)) ids.push(await store.next(key, testCall()));
process.stdout.write(`${JSON.stringify(ids)}\n`);
await store.close();
