import { createHash } from "node:crypto";

/** Names that a consumer group has at the broker. */
export interface GroupNames {
  /** Of the session; the same in every process and after every restart. */
  readonly clientId: string;
  /** Where a retained message says which process has the session, see {@link heldBy}. */
  readonly holderTopic: string;
}

/** What the retained message of `holderTopic` says when no process has the session. */
export const VACANT = "vacant";

/** What it says when one has it. */
export function heldBy(holder: string): string {
  return `held by ${holder}`;
}

/**
 * Names of a group. The client id has at most 23 letters and digits, which every broker takes [MQTT-3.1.3-5]: the
 * beginning of the group's name for people, then a hash of group and topic.
 */
export function groupNames(topic: string, group: string): GroupNames {
  const hash = createHash("sha256").update(`${group}\0${topic}`).digest("hex").slice(0, 16);
  const clientId = group.replace(/[^0-9A-Za-z]/g, "").slice(0, 7) + hash;
  return { clientId, holderTopic: `layotto/holder/${clientId}` };
}

/** Why MQTT has no topic of that name to publish to; `undefined` = it may [MQTT-4.7]. */
export function topicFault(topic: string): string | undefined {
  if (topic === "") return "must have at least one character";
  if (/[+#]/.test(topic)) return 'may not contain "+" or "#"';
  if (topic.includes("\0")) return "may not contain the character U+0000";
  if (Buffer.from(topic).toString() !== topic) return "must be well-formed Unicode";
  if (topic.startsWith("$")) return 'may not begin with "$"';
  if (topic.startsWith("layotto/holder/")) return 'may not begin with "layotto/holder/"';
  if (Buffer.byteLength(topic) > 65_535) return "may have at most 65535 bytes";
  return undefined;
}
