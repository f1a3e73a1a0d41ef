/** Standard error that is looked at per call, octets; the rest is read and dropped. */
const MOST_LOGGED = 64 * 1024;
/** Longest line in a log or a message, characters. */
const LONGEST_LINE = 2000;

/** All octets of a stream; undefined as soon as they are more than `most`. */
export async function collectOctets(
  stream: AsyncIterable<Uint8Array> | null,
  most: number,
): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of stream ?? []) {
    length += part.length;
    if (length > most) return undefined;
    parts.push(part);
  }
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts, length);
}

/**
 * Reads lines of text to the end.
 *
 * @param tell gets them as they come, up to 64 KiB of them
 * @returns the last line that is not empty, "" when there is none
 */
export async function collectLines(
  stream: AsyncIterable<Uint8Array> | null,
  tell: (lines: readonly string[]) => void,
): Promise<string> {
  const decoder = new TextDecoder();
  let rest = "";
  let last = "";
  let told = 0;
  const take = (lines: readonly string[]): void => {
    const shown = lines.filter((line) => line.trim() !== "").map((line) => line.slice(0, LONGEST_LINE)); // prettier-ignore
    last = shown.at(-1) ?? last;
    if (shown.length > 0 && told <= MOST_LOGGED) tell(shown);
    for (const line of shown) told += line.length;
  };
  try {
    for await (const part of stream ?? []) {
      const lines = (rest + decoder.decode(part, { stream: true })).split(/\r?\n/u);
      rest = (lines.pop() ?? "").slice(0, LONGEST_LINE);
      take(lines);
    }
  } catch {} // it breaks off with its program, which is told elsewhere
  take([rest]);
  return last;
}
