const MAX_LENGTH = 249;

/** Why Kafka has no topic of that name. Source: org.apache.kafka.common.internals.Topic */
export function kafkaTopicFault(topic: string): string | undefined {
  if (topic === "" || topic.length > MAX_LENGTH)
    return `has 1 to ${MAX_LENGTH} characters in kafka`;
  if (topic === "." || topic === "..") return 'is neither "." nor ".." in kafka';
  for (let i = 0; i < topic.length; i++) {
    if (!isLegal(topic.charCodeAt(i))) return 'has only letters, digits, ".", "_" and "-" in kafka';
  }
  return undefined;
}

function isLegal(code: number): boolean {
  if (code >= 97) return code <= 122; // a-z
  if (code >= 65) return code <= 90 || code === 95; // A-Z _
  return (code >= 48 && code <= 57) || code === 45 || code === 46; // 0-9 - .
}
