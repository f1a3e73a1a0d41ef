import type { HeaderChanges } from "../model/route.ts";
import { BoltFrame, readBoltHead } from "./bolt-frame.ts";
import { readHeaders, type BoltHeader } from "./bolt-headers.ts";
import { BoltType } from "./constants.ts";
import { encodeBolt } from "./write-bolt.ts";

/**
 * Returns the frame in another version or with other headers. Class and content stay as they are; a checksum stays where
 * the version has one.
 *
 * @throws CodecError when the headers cannot be read, or not be written
 */
export function convertBolt(
  frame: BoltFrame,
  version: number,
  changes: readonly HeaderChanges[],
  side: "request" | "response",
): BoltFrame {
  const { buffer, classAt, headersAt, contentAt, contentEnd } = frame;
  const block = buffer.subarray(headersAt, contentAt);
  const bytes = encodeBolt({
    version,
    type: frame.type,
    command: frame.command,
    id: frame.id,
    codec: frame.codec,
    checked: frame.checked && version === frame.version,
    variable: frame.type === BoltType.RESPONSE ? frame.status : frame.timeoutMs,
    className: buffer.subarray(classAt, headersAt),
    headers:
      changes.length === 0 ? block : changed(readHeaders(block, 0, block.length), changes, side),
    content: buffer.subarray(contentAt, contentEnd),
  });
  const converted = new BoltFrame();
  readBoltHead(converted, bytes, 0);
  converted.end = bytes.length;
  converted.owned = true;
  return converted;
}

function changed(
  headers: readonly BoltHeader[],
  changes: readonly HeaderChanges[],
  side: "request" | "response",
): BoltHeader[] {
  let kept = [...headers];
  for (const change of changes) {
    const added = side === "request" ? change.requestAdd : change.responseAdd;
    const removed = side === "request" ? change.requestRemove : change.responseRemove;
    const gone = new Set(
      [...removed, ...added.map(([name]) => name)].map((name) => name.toLowerCase()),
    );
    kept = kept.filter(([name]) => !gone.has(name.toLowerCase()));
    kept.push(...added);
  }
  return kept;
}
