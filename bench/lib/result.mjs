import { machine } from "./report.mjs";

/**
 * What a run has found so far.
 *
 * @typedef {{ name: string, load: string, perSecond: number, cpu: Record<string, number>,
 *   statuses: string, failed: boolean, othersPercent?: number }} Row
 */
export class Result {
  machine = machine();
  /** @type {Row[]} */
  rows = [];
  checks = [];
  latency = {};
  memory = {};
  notes = [];

  add(row) {
    this.rows.push(row);
  }

  /** @returns {Row | undefined} */
  find(name, load) {
    return this.rows.find((row) => row.name === name && row.load === load);
  }

  /**
   * Compares a figure with its target: at most, or at least. `slack` is what CI grants: the share of the target that a
   * noisy machine may cost. A check without slack is not asserted there.
   */
  check(name, measured, target, { shown = String(measured), atLeast = false, slack } = {}) {
    const holds = (limit) => (atLeast ? measured >= limit : measured <= limit);
    const ok = holds(target);
    const limit = target * (atLeast ? 1 - (slack ?? 0) : 1 + (slack ?? 0));
    this.checks.push({
      name,
      measured,
      target,
      shown,
      ok,
      atLeast,
      asserted: slack !== undefined,
      limit,
      within: holds(limit),
    });
  }

  /** What CI must not let pass: calls that failed, ratios beyond their slack. */
  faults() {
    const rows = this.rows.filter(({ failed }) => failed);
    const checks = this.checks.filter(({ asserted, within }) => asserted && !within);
    return [
      ...rows.map(({ name, load, statuses }) => `${name}, ${load}: ${statuses}`),
      ...checks.map(
        ({ name, shown, limit, atLeast }) =>
          `${name}: ${shown}, ${atLeast ? "at least" : "at most"} ${limit.toFixed(2)}`,
      ),
    ];
  }
}
