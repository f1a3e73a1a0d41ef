import { consistsOf, isToken, isValue } from "@layotto/http1";
import type { ProcessAnswer } from "@layotto/proto/sidecar/v1/extension";
import { theirLines } from "../call/changed-request.ts";
import type { MeshFailure } from "../call/failure.ts";
import { functionAnswer } from "../call/statuses.ts";

/** Header lines that a function may give. */
const MAX_LINES = 100;

/** And their octets. */
const MAX_LINE_BYTES = 65_536;

/** Lines that are made anew for each answer. */
const made = new Set(["date", "trailer"]);

/** What a call ends with when a function has answered; a text: why that is no answer. */
export function answerOf({ status, headers, body, grpcStatus, details }: ProcessAnswer): MeshFailure | string {
  if (status < 200 || status > 599) return `it answered with status ${status}: it must be 200 to 599`;
  const lines = theirLines(headers);
  const wrong = wrongLine(lines);
  if (wrong !== undefined) return wrong;
  const kept = lines.filter((_, i) => !made.has(lines[i - (i % 2)] ?? ""));
  return functionAnswer({ status, headers: kept, body: Buffer.from(body), grpcStatus }, details);
} // prettier-ignore

/** Why these lines cannot be sent; undefined: they can. */
export function wrongLine(lines: readonly string[]): string | undefined {
  if (lines.length > 2 * MAX_LINES) return `it gave more than ${MAX_LINES} header lines`;
  let size = 0;
  for (const text of lines) size += text.length;
  if (size > MAX_LINE_BYTES) return `it gave header lines of more than ${MAX_LINE_BYTES} octets`;
  for (let i = 0; i < lines.length; i += 2) {
    const [name, value] = [lines[i] ?? "", lines[i + 1] ?? ""];
    if (name === "" || !consistsOf(name, isToken)) return `its header name ${JSON.stringify(name)} is not allowed in HTTP`; // prettier-ignore
    if (!consistsOf(value, isValue)) return `the value of its header "${name}" is not allowed in HTTP`; // prettier-ignore
  }
  return undefined;
}
