const sizeUnits: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

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
