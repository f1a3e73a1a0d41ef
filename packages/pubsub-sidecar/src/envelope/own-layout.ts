import { eventType, source, specVersion } from "./attributes.ts";
import { base64Bytes } from "./bytes.ts";
import { dataBytes } from "./event.ts";
import type { Event } from "./event.ts";
import { isSpace } from "./json.ts";
import { timeOf } from "./time.ts";
import { traceparentOf } from "./trace.ts";

// A string in which nothing is escaped: its characters are its value.
const plain = String.raw`[^"\\\u0000-\u001f]*`;

const head = new RegExp(
  `\\{"id":"(${plain})","source":"${source}","specversion":"${specVersion}","type":"${eventType}",` +
    `"datacontenttype":"(${plain})","topic":"${plain}","pubsubname":"${plain}","time":"${plain}",` +
    `"traceid":"${plain}"(?:,"traceparent":"(${plain})")?(?:,"expiration":"(${plain})")?,"data(_base64)?":`,
  "y",
);

/**
 * Reads an event in the very layout that is written here, in half the time that any event takes: what is before the
 * data is known to be right, and the rest is right if it is one JSON value.
 *
 * @returns what the general way would; `undefined` when it is for that to say
 */
export function readOwnLayout(text: string, bytes: Uint8Array): Event | undefined {
  head.lastIndex = 0;
  const found = head.exec(text);
  if (found === null) return undefined;
  const [{ length: start }, id = "", contentType, traceparent, expiration, base64] = found;
  const end = text.length - 1;
  if (text[end] !== "}" || isSpace(text.charCodeAt(start)) || isSpace(text.charCodeAt(end - 1))) {
    return undefined;
  }
  const value = parseValue(text.slice(start, end));
  if (value === undefined || !contentType) return undefined;
  const data =
    base64 === undefined
      ? dataBytes({ value, text, start, end, bytes }, contentType)
      : base64Bytes(value);
  if (data === undefined) return undefined;
  return {
    id,
    source,
    type: eventType,
    specVersion,
    dataContentType: contentType,
    data,
    expiresAtMs: timeOf(expiration),
    traceparent: traceparentOf(traceparent),
  };
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
