const blank = /[\n\r\t\u2028\u2029]/gu;
/** Control characters, invisible and unassigned ones: a terminal would obey some of them. */
const unprintable = /[\p{C}\uFFFD]/gu;

/** Text from elsewhere in one line, without anything that a terminal would obey. */
export function printable(text: string): string {
  return text.replace(blank, " ").replace(unprintable, ".");
}

/** The first bytes of a message as such text; a character that was cut in two is left out. */
export function printableBytes(bytes: Uint8Array, most: number): string {
  // A decoder that expects more keeps the beginning of a character to itself.
  const text = new TextDecoder().decode(bytes.subarray(0, most), { stream: bytes.length > most });
  return printable(text) + (bytes.length > most ? "…" : "");
}

/** The text, cut after `most` characters. */
export function shortened(text: string, most: number): string {
  const characters = Array.from(text);
  return characters.length > most ? `${characters.slice(0, most - 1).join("")}…` : text;
}
