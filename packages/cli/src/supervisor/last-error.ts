/** Lines of stderr that are looked at for the reason of a crash. */
const keptLines = 30;

/** Longest reason that is shown, in characters. */
const maxReason = 300;

/** Levels of log records that explain an end: as words, and as the numbers of pino. */
const failing = new Set<unknown>(["error", "fatal", "critical", 50, 60]);

/** Collects output of a process and says afterwards which line of it explains how it ended. */
export class LastError {
  #stderr: string[] = [];
  #logged: string | undefined;

  addStderr(line: string): void {
    if (line.trim() === "") return;
    this.#stderr.push(line);
    if (this.#stderr.length > keptLines) this.#stderr.shift();
  }

  /** A line of stdout: counts when it is a log record of level error or fatal. */
  addStdout(line: string): void {
    if (!line.startsWith("{") || !line.includes('"level":')) return;
    this.#logged = errorRecord(line) ?? this.#logged;
  }

  /** The explaining line, or undefined when the process said nothing of use. */
  reason(): string | undefined {
    const found =
      this.#stderr.find((line) => /^(Uncaught )?[A-Za-z]*Error\b.*:/.test(line)) ??
      this.#stderr.findLast((line) => !isNoise(line)) ??
      this.#logged;
    return found?.trim().slice(0, maxReason);
  }
}

/** What Node.js prints around the message of an uncaught error, and lists of its own. */
function isNoise(line: string): boolean {
  return /^\s+at |^Node\.js v|^\s*[\^{}]|^\s|^node:|^\(Use `node/.test(line);
}

function errorRecord(line: string): string | undefined {
  try {
    const record = JSON.parse(line) as { level?: unknown; msg?: unknown; err?: unknown };
    if (!failing.has(record.level)) return undefined;
    const err = record.err as { message?: unknown } | undefined;
    const cause = typeof err?.message === "string" ? `: ${err.message}` : "";
    return `${String(record.msg)}${cause}`;
  } catch {
    return undefined;
  }
}
