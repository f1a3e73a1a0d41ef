import type { GuestEnvironment } from "../guest/environment.ts";

/** Octets of one line of the log. */
const maxLineBytes = 16 * 1024;
/** Lines that one activation may log. */
const maxLines = 500;
/** Characters that one activation may log. */
const maxCharacters = 256 * 1024;

/** What a guest logs, within bounds: long lines are cut, too many of one activation are dropped and counted. */
export class GuestLog {
  readonly #environment: GuestEnvironment;
  readonly #partial = new Map<number, string>();
  #lines = 0;
  #dropped = 0;
  #characters = 0;

  constructor(environment: GuestEnvironment) {
    this.#environment = environment;
  }

  /** Whether a line of that level goes anywhere. */
  wanted(level: number): boolean {
    return level >= this.#environment.logLevel;
  }

  line(level: number, text: string): void {
    if (!this.wanted(level)) return;
    const shown = text.length > maxLineBytes ? `${text.slice(0, maxLineBytes)}…` : text;
    this.#lines += 1;
    this.#characters += shown.length;
    if (this.#lines > maxLines || this.#characters > maxCharacters) this.#dropped += 1;
    else this.#environment.log(level, shown);
  }

  /** Octets of a standard stream: whole lines are logged, the rest waits for its end. */
  write(level: number, text: string): void {
    if (!this.wanted(level)) return;
    const lines = ((this.#partial.get(level) ?? "") + text).split("\n");
    const rest = lines.pop() ?? "";
    for (const line of lines) this.line(level, line);
    if (rest.length > maxLineBytes) this.line(level, rest);
    this.#partial.set(level, rest.length > maxLineBytes ? "" : rest);
  }

  /** An activation is over: what waits for its end is logged as it is. */
  flush(): void {
    if (this.#partial.size > 0) {
      for (const [level, text] of this.#partial) if (text !== "") this.line(level, text);
      this.#partial.clear();
    }
    if (this.#dropped > 0)
      this.#environment.log(
        3,
        `${this.#dropped} lines of the guest were not logged: too much at once`,
      );
    this.#lines = 0;
    this.#dropped = 0;
    this.#characters = 0;
  }
}
