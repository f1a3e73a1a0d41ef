import { DELAYED_SUFFIX } from "./delay-keys.ts";

/** Longest name of a topic, which is a key of Redis. */
const MAX_BYTES = 1024;

/** Why no stream can have this name; `undefined` = one can. */
export function topicFault(topic: string): string | undefined {
  if (topic === "") return "may not be empty";
  if (Buffer.byteLength(topic) > MAX_BYTES) return `may not be longer than ${MAX_BYTES} bytes`;
  if (topic.includes(DELAYED_SUFFIX)) return `may not contain "${DELAYED_SUFFIX}"`;
  return undefined;
}
