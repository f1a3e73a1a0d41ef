/** Layotto's words for health. */
export type HealthWord = "UP" | "DOWN" | "INIT";

/** One entry of a health answer, in Layotto's shape. */
export interface HealthEntry {
  readonly status: HealthWord;
  /** Left out when there is nothing to say. */
  readonly details?: { readonly reason: string };
}

/** Layotto's rule: any DOWN makes DOWN, otherwise any INIT makes INIT. */
export function worst(entries: Iterable<HealthEntry>): HealthWord {
  let result: HealthWord = "UP";
  for (const { status } of entries) {
    if (status === "DOWN") return "DOWN";
    if (status === "INIT") result = "INIT";
  }
  return result;
}

/** An entry with its reason, if there is one. */
export function entry(status: HealthWord, reason: string): HealthEntry {
  return reason === "" ? { status } : { status, details: { reason } };
}
