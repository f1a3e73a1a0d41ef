import { randomBytes } from "node:crypto";

/**
 * Metadata that says how deep a call is when it leaves the process: it may come back through the mesh. Each host on its
 * way adds an entry, a line of its own or behind a comma: `1;MARK, 2;MARK`.
 */
export const depthHeader = "layotto-wasm-depth";

/** As deep as anybody may say that a call is. */
const MAX_DEPTH = 1000;
/** Entries that are read, the last ones: more hosts than levels of functions can only be made up. */
const MAX_ENTRIES = 8;
/** And their characters. */
const MAX_TEXT = 256;

/**
 * Depths of the calls that have left this process and are not answered yet, by their marks: anybody can send a depth, and
 * guests see the marks of calls that come to them. One that is sent when its call is over is worth nothing.
 */
const underWay = new Map<string, number>();

/** A depth, and the mark of who wrote it. */
const entryForm = /^(\d+)(?:;(.*))?$/u;
const markForm = /^[\w-]{16}$/u;

/** How a call is nested, as its headers say. */
export interface Nesting {
  readonly depth: number;
  /** A function of this process waits for the call. */
  readonly nested?: true;
  /** What other hosts have written whose functions wait for it: the next host has to know. */
  readonly others?: string;
}

/** A call of a function that leaves the process. */
export interface CallOut {
  /** Its depth, as it is sent beside what {@link Nesting.others} says. */
  readonly text: string;
  /** It is answered. */
  end(): void;
}

/** Marks a call that leaves the process, so that it is known when it comes back. */
export function callOut(depth: number): CallOut {
  const mark = randomBytes(12).toString("base64url");
  underWay.set(mark, depth);
  return { text: `${depth};${mark}`, end: () => underWay.delete(mark) };
}

/**
 * Reads what {@link callOut} and other processes have written, lines joined by commas. The deepest entry holds, so that
 * none can be hidden behind another; what is no depth is 0.
 */
export function nestingOf(text: string): Nesting {
  let depth = 0;
  let isOurs = false;
  const others: string[] = [];
  for (const entry of text.slice(-MAX_TEXT).split(",").slice(-MAX_ENTRIES)) {
    const [, digits, mark = ""] = entryForm.exec(entry.trim()) ?? [];
    const own = underWay.get(mark);
    const claimed = own ?? Math.min(Number(digits ?? 0), MAX_DEPTH);
    if (claimed === 0) continue;
    depth = Math.max(depth, claimed);
    if (own !== undefined) isOurs = true;
    else if (markForm.test(mark)) others.push(`${claimed};${mark}`);
  }
  return {
    depth,
    ...(isOurs ? { nested: true } : {}),
    ...(others.length > 0 ? { others: others.join(",") } : {}),
  };
}
