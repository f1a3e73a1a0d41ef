/**
 * Counts the types of a JVM parameter descriptor: `Ljava/lang/String;[I` has two. -1: it is none.
 */
export function countParameters(descriptor: string): number {
  let count = 0;
  for (let at = 0; at < descriptor.length; count += 1) {
    while (descriptor[at] === "[") at += 1;
    const type = descriptor[at];
    if (type === undefined || !"ZBCSIJFDL".includes(type)) return -1;
    if (type === "L") {
      at = descriptor.indexOf(";", at);
      if (at < 0) return -1;
    }
    at += 1;
  }
  return count;
}
