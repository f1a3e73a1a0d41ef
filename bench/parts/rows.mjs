import { call } from "../lib/call.mjs";
import { measure } from "../lib/measure.mjs";
import { oneDigit, thousands } from "../lib/report.mjs";
import { rows } from "../lib/rows.mjs";
import { counted } from "../lib/statuses.mjs";

/** Calls per second and CPU per call through gateway and sidecar, each row at each load. */
export async function measureRows({ result, options, say }, system, redis) {
  for (const row of rows) {
    if (!isWanted(row.name, options.rows)) continue;
    if (row.needs === "redis" && redis === undefined) {
      result.notes.push(`${row.name}: not measured, redis-server is not installed`);
      continue;
    }
    for (const load of options.loads) {
      const found = await measureRow(system, row, load, options, redis);
      result.add(found);
      say(`${row.name}, ${load.name}: ${thousands(found.perSecond)} req/s, ${found.statuses}`);
      checkTargets(result, row, load.name, found);
    }
  }
}

/** One row at one load; a row whose calls cannot be made at all is a failed row. */
export async function measureRow(system, row, load, options, redis) {
  const pids = {
    gateway: system.pids.gateway,
    sidecar: system.pids[row.sidecar],
    ...(row.needs === "redis" && { redis: redis.pid }),
  };
  const named = { name: row.name, load: load.name };
  try {
    if (row.prepare) await call(system.address, row.prepare.method, row.prepare.request);
    await call(system.address, row.method, row.request);
    const target = { port: system.gatewayPort };
    const run = () => measure(target, row, load, options, pids);
    const figures = await counted(system, row.method, run);
    await call(system.address, row.method, row.request);
    return { ...named, ...figures };
  } catch (error) {
    return { ...named, perSecond: 0, cpu: {}, failed: true, statuses: `FAILED: ${error.message}` };
  }
}

function checkTargets(result, { name, target }, load, { perSecond, cpu }) {
  const goal = target[load];
  if (goal !== undefined) {
    result.check(`${name}, ${load}, req/s`, perSecond, goal, {
      shown: thousands(perSecond),
      atLeast: true,
    });
  }
  if (target.cpu === undefined || load !== "8 × 16") return;
  const both = (cpu.gateway ?? Infinity) + (cpu.sidecar ?? Infinity);
  result.check(`${name}, ${load}, CPU of gateway + sidecar, µs`, both, target.cpu, {
    shown: oneDigit(both),
  });
}

function isWanted(name, parts) {
  return (
    parts.length === 0 || parts.some((part) => name.toLowerCase().includes(part.toLowerCase()))
  );
}
