import type { ProcessSpec } from "./process-spec.ts";

/** What a change of the configuration means for one running process. */
export type Consequence = "none" | "rewrite" | "upgrade" | "restart" | "unused";

/**
 * Compares what a process runs with and what the file says now.
 *
 * @param reloads whether the process follows its own configuration file
 */
export function consequenceOf(
  present: ProcessSpec,
  next: ProcessSpec | undefined,
  reloads: boolean,
): Consequence {
  if (next === undefined) return "unused";
  if (!isSame(next.listeners, present.listeners)) return "restart";
  if (isSame(next.config, present.config)) return "none";
  return reloads ? "rewrite" : "upgrade";
}

/** One line about a change that does not take effect by itself; undefined when there is nothing to say. */
export function explain(name: string, consequence: Consequence): string | undefined {
  switch (consequence) {
    case "upgrade":
      return `its configuration has changed: "layotto upgrade ${name}" applies that`;
    case "restart":
      return 'its addresses have changed: "layotto stop" and start apply that';
    case "unused":
      return "the configuration does not use it any more; it runs until the next stop";
    case "none":
    case "rewrite":
      return undefined;
  }
}

/** Tells each change once: the same state of the file is not worth a second line. */
export class ChangeNotes {
  readonly #told = new Map<string, string>();

  /** @param next what the file says now */
  note(name: string, text: string | undefined, next: unknown, log: (line: string) => void): void {
    const state = text === undefined ? undefined : `${text}\n${JSON.stringify(next)}`;
    const before = this.#told.get(name);
    if (state === undefined) this.#told.delete(name);
    else this.#told.set(name, state);
    if (text !== undefined && state !== before) log(text);
  }
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
