const durationUnits: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const sizeUnits: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

/** Milliseconds of a duration as Go writes it (`"1m30s"`), or of a number of them; undefined when it is neither. */
export function durationMs(value: unknown): number | undefined {
  if (typeof value === "number") return value >= 0 && Number.isFinite(value) ? value : undefined;
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit = "ms"] of text.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(amount) * (durationUnits[unit] ?? 0);
  }
  return total;
}

/** Form of a size in text, e.g. `64MiB`. */
export const sizePattern = /^\s*\d+(\.\d+)?\s*(B|KiB|MiB|GiB)\s*$/;

/**
 * Octets of a size like `"64MiB"`, or of a number; undefined when it is neither.
 *
 * @param unit what a number counts, octets
 */
export function sizeBytes(value: unknown, unit: number): number | undefined {
  if (typeof value === "number") {
    return value >= 0 && Number.isFinite(value) ? Math.floor(value * unit) : undefined;
  }
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  if (/^\d+$/.test(text)) return Number(text) * unit;
  if (!sizePattern.test(text)) return undefined;
  const [, amount, name = "B"] = /^([\d.]+)\s*(\w+)$/.exec(text) ?? [];
  return Math.floor(Number(amount) * (sizeUnits[name] ?? 0));
}
