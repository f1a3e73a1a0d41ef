import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { createLogger, type Logger } from "@layotto/sidecar-kit";
import { canSuspend, createEngine, type EngineOptions } from "../../engine.ts";
import type { Engine, LoadedVersion } from "../../model/engine.ts";
import type { FaultKind } from "../../model/fault.ts";
import { callOnce, definitionOf, hostOf, textOf } from "../../testing/engine.ts";
import { guestText } from "../../testing/guest-text.ts";
import { wat } from "../../testing/wat.ts";

/** Longer runs, with assertions on latency that a busy machine fails. */
export const long = process.env["LAYOTTO_LONG"] === "1";

/** The ways of asking that this Node.js has. */
export const modes: readonly ("atomics" | "jspi")[] = canSuspend() ? ["atomics", "jspi"] : ["atomics"]; // prettier-ignore

/** What the process may grow by beside the memories of guests: heaps of the main thread and of new workers, MB. */
const BASE_MB = 192;
/** How much the neighbours may be slowed down, and the floor under which it does not count, ms. */
const SLOWER = 2;
const FLOOR_MS = 15;

/** One line of the log. */
export interface LogLine {
  readonly level: string;
  readonly msg?: string;
  readonly function?: string;
  readonly version?: number;
  readonly fault?: FaultKind;
}

/** How the neighbour of an attacker fared. */
export interface Pressure {
  readonly calls: number;
  readonly failed: readonly string[];
  readonly p50: number;
  readonly p99: number;
  /** Largest number of threads of the process meanwhile. */
  readonly threads: number;
  /** Largest resident memory of the process meanwhile, MB. */
  readonly rssMb: number;
}

/** An engine with a function that behaves well, and what is seen from outside while another one does not. */
export class Arena {
  readonly engine: Engine;
  readonly lines: LogLine[] = [];
  readonly #logger: Logger;
  #neighbour: LoadedVersion | undefined;

  constructor(hostCalls: "atomics" | "jspi", options: Partial<EngineOptions> = {}) {
    this.#logger = createLogger({
      name: "attacked",
      level: "trace",
      write: (text) => {
        for (const line of text.split("\n")) if (line !== "") this.lines.push(JSON.parse(line) as LogLine); // written by createLogger
      },
    }); // prettier-ignore
    const workers = { min: 3, max: 12 };
    this.engine = createEngine({ host: hostOf(), logger: this.#logger, hostCalls, workers, ...options }); // prettier-ignore
  }

  /** Fault lines of a function. */
  faults(name: string): { kind: FaultKind; message: string; version: number | undefined }[] {
    (this.#logger as { flush?: () => void }).flush?.(); // what createLogger makes has it
    return this.lines.flatMap(({ function: of, fault, msg = "", version }) =>
      of === name && fault !== undefined ? [{ kind: fault, message: msg, version }] : [],
    );
  }

  /** The log names the function, its version, the kind of fault, in one line. */
  assertNamed(version: LoadedVersion, kind: FaultKind): void {
    const { name } = version.definition;
    const found = this.faults(name).find((each) => each.kind === kind);
    assert.ok(found !== undefined, `no fault "${kind}" of "${name}" in the log`);
    assert.equal(found.version, version.version);
    assert.match(found.message, /^[^\n]{5,600}$/u);
  }

  async neighbour(): Promise<LoadedVersion> {
    if (this.#neighbour !== undefined) return this.#neighbour;
    const version = await this.engine.load(await wat(guestText()), definitionOf("neighbour", { instances: 2 }));
    for (let i = 0; i < 200; i++) await callOnce(this.engine, version, "warm");
    return (this.#neighbour ??= version);
  } // prettier-ignore

  /** Calls the neighbour again and again until `during` is over, for `leastMs` at least. */
  async pressure(during: Promise<unknown>, leastMs = 0): Promise<Pressure> {
    const version = await this.neighbour();
    const times: number[] = [];
    const failed: string[] = [];
    let over = false;
    let [threads, rss] = [0, 0];
    const begun = performance.now();
    void during.finally(() => (over = true)).catch(() => {});
    do {
      const at = performance.now();
      const output = await callOnce(this.engine, version, "neighbour");
      times.push(performance.now() - at);
      if (output.answer === undefined) failed.push(`${output.fault?.kind} ${output.fault?.message}`);
      else assert.equal(textOf(output), "neighbour");
      // It is no attacker: the processors are for others, too.
      if (times.length % 8 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      if (times.length % 50 === 1) [threads, rss] = [Math.max(threads, threadCount()), Math.max(rss, process.memoryUsage.rss())];
    } while (!over || performance.now() - begun < leastMs);
    times.sort((a, b) => a - b);
    const at = (part: number): number => times[Math.floor(times.length * part)] ?? 0;
    return { calls: times.length, failed, p50: at(0.5), p99: at(0.99), threads, rssMb: rss / 2 ** 20 };
  } // prettier-ignore

  /** Runs an attack beside the neighbour, which must not notice. @param limitsMb what the attacker may hold by its limits */
  async beside<T>(what: string, attack: () => Promise<T>, limitsMb = 64): Promise<T> {
    const before = await this.pressure(Promise.resolve(), long ? 1000 : 60);
    const attacking = attack();
    const meanwhile = await this.pressure(attacking);
    const result = await attacking;
    say(`${what}: ${text(before)} → ${text(meanwhile)}`);
    assert.deepEqual(meanwhile.failed, [], `${what}: the neighbour's calls succeed`);
    const grown = meanwhile.rssMb - before.rssMb;
    assert.ok(grown < BASE_MB + limitsMb, `${what}: ${grown} MB more are held`);
    if (long && meanwhile.calls > 200)
      assert.ok(meanwhile.p99 <= Math.max(before.p99 * SLOWER, FLOOR_MS), `${what}: p99 of the neighbour ${before.p99} → ${meanwhile.p99} ms`);
    return result;
  } // prettier-ignore

  /** As `beside`, for attacks whose result is of no interest. */
  async endures(what: string, attack: () => Promise<unknown>): Promise<void> {
    await this.beside(what, attack);
  }

  async close(): Promise<void> {
    await this.engine.close();
  }
}

/** Threads of this process; 0 where the system does not say. */
export function threadCount(): number {
  try {
    return readdirSync("/proc/self/task").length;
  } catch {
    return 0;
  }
}

/** Prints a measurement. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function text({ calls, p50, p99, threads, rssMb }: Pressure): string {
  return `${calls} calls p50 ${p50.toFixed(2)} p99 ${p99.toFixed(2)} ms, ${threads} threads, ${Math.round(rssMb)} MB`;
}
