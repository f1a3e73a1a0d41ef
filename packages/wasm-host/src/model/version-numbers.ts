let last = 0;

/** A number for a version, unique in the process and larger than those before. */
export function nextVersionNumber(): number {
  return ++last;
}
