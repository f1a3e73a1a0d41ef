import * as env from "./env";
import { at, firstOut, outU32, outU64, toBytes } from "./memory";
import { ok } from "./status";

export const enum LogLevel {
  Trace = 0,
  Debug = 1,
  Info = 2,
  Warn = 3,
  Error = 4,
  Critical = 5,
}

/** Writes a line to the host's log. */
export function log(level: LogLevel, message: string): void {
  const text = toBytes(message);
  ok(env.proxy_log(level, at(text), text.byteLength));
}

export function debug(message: string): void {
  log(LogLevel.Debug, message);
}

export function info(message: string): void {
  log(LogLevel.Info, message);
}

export function warn(message: string): void {
  log(LogLevel.Warn, message);
}

export function error(message: string): void {
  log(LogLevel.Error, message);
}

/** Lowest level that the host writes: spares making texts that nobody reads. */
export function logLevel(): LogLevel {
  return ok(env.proxy_get_log_level(firstOut())) ? <LogLevel>outU32() : LogLevel.Trace;
}

/** Time since 1970, ns. */
export function now(): u64 {
  return ok(env.proxy_get_current_time_nanoseconds(firstOut())) ? outU64() : 0;
}
