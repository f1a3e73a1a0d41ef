/**
 * Notices that a thread of the SDK has failed: from then on it runs nothing, and says so on the console only; programs
 * may seem to end well meanwhile.
 */
export class SdkHealth {
  /** Resolves with why the SDK has failed; pends as long as it works. */
  readonly failed: Promise<string>;
  #reason: string | undefined;

  constructor() {
    this.failed = new Promise((resolve) => {
      // oxlint-disable-next-line no-console -- it is where the SDK says it
      console.error = (...words: unknown[]) => {
        this.#reason ??= reasonOf(words);
        resolve(this.#reason);
      };
    });
  }

  /** Why it has failed; undefined: it works. */
  get reason(): string | undefined {
    return this.#reason;
  }
}

/** The first line of the error, without the levels that the SDK puts before it. */
function reasonOf(words: readonly unknown[]): string {
  const error = words.find((word) => word instanceof Error);
  const text = error?.message ?? words.map(String).join(" ");
  const line = (text.split("\n")[0] ?? "").slice(0, 500);
  return line.replace(/^Failed to create WASI context: /u, "").replace("RuntimeError: js: ", "");
}
