/** Where the supervisor writes what it and its processes say. */
export interface Output {
  /** A line of the supervisor about one process or, with `layotto`, about itself. */
  note(process: string, text: string): void;
  /** A line that a process printed. */
  line(process: string, text: string, stream: "stdout" | "stderr"): void;
}

/** How lines are shown. */
export interface OutputOptions {
  write: (text: string) => void;
  /** Short, readable log records: for a terminal. */
  pretty: boolean;
  /** Coloured names: for a terminal. @default as `pretty` */
  colours?: boolean;
  /** One JSON object per line: for scripts. */
  json: boolean;
  /** Names of the processes, for the width of the prefix. */
  names: readonly string[];
}

const colours = [36, 35, 32, 34, 33, 96, 95, 92] as const;
const dropped = new Set(["level", "time", "pid", "hostname", "msg", "sidecar", "name"]);

/** An {@link Output} of lines with the name of the process in front. */
export function createOutput(options: OutputOptions): Output {
  if (options.json) return jsonOutput(options.write);
  const width = Math.max("layotto".length, ...options.names.map((name) => name.length));
  const paint = (name: string): string => {
    const prefix = `${name.padEnd(width)} |`;
    if (!(options.colours ?? options.pretty)) return prefix;
    const colour = name === "layotto" ? 1 : colours[hash(name) % colours.length];
    return `\u001b[${String(colour)}m${prefix}\u001b[0m`;
  };
  return {
    note: (process, text) => options.write(`${paint(process)} ${text}\n`),
    line(process, text) {
      options.write(`${paint(process)} ${options.pretty ? readable(text) : text}\n`);
    },
  };
}

function jsonOutput(write: (text: string) => void): Output {
  const put = (record: object): void => write(`${JSON.stringify(record)}\n`);
  return {
    note: (process, msg) => put({ process, supervisor: true, time: Date.now(), msg }),
    line: (process, text, stream) =>
      put({ process, ...(parseRecord(text) ?? { stream, msg: text }) }),
  };
}

/** A pino record as `level message key=value`; any other line as it is. */
function readable(text: string): string {
  const record = parseRecord(text);
  if (record === undefined || typeof record["msg"] !== "string") return text;
  const fields = Object.entries(record).filter(([key]) => !dropped.has(key));
  const level = typeof record["level"] === "string" ? record["level"] : "";
  const rest = fields.map(([key, value]) => ` ${key}=${shorten(value)}`).join("");
  return `${level.padEnd(5)} ${record["msg"]}${rest}`;
}

function shorten(value: unknown): string {
  if (typeof value === "string") return value;
  const message = (value as { message?: unknown } | null)?.message;
  return typeof message === "string" ? JSON.stringify(message) : JSON.stringify(value);
}

function parseRecord(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function hash(name: string): number {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return sum;
}
