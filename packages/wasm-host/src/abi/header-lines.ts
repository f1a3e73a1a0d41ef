import type { FlatHeaders } from "../model/streams.ts";

/** Value of a header by its name in lower case; several lines are joined by ", "; undefined: there is none. */
export function headerValue(lines: FlatHeaders, name: string): string | undefined {
  let value: string | undefined;
  for (let index = 0; index < lines.length; index += 2) {
    if (lines[index] !== name) continue;
    const part = lines[index + 1] ?? "";
    value = value === undefined ? part : `${value}, ${part}`;
  }
  return value;
}

/** Leaves one line of that name, in the place of the first; adds it when there was none. */
export function replaceHeader(lines: string[], name: string, value: string): void {
  const first = indexOfHeader(lines, name);
  if (first === -1) {
    addHeader(lines, name, value);
    return;
  }
  removeHeader(lines, name, first + 2);
  lines[first + 1] = value;
}

/** Adds a line at the end. A pseudo header is there once: it is replaced, or comes behind the other pseudo headers. */
export function addHeader(lines: string[], name: string, value: string): void {
  if (!name.startsWith(":")) {
    lines.push(name, value);
    return;
  }
  let at = 0;
  while (lines[at]?.startsWith(":") === true && lines[at] !== name) at += 2;
  lines.splice(at, lines[at] === name ? 2 : 0, name, value);
}

/** Removes all lines of that name from an index on. Whether there was one. */
export function removeHeader(lines: string[], name: string, from = 0): boolean {
  let kept = from;
  for (let index = from; index < lines.length; index += 2) {
    if (lines[index] === name) continue;
    lines[kept] = lines[index] ?? "";
    lines[kept + 1] = lines[index + 1] ?? "";
    kept += 2;
  }
  const removed = kept < lines.length;
  lines.length = kept;
  return removed;
}

/** Characters of all names and values. */
export function headerBytes(lines: FlatHeaders): number {
  let bytes = 0;
  for (const text of lines) bytes += text.length;
  return bytes;
}

function indexOfHeader(lines: FlatHeaders, name: string): number {
  for (let index = 0; index < lines.length; index += 2) if (lines[index] === name) return index;
  return -1;
}
