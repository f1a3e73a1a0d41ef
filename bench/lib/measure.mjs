import { cpuMicros } from "./processes.mjs";
import { runH2load } from "./h2load.mjs";

/**
 * Measures one row at one load: first a short run that warms up and tells how many calls fill
 * `seconds`, then the run that counts.
 *
 * @param {Record<string, number>} pids processes whose CPU is charged to the calls
 */
export async function measure(target, { method, request, slow }, load, seconds, pids) {
  const probeCount = slow ? 2_000 : 20_000;
  const run = (count) => runH2load(target, method, request, { ...load, count });
  const probe = await run(probeCount);
  const second = await run(roundUp(probe.perSecond * 0.5, load));
  const count = roundUp(second.perSecond * seconds, load);
  const before = mapValues(pids, cpuMicros);
  const result = await run(count);
  const cpu = mapValues(pids, (pid, name) => (cpuMicros(pid) - before[name]) / count);
  return { perSecond: result.perSecond, calls: probeCount + second.succeeded + count, cpu };
}

/** p50 and p99 in µs of calls made one at a time, or under `load`. */
export async function latency(target, { method, request }, load, count) {
  return runH2load(target, method, request, { ...load, count, samples: true });
}

function roundUp(count, { clients, streams }) {
  const step = clients * streams;
  return Math.max(step, Math.ceil(count / step) * step);
}

export function mapValues(table, change) {
  return Object.fromEntries(
    Object.entries(table).map(([name, value]) => [name, change(value, name)]),
  );
}
