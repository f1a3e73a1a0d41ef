const repeatable = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** Whether a request with this verb has the same effect once or twice (RFC 9110 §9.2.2). */
export function isSafeToRepeat(verb: string): boolean {
  return repeatable.has(verb);
}
