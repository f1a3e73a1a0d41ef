import { START_ALL, START_ONE } from "../lib/rows.mjs";
import { sidecarStartMs, startSystem } from "../lib/system.mjs";

const RUNS = 5;

/** Time from the command to "all ready", and of a sidecar by itself; medians. */
export async function measureStartup({ result, say }, redis) {
  const all = [];
  const one = [];
  for (let run = 0; run < RUNS; run++) {
    const system = await startSystem(redis?.port);
    all.push(system.startMs);
    await system.stop();
    one.push(await sidecarStartMs(redis?.port));
  }
  check(result, "layotto start to all ready, ms", all, START_ALL);
  check(result, "one sidecar (state) to listening, ms", one, START_ONE);
  say(`start-up: all ${shown(all)} ms, one ${shown(one)} ms`);
}

function check(result, name, times, target) {
  result.check(name, median(times), target, { shown: shown(times) });
}

function shown(times) {
  return `${Math.round(median(times))} (${Math.round(Math.min(...times))}–${Math.round(Math.max(...times))})`;
}

function median(times) {
  return times.toSorted((a, b) => a - b)[times.length >> 1];
}
