import { gatewayCounts, meshCounts } from "./system.mjs";

/**
 * Judges the calls made by `run` by gRPC status: h2load looks at HTTP statuses only, so the gateway's own counters are
 * read before and after.
 *
 * @param {() => Promise<{ calls?: number }>} run says how many calls it made, if it knows
 * @returns what `run` returned, with the statuses in words and whether any is not OK or missing
 */
export async function counted(system, method, run) {
  const before = await gatewayCounts(system.actuatorPort, method);
  const figures = await run();
  const after = await gatewayCounts(system.actuatorPort, method);
  return { ...figures, ...judge(before, after, figures.calls) };
}

/** The same for calls that go through the mesh alone, by what its cluster counted. */
export async function countedByMesh(system, cluster, run) {
  const before = await meshCounts(system.actuatorPort, cluster);
  const figures = await run();
  const after = await meshCounts(system.actuatorPort, cluster);
  return { ...figures, ...judge(before, after, figures.calls, "success") };
}

function judge(before, after, expected, good = "OK") {
  const counts = Object.entries(after)
    .map(([code, count]) => [code, count - (before[code] ?? 0)])
    .filter(([, count]) => count > 0);
  const ok = counts.find(([code]) => code === good)?.[1] ?? 0;
  const bad = counts.filter(([code]) => code !== good);
  const missing = expected !== undefined && ok !== expected;
  const failed = bad.length > 0 || missing || ok === 0;
  const others = bad.map(([code, count]) => `, ${count} ${code}`).join("");
  const statuses = failed ? `FAILED: ${ok} of ${expected ?? "?"} OK${others}` : `all ${ok}`;
  return { statuses, failed };
}
