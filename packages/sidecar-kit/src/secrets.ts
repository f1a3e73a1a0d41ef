/**
 * Secret values that this process knows. Configuration fields marked `secret()` register their values here, and every
 * text that leaves the process as a log line or a report passes through {@link redactSecrets}.
 *
 * It is process-wide on purpose: a value is secret wherever it turns up, also inside the error of a client library.
 */
const known = new Set<string>();

/** Shorter values would blank out half of every text (a password "a"), so they are not searched for. */
const minLength = 4;

/** Remembers a value that must never be printed. Values shorter than 4 characters are ignored. */
export function registerSecret(value: string): void {
  if (value.length < minLength) return;
  known.add(value);
  const escaped = JSON.stringify(value).slice(1, -1);
  if (escaped !== value) known.add(escaped);
}

/** Returns `text` with every registered secret replaced by `[secret]`. */
export function redactSecrets(text: string): string {
  let result = text;
  for (const value of known) {
    if (result.includes(value)) result = result.replaceAll(value, "[secret]");
  }
  return result;
}
