/**
 * The reference of the embedded store: lmdb alone in one process, `put` of the same value from as
 * many writers at once as the load has, each waiting until its write is on disk. Prints writes/s.
 *
 *     node bench/reference/lmdb.mjs <folder> <writers> <seconds>
 */
import { open } from "lmdb";

import { KEY, value } from "../lib/messages.mjs";

const [folder, writers, seconds] = process.argv.slice(2);
const store = open({ path: folder, encoding: "binary", overlappingSync: false });
const until = performance.now() + Number(seconds) * 1_000;
let writes = 0;

async function write() {
  while (performance.now() < until) {
    await store.put(KEY, value);
    writes++;
  }
}

const begin = performance.now();
await Promise.all(Array.from({ length: Number(writers) }, write));
const perSecond = writes / ((performance.now() - begin) / 1_000);
await store.close();
process.stdout.write(`${JSON.stringify({ perSecond })}\n`);
