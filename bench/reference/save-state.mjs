/**
 * SaveState on the embedded store through the gateway: each of many writers saves under the next of many keys and waits
 * for the answer. Prints calls/s and how many were not OK.
 *
 *     node bench/reference/save-state.mjs <port> <writers> <seconds>
 */
import { GrpcClient } from "@layotto/grpc-transport";

import { keyOf, methods, requests } from "../lib/messages.mjs";

const [port, writers, seconds] = process.argv.slice(2).map(Number);
const CONNECTIONS = 8;
const clients = Array.from(
  { length: CONNECTIONS },
  () => new GrpcClient({ host: "127.0.0.1", port }),
);
let [next, ok, failed, reason] = [0, 0, 0, ""];

async function write(writer, until) {
  const client = clients[writer % CONNECTIONS];
  while (performance.now() < until) {
    const request = requests.saveState("embedded", keyOf(next++));
    try {
      await client.unary(methods.saveState, request, { timeoutMs: 10_000 });
      ok++;
    } catch (error) {
      failed++;
      reason = error.message;
    }
  }
}

async function run(ms) {
  const until = performance.now() + ms;
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer, until)));
}

await run(500); // warms up
[ok, failed] = [0, 0];
const begin = performance.now();
await run(seconds * 1_000);
const perSecond = ok / ((performance.now() - begin) / 1_000);
for (const client of clients) await client.close();
process.stdout.write(`${JSON.stringify({ perSecond, ok, failed, reason })}\n`);
