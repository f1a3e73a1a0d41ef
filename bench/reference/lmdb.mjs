/**
 * The reference of the embedded store: lmdb alone in one process. As many writers as the load has save 1 KB values under
 * the next of many keys, and each waits until its write is on disk (`flushed`). `read` reads the record inside the
 * transaction before it is written, as a store with etags must; `blind` only writes. Prints writes/s.
 *
 *     node bench/reference/lmdb.mjs <folder> <writers> <seconds> read|blind
 */
import { open } from "lmdb";

import { keyOf, value } from "../lib/messages.mjs";

const [folder, writers, seconds, kind] = process.argv.slice(2);
const store = open({ path: folder, noSubdir: false, encoding: "binary" });
let [next, writes] = [0, 0];

const kinds = {
  read: (key) => () => {
    const version = store.getBinaryFast(key)?.readDoubleLE(2) ?? 0;
    const record = Buffer.allocUnsafe(18 + value.length);
    record.set(value, 18);
    record.writeDoubleLE(version + 1, 2);
    store.putSync(key, record);
  },
  blind: (key) => () => store.putSync(key, value),
};
const prepare = kinds[kind];

async function write(until) {
  while (performance.now() < until) {
    await store.transaction(prepare(`bench/${keyOf(next++)}`));
    await store.flushed;
    writes++;
  }
}

async function run(ms) {
  const until = performance.now() + ms;
  await Promise.all(Array.from({ length: Number(writers) }, () => write(until)));
}

await run(500); // warms up
writes = 0;
const begin = performance.now();
await run(Number(seconds) * 1_000);
const perSecond = writes / ((performance.now() - begin) / 1_000);
await store.close();
process.stdout.write(`${JSON.stringify({ perSecond })}\n`);
