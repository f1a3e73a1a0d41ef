/** The value as an object; anything else as an empty one. */
export function record(value: unknown): Record<string, unknown> {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : {};
}

/** Whether a section holds anything at all. */
export function isUsed(section: unknown): boolean {
  return Object.keys(record(section)).length > 0;
}
