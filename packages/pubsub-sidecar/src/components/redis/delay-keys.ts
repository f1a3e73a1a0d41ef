/** In every key that holds delayed messages. */
export const DELAYED_SUFFIX = "||layotto-delayed";

/** Keys of the delay queue that belong to no topic; one hash slot. */
export const delayKeys = {
  /** Who dispatches. */
  lease: "{layotto-delayed}||lease",
  /** Topics with delayed messages; score = when the next one is due. */
  topics: "{layotto-delayed}||topics",
  /** Topics that the dispatcher is busy with; score = when they are due again if it does not finish. */
  busy: "{layotto-delayed}||busy",
} as const;

/** Keys of a topic's delayed messages. */
export interface TopicKeys {
  /** Ids of messages; score = when they are due. */
  readonly order: string;
  /** Id → data; id and `/m` → metadata. */
  readonly content: string;
}

/**
 * Returns the keys of a topic's delayed messages, in the hash slot of the topic: it is their tag, or has one itself. A
 * topic with a "}" but no tag cannot share its slot with any other key: on a cluster such a topic has no delay queue.
 */
export function topicKeys(topic: string): TopicKeys {
  const isTag = !hasTag(topic) && !topic.includes("}");
  const order = `${isTag ? `{${topic}}` : topic}${DELAYED_SUFFIX}`;
  return { order, content: `${order}-content` };
}

/** Whether a part of the key decides on its slot. Source: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags */
function hasTag(key: string): boolean {
  const open = key.indexOf("{");
  return open >= 0 && key.indexOf("}", open) > open + 1;
}
