import { isBlank, isToken } from "./chars.ts";
import { Option, type Head } from "./head.ts";
import { malformed } from "./http1-error.ts";
import { Field } from "./known-fields.ts";

/** Reads what Connection says (RFC 9110 §7.6.1) into `head.connection`. */
export function readConnection(head: Head): void {
  if ((head.seen & Field.CONNECTION) === 0) return;
  for (let i = 0; i < head.count; i++) {
    if (head.fields[i] === Field.CONNECTION) head.connection |= optionsOf(head.value(i));
  }
}

/** The few values that nearly all peers send, whatever comes: the limit keeps others out. */
const usual = new Map<string, number>([
  ["keep-alive", Option.KEEP_ALIVE],
  ["Keep-Alive", Option.KEEP_ALIVE],
  ["close", Option.CLOSE],
  ["Upgrade", Option.UPGRADE],
  ["upgrade", Option.UPGRADE],
]);

function optionsOf(value: string): number {
  const found = usual.get(value);
  if (found !== undefined) return found;
  let options = 0;
  for (const name of listOf(value)) options |= optionOf(name);
  return options;
}

function optionOf(name: string): number {
  if (name === "close") return Option.CLOSE;
  if (name === "keep-alive") return Option.KEEP_ALIVE;
  if (name === "upgrade") return Option.UPGRADE;
  return name === "te" ? 0 : Option.NAMES;
}

/** Lower-case members of a list of tokens. */
export function listOf(value: string): string[] {
  const members = value.toLowerCase().split(",").map(trimmed);
  for (const member of members) {
    for (let i = 0; i < member.length; i++) {
      if (isToken[member.charCodeAt(i)] !== 1) throw malformed("a malformed Connection");
    }
  }
  return members.filter((member) => member !== "");
}

/** Without spaces and tabs around it; `trim` takes away more, and a regular expression may take its time. */
function trimmed(member: string): string {
  let [start, end] = [0, member.length];
  while (start < end && isBlank(member.charCodeAt(start))) start++;
  while (end > start && isBlank(member.charCodeAt(end - 1))) end--;
  return member.slice(start, end);
}

/** Names of fields that Connection lists: they end at this hop. */
export function listedFields(head: Head): ReadonlySet<string> {
  const names = new Set<string>();
  for (let i = 0; i < head.count; i++) {
    if (head.fields[i] !== Field.CONNECTION) continue;
    for (const name of listOf(head.value(i))) names.add(name);
  }
  return names;
}

/** Whether the connection may serve another message after this one (RFC 9112 §9.3). */
export function staysOpen(head: Head): boolean {
  if ((head.connection & Option.CLOSE) !== 0) return false;
  return head.minor > 0 || (head.connection & Option.KEEP_ALIVE) !== 0;
}

/** Whether a request asks for another protocol. Not for HTTP/2: what follows would get round everything here. */
export function wantsUpgrade(head: Head): boolean {
  if ((head.connection & Option.UPGRADE) === 0 || head.minor === 0) return false;
  if ((head.repeated & Field.UPGRADE) !== 0) return false;
  const wanted = head.known(Field.UPGRADE) ?? "";
  return wanted !== "" && !/h2c/iu.test(wanted);
}
