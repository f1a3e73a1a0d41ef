// Events are edited as text and not by writing the parsed value again: numbers beyond 2^53, the order of the keys and
// everything else that we do not understand stay as they are.

const quote = 0x22;
const comma = 0x2c;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** A JSON string in ASCII alone, so that its characters are its bytes. */
export function asciiString(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Why JSON.parse failed, in one line and without the data, which does not belong into logs. */
export function jsonFault(error: unknown): string {
  const message = error instanceof Error ? error.message : "";
  const cause = message.split(/, (?:"|\.\.\.)/, 1)[0] ?? "";
  return `it is not JSON: ${cause.replaceAll(/[^ -~]/g, "?")}`;
}

/** Whether JSON takes the character for white space. */
export function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

/** End of the string that begins at `start`. */
function stringEnd(text: string, start: number): number {
  for (let from = start + 1; ;) {
    const at = text.indexOf('"', from);
    if (at < 0) return text.length;
    let before = at - 1;
    while (text.charCodeAt(before) === backslash) before--;
    if ((at - before) % 2 === 1) return at + 1;
    from = at + 1;
  }
}

function containerEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) at = stringEnd(text, at) - 1;
    else if (code === openBrace || code === openBracket) depth++;
    else if ((code === closeBrace || code === closeBracket) && --depth === 0) return at + 1;
  }
  return text.length;
}

function valueEnd(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === quote) return stringEnd(text, start);
  if (first === openBrace || first === openBracket) return containerEnd(text, start);
  let at = start;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === comma || code === closeBrace || isSpace(code)) break;
  }
  return at;
}

/** Goes through the members of an object. The text must be valid JSON and an object: JSON.parse has seen it before. */
export class Members {
  /** Where the name begins. */
  start = 0;
  nameEnd = 0;
  valueStart = 0;
  /** Where the value ends. */
  end: number;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
    this.end = text.indexOf("{") + 1;
  }

  /** Goes to the next member; false when there is none. */
  next(): boolean {
    const { text } = this;
    let at = skipSpace(text, this.end);
    if (text.charCodeAt(at) === comma) at = skipSpace(text, at + 1);
    if (text.charCodeAt(at) !== quote) return false;
    this.start = at;
    this.nameEnd = stringEnd(text, at);
    this.valueStart = skipSpace(text, skipSpace(text, this.nameEnd) + 1);
    this.end = valueEnd(text, this.valueStart);
    return true;
  }

  /** Name of the member, with its escapes resolved. */
  name(): string {
    const name = this.text.slice(this.start + 1, this.nameEnd - 1);
    return name.includes("\\") ? String(JSON.parse(`"${name}"`)) : name;
  }
}

/** Where the value of a member is in a valid object; the last one when there are several, as JSON.parse has it. */
export function valueRange(text: string, name: string): [start: number, end: number] | undefined {
  let found: [number, number] | undefined;
  const members = new Members(text);
  while (members.next()) {
    if (members.name() === name) found = [members.valueStart, members.end];
  }
  return found;
}

/**
 * A valid object without some members and with others added at its end. All else stays as it is, white space too:
 * taking away what was added gives the same text again.
 *
 * @param added `"name":value` of each
 */
export function editObject(
  text: string,
  isDropped: (name: string) => boolean,
  added: readonly string[],
): string {
  const members = new Members(text);
  let result = "";
  let previousEnd = members.end;
  let isEmpty = true;
  for (let isFirst = true; members.next(); isFirst = false) {
    if (isFirst) result = text.slice(0, members.start);
    if (!isDropped(members.name())) {
      result += text.slice(isEmpty ? members.start : previousEnd, members.end);
      isEmpty = false;
    }
    previousEnd = members.end;
  }
  if (result === "") result = text.slice(0, previousEnd);
  if (added.length > 0) result += (isEmpty ? "" : ",") + added.join(",");
  return result + text.slice(previousEnd);
}
