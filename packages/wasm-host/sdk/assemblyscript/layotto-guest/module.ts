// What a module says of itself and does outside of calls.

import * as env from "./env";
import { at, firstOut, outBytes, secondOut, toBytes, toText } from "./memory";
import { decodePairs } from "./pairs";
import { ok } from "./status";

const callData: u32 = 8;

/** Plugin configuration of the function: `config` of its entry. */
export class Config {
  constructor(readonly bytes: ArrayBuffer) {}

  /** Where the configuration is a text. */
  text(): string {
    return toText(this.bytes);
  }

  /** A value where it is a map; null: there is none. */
  get(key: string): string | null {
    const pairs = decodePairs(this.bytes);
    for (let i = 0; i < pairs.length; i++) if (pairs[i].name === key) return pairs[i].value;
    return null;
  }
}

let moduleId: string = "";
let configured: ((config: Config) => bool) | null = null;
let ticked: (() => void) | null = null;
let queueReady: ((queue: u32) => void) | null = null;

/** Sets the id by which the module is called. `serve` and `filter` do it. */
export function setId(id: string): void {
  moduleId = id;
}

/** Called once with the configuration, before any call. False: the module cannot work with it. */
export function onConfigure(callback: (config: Config) => bool): void {
  configured = callback;
}

/** Called again and again; `setTickPeriod` says how often. */
export function onTick(callback: () => void): void {
  ticked = callback;
}

/** Called when something has come into a queue that this module registered. */
export function onQueueReady(callback: (queue: u32) => void): void {
  queueReady = callback;
}

/** @param ms 0: no ticks */
export function setTickPeriod(ms: u32): bool {
  return ok(env.proxy_set_tick_period_milliseconds(ms));
}

// For the exports only.

export function tellId(): void {
  const id = toBytes(moduleId);
  env.proxy_set_buffer_bytes(callData, 0, u32.MAX_VALUE, at(id), id.byteLength);
}

export function configure(): bool {
  const callback = configured;
  if (callback === null) return true;
  const found = ok(env.proxy_get_buffer_bytes(7, 0, u32.MAX_VALUE, firstOut(), secondOut()));
  return callback(new Config(found ? outBytes() : new ArrayBuffer(0)));
}

export function tick(): void {
  const callback = ticked;
  if (callback !== null) callback();
}

export function queue(id: u32): void {
  const callback = queueReady;
  if (callback !== null) callback(id);
}
