import { writeSync } from "node:fs";
import { redactSecrets } from "./secrets.ts";

/** Log levels from the most talkative to silence. */
export const logLevels = ["trace", "debug", "info", "warn", "error", "off"] as const;

/** One of {@link logLevels}. */
export type LogLevel = (typeof logLevels)[number];

/** Facts of one event. `err` may hold an `Error`; it is written with its type, message, stack and causes. */
export type LogFields = Readonly<Record<string, unknown>>;

interface LogMethod {
  (message: string): void;
  (fields: LogFields, message: string): void;
}

/**
 * Writes one JSON object per line. The message is constant text, data goes into the fields:
 * `logger.warn({ attempt, err }, "cannot open component, trying again")`.
 */
export interface Logger {
  /** Name under which the level can be changed at run time, e.g. `"lock/redis"`. */
  readonly name: string;
  readonly trace: LogMethod;
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  /** Whether an event of this level would be written: ask before building expensive fields. */
  isEnabled(level: LogLevel): boolean;
  /** A logger of another name, whose level can be set apart, with further fields on every line. */
  child(name: string, fields?: LogFields): Logger;
}

/** Creates loggers and changes their levels. One per process. */
export interface LoggerRoot extends Logger {
  /**
   * Sets the level of one named logger and of those below it (`"lock"` also changes `"lock/redis"`), or of all when the
   * name is empty. It also holds for loggers that are created later.
   *
   * @returns how many loggers were changed
   */
  setLevel(name: string, level: LogLevel): number;
  /** Names of the loggers created so far. */
  names(): string[];
  /** Writes what is still buffered. */
  flush(): void;
}

/** Options of {@link createLogger}. */
export interface LoggerOptions {
  /** Process name, written as `sidecar` on every line. */
  name: string;
  /** Default `"info"`. */
  level?: LogLevel;
  /** Where lines go; default standard output. A line ends with a newline. */
  write?: (text: string) => void;
  /** Milliseconds since the epoch; default `Date.now`. */
  now?: () => number;
}

/** Returns the level that a user's word means (`"WARNING"`, `"critical"` … as Layotto spells them), or undefined. */
export function parseLogLevel(word: string): LogLevel | undefined {
  const lower = word.toLowerCase();
  if (lower === "warning") return "warn";
  if (lower === "critical" || lower === "fatal") return "error";
  return logLevels.find((level) => level === lower);
}

/** Creates the root logger of a process. */
export function createLogger(options: LoggerOptions): LoggerRoot {
  const sink = new LineSink(options.write ?? writeStdout, options.now ?? Date.now);
  const levels = new LevelTable(options.level ?? "info");
  const root = new JsonLogger("", prefixOf({ sidecar: options.name }), sink, levels);
  return Object.assign(root, {
    setLevel: (name: string, level: LogLevel) => levels.set(name, level),
    names: () => levels.names(),
    flush: () => sink.flush(),
  });
}

/** A logger that writes nothing. */
export const silentLogger: Logger = {
  name: "",
  trace: () => {},
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  isEnabled: () => false,
  child: () => silentLogger,
};

class JsonLogger implements Logger {
  readonly name: string;
  /** Index of the lowest level written; changed by the level table. */
  threshold = 0;
  readonly #prefix: string;
  readonly #sink: LineSink;
  readonly #levels: LevelTable;

  constructor(name: string, prefix: string, sink: LineSink, levels: LevelTable) {
    this.name = name;
    this.#prefix = prefix;
    this.#sink = sink;
    this.#levels = levels;
    levels.add(this);
  }

  trace = (fields: LogFields | string, message?: string): void => this.#log(0, fields, message);
  debug = (fields: LogFields | string, message?: string): void => this.#log(1, fields, message);
  info = (fields: LogFields | string, message?: string): void => this.#log(2, fields, message);
  warn = (fields: LogFields | string, message?: string): void => this.#log(3, fields, message);
  error = (fields: LogFields | string, message?: string): void => this.#log(4, fields, message);

  isEnabled(level: LogLevel): boolean {
    return logLevels.indexOf(level) >= this.threshold;
  }

  child(name: string, fields?: LogFields): Logger {
    return new JsonLogger(
      name,
      this.#prefix + prefixOf({ logger: name, ...fields }),
      this.#sink,
      this.#levels,
    );
  }

  #log(level: number, fields: LogFields | string, message: string | undefined): void {
    if (level < this.threshold) return;
    if (typeof fields === "string") this.#sink.write(level, this.#prefix, fields, undefined);
    else this.#sink.write(level, this.#prefix, message ?? "", fields);
  }
}

/** Levels by logger name. An override holds for a name and everything below it; the longest one wins. */
class LevelTable {
  #all: LogLevel;
  readonly #overrides = new Map<string, LogLevel>();
  /** Weak, because component loggers come and go; swept when listed. */
  readonly #loggers = new Set<WeakRef<JsonLogger>>();

  constructor(level: LogLevel) {
    this.#all = level;
  }

  add(logger: JsonLogger): void {
    logger.threshold = logLevels.indexOf(this.#levelOf(logger.name));
    this.#loggers.add(new WeakRef(logger));
  }

  set(name: string, level: LogLevel): number {
    if (name === "") {
      this.#all = level;
      this.#overrides.clear();
    } else this.#overrides.set(name, level);
    let changed = 0;
    for (const logger of this.#alive()) {
      if (name !== "" && logger.name !== name && !logger.name.startsWith(`${name}/`)) continue;
      logger.threshold = logLevels.indexOf(this.#levelOf(logger.name));
      changed += 1;
    }
    return changed;
  }

  names(): string[] {
    const names = new Set<string>();
    for (const logger of this.#alive()) if (logger.name !== "") names.add(logger.name);
    return [...names].sort();
  }

  #levelOf(name: string): LogLevel {
    for (let at = name; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf("/")))) {
      const level = this.#overrides.get(at);
      if (level !== undefined) return level;
    }
    return this.#all;
  }

  *#alive(): Generator<JsonLogger> {
    for (const reference of this.#loggers) {
      const logger = reference.deref();
      if (logger === undefined) this.#loggers.delete(reference);
      else yield logger;
    }
  }
}

/** Lines are gathered for one event-loop turn, so that per-call debug lines do not cost a system call each. */
class LineSink {
  readonly #write: (text: string) => void;
  readonly #now: () => number;
  #pending = "";
  #scheduled = false;

  constructor(write: (text: string) => void, now: () => number) {
    this.#write = write;
    this.#now = now;
  }

  write(level: number, prefix: string, message: string, fields: LogFields | undefined): void {
    const time = new Date(this.#now()).toISOString();
    const head = `{"level":"${logLevels[level]}","time":"${time}"${prefix}`;
    const data = fields === undefined ? "" : fieldsText(fields);
    this.#pending += redactSecrets(`${head},"msg":${JSON.stringify(message)}${data}}\n`);
    if (level >= 3 || this.#pending.length > 65_536) this.flush();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.flush();
      });
    }
  }

  flush(): void {
    if (this.#pending === "") return;
    const text = this.#pending;
    this.#pending = "";
    this.#write(text);
  }
}

function prefixOf(fields: LogFields): string {
  return fieldsText(fields);
}

function fieldsText(fields: LogFields): string {
  let text = "";
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    text += `,${JSON.stringify(key)}:${isSecretKey(key) ? '"[secret]"' : valueText(value)}`;
  }
  return text;
}

function valueText(value: unknown): string {
  try {
    return JSON.stringify(value, replaceValue) ?? "null";
  } catch {
    return JSON.stringify(String(value)); // cycles, bigint inside a toJSON, throwing getters
  }
}

function replaceValue(key: string, value: unknown): unknown {
  if (value instanceof Error) return describeError(value);
  if (typeof value === "bigint") return value.toString();
  if (key !== "" && isSecretKey(key)) return "[secret]";
  return value;
}

const secretKey = /(password|passwd|secret|token|credential|private_?key|authorization)$/i;

function isSecretKey(key: string): boolean {
  return secretKey.test(key);
}

function describeError(error: Error, depth = 0): Record<string, unknown> {
  const code: unknown = Reflect.get(error, "code");
  return {
    type: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    stack: error.stack,
    ...(error.cause instanceof Error && depth < 4
      ? { cause: describeError(error.cause, depth + 1) }
      : {}),
  };
}

/** Straight to the descriptor: `process.stdout` costs start-up time, and pipes and files are written synchronously anyway. */
function writeStdout(text: string): void {
  const bytes = Buffer.from(text);
  let offset = 0;
  try {
    while (offset < bytes.length) offset += writeSync(1, bytes, offset);
  } catch (error) {
    // EAGAIN: somebody made the descriptor non-blocking; the stream queues. EPIPE: nobody reads any more.
    if (Reflect.get(Object(error), "code") === "EAGAIN")
      process.stdout.write(bytes.subarray(offset));
  }
}
