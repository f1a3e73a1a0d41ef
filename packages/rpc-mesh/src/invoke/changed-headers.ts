import type { HeaderChanges } from "../model/route.ts";

type Header = readonly [name: string, value: string];

/** The headers of a request after the changes of its route. */
export function withRequestChanges(
  headers: readonly Header[],
  changes: readonly HeaderChanges[],
): readonly Header[] {
  let result = headers;
  for (const { requestRemove, requestAdd } of changes) {
    result = changed(result, requestRemove, requestAdd);
  }
  return result;
}

/** The headers of an answer after the changes of its route. */
export function withResponseChanges(
  headers: readonly Header[],
  changes: readonly HeaderChanges[],
): readonly Header[] {
  let result = headers;
  for (const { responseRemove, responseAdd } of changes) {
    result = changed(result, responseRemove, responseAdd);
  }
  return result;
}

/** Removals go first: a header that is replaced is in both lists. */
function changed(
  headers: readonly Header[],
  remove: readonly string[],
  add: readonly Header[],
): readonly Header[] {
  const kept = remove.length === 0 ? headers : headers.filter(([name]) => !remove.includes(name));
  return add.length === 0 ? kept : [...kept, ...add];
}
