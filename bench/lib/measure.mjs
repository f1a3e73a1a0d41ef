import { cpuMicros, machineMicros, ownMicros } from "./processes.mjs";
import { runH2load } from "./h2load.mjs";

/** A round in which others took no more of the machine than this is not repeated. */
const QUIET_PERCENT = 10;

/**
 * Measures one row at one load: first two short runs that warm up and tell how many calls fill `seconds`, then the
 * runs that count, of which the best is kept.
 *
 * @param {Record<string, number>} pids processes whose CPU is charged to the calls
 */
export async function measure(target, { method, request, slow }, load, options, pids) {
  const run = (count) => runH2load(target, method, request, { ...load, count });
  const probe = await run(roundUp(slow ? 2_000 : 20_000, load));
  const second = await run(roundUp(probe.perSecond * 0.7, load));
  const count = roundUp(second.perSecond * options.seconds, load);
  let best;
  let rounds = 0;
  while (rounds < options.rounds && (best?.othersPercent ?? Infinity) > QUIET_PERCENT) {
    rounds++;
    const figures = await charged(pids, () => run(count));
    if (best === undefined || figures.perSecond > best.perSecond) best = figures;
  }
  return { ...best, calls: probe.succeeded + second.succeeded + rounds * count };
}

/** Runs something, and says what CPU each process and the rest of the machine took meanwhile. */
export async function charged(pids, run) {
  const cpuBefore = mapValues(pids, cpuMicros);
  const machineBefore = machineMicros();
  const ownBefore = ownMicros();
  const result = await run();
  const used = mapValues(pids, (pid, name) => cpuMicros(pid) - cpuBefore[name]);
  const machine = machineMicros();
  const busy = machine.busy - machineBefore.busy;
  const own = Object.values(used).reduce((sum, each) => sum + each, ownMicros() - ownBefore);
  return {
    perSecond: result.perSecond,
    cpu: mapValues(used, (micros) => micros / result.succeeded),
    othersPercent: Math.max(0, ((busy - own) / (machine.all - machineBefore.all)) * 100),
  };
}

/** p50 and p99 in µs of calls made one at a time, or under `load`. */
export async function latency(target, { method, request }, load, count) {
  return runH2load(target, method, request, {
    ...load,
    count: roundUp(count, load),
    samples: true,
  });
}

function roundUp(count, { clients, streams }) {
  const step = clients * streams;
  return Math.max(step, Math.ceil(count / step) * step);
}

function mapValues(table, change) {
  return Object.fromEntries(
    Object.entries(table).map(([name, value]) => [name, change(value, name)]),
  );
}
