import { createLogger, type LoggerRoot } from "@layotto/sidecar-kit";
import type { Terminal } from "../terminal.ts";

/** Fields that say nothing when there is one function. */
const hidden = new Set(["level", "time", "sidecar", "logger", "msg", "function", "version"]);

/** A logger for people: level, text, then what else there is. */
export function terminalLog(terminal: Terminal): LoggerRoot {
  return createLogger({
    name: "wasm",
    level: "debug",
    write: (text) => terminal.err(readable(text)),
  });
}

function readable(lines: string): string {
  return lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => `${readableLine(line)}\n`)
    .join("");
}

function readableLine(line: string): string {
  // The kit's logger writes one object per line.
  const entry = JSON.parse(line) as Record<string, unknown>;
  const fields = Object.entries(entry).filter(([key]) => !hidden.has(key));
  const rest = fields.map(([key, value]) => ` ${key}=${textOf(value)}`).join("");
  return `${String(entry["level"]).padEnd(5)} ${String(entry["msg"])}${rest}${flagOf(entry)}`;
}

/** What grants here what the log says is missing in the configuration. */
function flagOf({ grant, name }: Record<string, unknown>): string {
  if (typeof grant !== "string" || typeof name !== "string") return "";
  return `; here: --allow ${grant.slice(grant.lastIndexOf(".") + 1)}=${JSON.stringify(name)}`;
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  // Errors come with their stack, which is not the user's.
  if (typeof value === "object" && value !== null && "message" in value)
    return JSON.stringify(value.message);
  return JSON.stringify(value);
}
