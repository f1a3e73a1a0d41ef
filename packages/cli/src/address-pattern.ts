/**
 * Returns the addresses that a pattern like `mesh.listeners.*.address` finds in some sections: names are keys, `*` stands
 * for every entry of a list or map. An entry with `bind_port: false` listens nowhere, as MOSN has it.
 */
export function addressesAt(
  sections: Readonly<Record<string, unknown>>,
  pattern: string,
): (string | undefined)[] {
  let found: unknown[] = [sections];
  for (const key of pattern.split(".")) found = found.flatMap((each) => step(each, key));
  return found.map((each) => (typeof each === "string" && each !== "" ? each : undefined));
}

function step(value: unknown, key: string): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  if (key === "*") return Object.values(value).filter(isBound);
  // Listeners without an address keep their place in the list.
  return [Reflect.get(value, key)];
}

function isBound(entry: unknown): boolean {
  return Reflect.get(Object(entry), "bind_port") !== false;
}
