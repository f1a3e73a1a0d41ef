/** Longest name of a stream and of a consumer: the server makes directories of these names. */
const MAX_NAME_LENGTH = 255;

const plain = /^[A-Za-z0-9_-]$/;

/**
 * A stream's or consumer's name for any text: what is not a letter, a digit, `_` or `-` is written as `=` and two
 * hexadecimal digits for each byte of its UTF-8 form, so `orders.new` becomes `orders=2Enew`. Reversible. Not `%`,
 * with which nats-server 2.9 garbles the subjects of acknowledgements.
 */
export function natsName(text: string): string {
  let name = "";
  for (const char of text) name += plain.test(char) ? char : escaped(char);
  return name;
}

function escaped(char: string): string {
  const hex = Buffer.from(char).toString("hex").toUpperCase();
  return hex.replaceAll(/../g, "=$&");
}

/**
 * Name of the durable consumer of a group. In the topic's own stream it is that of the group; in a stream that holds
 * other topics too, the topic is added.
 */
export function consumerName(stream: string, topic: string, group: string): string {
  const own = stream === natsName(topic);
  return own ? natsName(group) : `${natsName(group)}~${natsName(topic)}`;
}

/** Why no consumer can have this name; undefined = it can. */
export function nameFault(name: string): string | undefined {
  if (name.length <= MAX_NAME_LENGTH) return undefined;
  return `may not be longer than ${MAX_NAME_LENGTH} characters, where others than A-Z a-z 0-9 _ - count three for each byte`;
}

/** Why a topic cannot be a subject: see `PubSub.topicFault`. */
export function topicFault(topic: string): string | undefined {
  // \s and control characters would end the subject in the protocol.
  // oxlint-disable-next-line no-control-regex -- these are what may not be there
  if (/[\s\u0000-\u001f\u007f]/.test(topic)) return "may not contain blanks or control characters";
  if (/[*>]/.test(topic)) return 'may not contain "*" or ">", which are wildcards of NATS';
  if (topic.split(".").includes("")) return 'may not begin or end with ".", nor contain ".."';
  if (/^(\$|_INBOX(\.|$))/.test(topic))
    return 'may not begin with "$" or "_INBOX", which NATS reserves';
  return nameFault(natsName(topic));
}
