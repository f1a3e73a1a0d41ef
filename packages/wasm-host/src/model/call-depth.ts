import { randomBytes } from "node:crypto";

/** Metadata that says how deep a call is when it leaves the process: it may come back through the mesh. */
export const depthHeader = "layotto-wasm-depth";

/** As deep as anybody may say that a call is. */
const MAX_DEPTH = 1000;

/** Tells this process what it wrote itself: anybody can send a depth. */
const mark = `;${randomBytes(12).toString("base64url")}`;

/** How a call is nested, as its headers say. */
export interface Nesting {
  readonly depth: number;
  /** A function of this process waits for the call. */
  readonly nested?: true;
}

/** The depth of a call that leaves the process, as it is sent. */
export function depthText(depth: number): string {
  return `${depth}${mark}`;
}

/** Reads what {@link depthText} or another process has written; what is no depth is 0. */
export function nestingOf(text: string): Nesting {
  const isOurs = text.endsWith(mark);
  const end = text.indexOf(";");
  const depth = Number(end < 0 ? text : text.slice(0, end));
  if (!Number.isInteger(depth) || depth <= 0) return outermost;
  return isOurs ? { depth, nested: true } : { depth: Math.min(depth, MAX_DEPTH) };
}

/** A call that no function has made. */
export const outermost: Nesting = { depth: 0 };

/** Where headers name several depths, the deepest holds: none can be hidden behind another. */
export function deeper(a: Nesting, b: Nesting): Nesting {
  return b.depth > a.depth ? b : a;
}
