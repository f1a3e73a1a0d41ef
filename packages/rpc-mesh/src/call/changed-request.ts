import type { HeaderChanges } from "../model/route.ts";
import type { Protocol } from "../model/host.ts";
import type { RequestView } from "./request.ts";

/** Lines that end at this hop, and the host, which is `:authority`: functions do not see them. */
const hidden = new Set(["connection", "expect", "host", "http2-settings", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"]); // prettier-ignore

/** Whether a line stays as it is whatever a function says: those that it does not see, and what delimits the body. */
export function isOurs(name: string): boolean {
  return hidden.has(name) || name === "content-length";
}

/** The headers of a request as functions see them: pseudo headers, then the lines. */
export function headersOf(request: RequestView): string[] {
  const { method, path, authority } = request;
  const headers = method === "" ? [] : [":method", method];
  headers.push(":path", path);
  if (authority !== "") headers.push(":authority", authority);
  return headers.concat(visibleLines(request.flat()));
}

/** The header lines that functions see. */
export function visibleLines(lines: readonly string[]): string[] {
  return picked(lines, (name) => !hidden.has(name));
}

/** A request whose headers a function has changed. Its verb stays: how an answer ends depends on it. */
export class ChangedRequest implements RequestView {
  readonly protocol: Protocol;
  readonly authority: string;
  readonly path: string;
  readonly method: string;
  readonly peerAddress: string;
  private readonly lines: readonly string[];

  /** @param headers all of them, pseudo headers too: name, value, name, value … */
  constructor(request: RequestView, headers: readonly string[]) {
    this.protocol = request.protocol;
    this.method = request.method;
    this.peerAddress = request.peerAddress;
    this.path = valueOf(headers, ":path") ?? request.path;
    this.authority = valueOf(headers, ":authority") ?? request.authority;
    this.lines = [...picked(request.flat(), isOurs), ...theirLines(headers)];
  }

  header(name: string): string | undefined {
    return valueOf(this.lines, name);
  }

  flat(): readonly string[] {
    return this.lines;
  }
}

/** The values of a header, joined by ", ". */
export function valueOf(headers: readonly string[], name: string): string | undefined {
  let joined: string | undefined;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (headers[i] !== name) continue;
    const value = headers[i + 1] ?? "";
    joined = joined === undefined ? value : `${joined}, ${value}`;
  }
  return joined;
}

/** The lines of a function's list that are its to say, names in lower case. */
export function theirLines(headers: readonly string[]): string[] {
  return picked(headers, (name) => !name.startsWith(":") && !isOurs(name));
}

function picked(lines: readonly string[], isWanted: (name: string) => boolean): string[] {
  const wanted: string[] = [];
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const name = (lines[i] ?? "").toLowerCase();
    if (isWanted(name)) wanted.push(name, lines[i + 1] ?? "");
  }
  return wanted;
}

/** What has to be removed and added to make the lines `before` into `after`. */
export function changesBetween(before: readonly string[], after: readonly string[]): HeaderChanges {
  const [old, now] = [valuesByName(before), valuesByName(after)];
  const remove = [...old].filter(([name, values]) => !sameList(values, now.get(name)));
  const add = [...now].filter(([name, values]) => !sameList(values, old.get(name)));
  return {
    requestRemove: remove.map(([name]) => name),
    requestAdd: add.flatMap(([name, values]) => values.map((value) => [name, value] as const)),
    responseRemove: [],
    responseAdd: [],
  };
}

function valuesByName(lines: readonly string[]): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const [name, value] = [lines[i] ?? "", lines[i + 1] ?? ""];
    const found = values.get(name);
    if (found === undefined) values.set(name, [value]);
    else found.push(value);
  }
  return values;
}

function sameList(a: readonly string[], b: readonly string[] | undefined): boolean {
  return b !== undefined && a.length === b.length && a.every((value, i) => value === b[i]);
}
