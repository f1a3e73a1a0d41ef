import { ownBytes, type Clock } from "@layotto/sidecar-kit";
import type { CallOptions, StreamSink } from "../model/engine.ts";
import type { GuestFault } from "../model/fault.ts";
import type { StreamInput } from "../model/streams.ts";
import { cgiEnvironment } from "./cgi-environment.ts";
import { Children } from "./children.ts";
import { CommandCall, type CallOwner } from "./command-call.ts";
import type { ChildOwner, CommandChild } from "./command-child.ts";
import type { CommandVersion } from "./command-version.ts";
import { CommandWatch } from "./command-watch.ts";
import { isDue, isWorn, LEAST_MS } from "./lifetimes.ts";
import type { ChildReport } from "./protocol.ts";

const SWEEP_MS = 1000;

const lost: GuestFault = { kind: "lost", message: "its host is being stopped" };

/** What the pool tells and needs. */
export interface PoolOptions {
  /** Processes at once, of all versions. */
  readonly processes: number;
  readonly clock: Clock;
  /** A fault was counted that the program is the cause of. */
  readonly onFault: (version: CommandVersion, fault: GuestFault) => void;
  /** A program wrote a line to its standard error. */
  readonly onLine: (version: CommandVersion, line: string) => void;
}

/** Brings calls to processes, and sees to it that there are some: one for each call under way and one to spare. */
export class CommandPool implements ChildOwner, CallOwner {
  readonly #options: PoolOptions;
  readonly #children: Children;
  readonly #watch: CommandWatch;
  /** Versions whose calls wait for room for a process, longest first. */
  readonly #waiting = new Set<CommandVersion>();
  #sweep: { cancel(): void };
  #calls = 0;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#children = new Children(options.processes, this);
    this.#watch = new CommandWatch(() => this.#children.all, (child, fault) => this.#fail(child, fault)); // prettier-ignore
    this.#sweep = options.clock.after(SWEEP_MS, () => this.#dropIdle());
  }

  open(version: CommandVersion, input: StreamInput, sink: StreamSink, options: CallOptions): CommandCall {
    const most = (options.deadline ?? Number.POSITIVE_INFINITY) - performance.now();
    const timeoutMs = Math.max(0, Math.min(version.definition.limits.timeoutMs, most));
    const call = new CommandCall(++this.#calls, version, { input, sink, timeoutMs }, this);
    version.countCall(this.#options.clock.now());
    const refusal = this.#closed ? lost : refusalOf(version, input);
    if (refusal !== undefined) {
      version.counters.countFault(refusal);
      queueMicrotask(() => call.fail(refusal));
      return call;
    }
    version.queue.push(call);
    this.#pump(version);
    return call;
  } // prettier-ignore

  /** Starts a process ahead of calls. Resolves with why that failed, or undefined. */
  async start(version: CommandVersion, purpose: "load" | "call"): Promise<string | undefined> {
    const child = this.#closed ? undefined : this.#children.add(version, purpose);
    if (child !== undefined) this.#watch.wake();
    return child === undefined ? "there is no room for a further process" : await child.started;
  }

  /** Takes over how many calls of a version run at once. */
  resized(version: CommandVersion): void {
    let surplus = version.children.size - version.wanted - 1;
    for (const child of version.children) {
      if (surplus <= 0) break;
      if (child.state !== "idle") continue;
      this.#children.end(child);
      surplus--;
    }
    this.#pump(version);
  }

  /** Ends all processes of a version. Resolves when they are gone. */
  async remove(version: CommandVersion): Promise<void> {
    const children = [...version.children];
    for (const child of children) this.#children.end(child);
    this.#waiting.delete(version);
    await Promise.all(children.map((child) => child.gone()));
    this.#pumpWaiting();
  }

  async close(): Promise<void> {
    this.#sweep.cancel();
    this.#watch.stop();
    this.#closed = true;
    for (const child of this.#children.all) {
      const { call, version } = child;
      this.#children.end(child);
      call?.fail(lost);
      for (const queued of version.queue.splice(0)) queued.fail(lost);
    }
    for (const version of this.#waiting) for (const queued of version.queue.splice(0)) queued.fail(lost);
    await this.#children.settled();
  } // prettier-ignore

  onReport(child: CommandChild, report: ChildReport): void {
    const { version, call } = child;
    switch (report.t) {
      case "loaded":
        child.loaded(this.#options.clock.now());
        return this.#ready(child);
      case "refused":
        return this.#fail(child, { kind: "start", message: report.message });
      case "lines":
        for (const line of report.lines) this.#options.onLine(version, line);
        return;
      case "broken":
        version.counters.runningUs += report.us;
        return this.#fail(child, report);
      default:
        if (call?.id === report.call) this.#ended(child, call, report);
    }
  }

  onLost(child: CommandChild, how: string): void {
    const kind = child.call === undefined ? "start" : "lost";
    this.#fail(child, { kind, message: `its process ended unexpectedly (${how})` });
  }

  callTimedOut(call: CommandCall): void {
    const { child, version, opening } = call;
    const message = `it took longer than ${Math.round(opening.timeoutMs)} ms`;
    const fault: GuestFault = { kind: "timeout", message };
    const leftMs = version.definition.limits.timeoutMs - opening.timeoutMs;
    if (child !== undefined && (leftMs <= 0 || call.over)) return this.#fail(child, fault);
    version.counters.countFault(fault);
    call.fail(fault);
    // Who waits for less than the program may take does not cost others a process.
    if (child !== undefined) call.extend(leftMs);
    else this.callGivenUp(call);
  }

  callGivenUp({ version, child }: CommandCall): void {
    if (child !== undefined) return;
    for (let i = version.queue.length - 1; i >= 0; i--) {
      if (version.queue[i]?.over === true) version.queue.splice(i, 1);
    }
    checkEmpty(version);
  }

  /** Brings waiting calls of a version to its processes, as far as there are. */
  #pump(version: CommandVersion): void {
    while (version.queue.length > 0 && version.running < version.wanted) {
      const child = version.idleChild();
      if (child === undefined) break;
      const call = version.queue.shift();
      if (call !== undefined) this.#begin(child, call);
    }
    this.#grow(version);
    checkEmpty(version);
  }

  #begin(child: CommandChild, call: CommandCall): void {
    const { version } = call;
    version.running++;
    call.child = child;
    child.begin(call, cgiEnvironment(call.opening.input, version.definition.environment));
    this.#watch.wake();
  }

  /** A process for each call that may run now; when they are there, one more, so that none waits when one is ended. */
  #grow(version: CommandVersion): void {
    const needed = Math.min(version.wanted, version.running + version.queue.length);
    while (version.children.size < needed) {
      if (this.#children.add(version, "call") === undefined) {
        this.#waiting.add(version);
        return;
      }
      this.#watch.wake();
    }
    this.#waiting.delete(version);
    const starting = version.countIn("starting") + version.countIn("waiting");
    if (needed === 0 || starting > 0 || version.children.size > needed || version.closed) return;
    if (this.#children.add(version, "spare") !== undefined) this.#watch.wake();
  }

  #ended(child: CommandChild, call: CommandCall, report: Extract<ChildReport, { t: "ended" }>): void {
    const { version } = child;
    this.#leave(child, call);
    version.counters.runningUs += report.us;
    if (report.exitCode === 0) call.answer(ownBytes(report.stdout));
    else this.#fault(version, { kind: "exit", message: exitText(report) }, call);
    const usage = child.usage();
    version.counters.countMemory(usage?.rssBytes ?? 0);
    const worn = isWorn(child, usage);
    if (worn) version.counters.countRecycled();
    const yields = this.#mustYield(child);
    if (worn || yields) this.#children.end(child);
    else child.rest(this.#options.clock.now());
    if (yields) this.#pumpWaiting();
    this.#ready(child);
  } // prettier-ignore

  /** A process can take a call, or has made room. */
  #ready({ version }: CommandChild): void {
    this.#children.startNext();
    this.#pump(version);
    this.#pumpWaiting();
    if (!this.#children.crowded) return;
    for (const child of version.children) if (child.state === "idle") return this.#children.end(child);
  } // prettier-ignore

  /** Ends a process that is of no further use, and its call with it. */
  #fail(child: CommandChild, fault: GuestFault): void {
    const { version, call } = child;
    const started = child.state !== "starting";
    this.#children.end(child, fault.message);
    if (call !== undefined) {
      this.#leave(child, call);
      version.counters.countRecycled();
      this.#fault(version, fault, call);
    } else if (!started && version.children.size === 0) {
      // Nothing could be started for the calls that wait: each gets one attempt.
      const waiting = version.queue.shift();
      if (waiting !== undefined) this.#fault(version, fault, waiting);
    }
    this.#pump(version);
    this.#pumpWaiting();
  }

  #fault(version: CommandVersion, { kind, message }: GuestFault, call: CommandCall): void {
    const fault: GuestFault = { kind, message };
    version.counters.countFault(fault);
    call.fail(fault);
    this.#options.onFault(version, fault);
  }

  #leave(child: CommandChild, call: CommandCall): void {
    child.call = undefined;
    call.child = undefined;
    child.version.running--;
  }

  #pumpWaiting(): void {
    for (const version of [...this.#waiting]) this.#pump(version);
  }

  /** Other versions have no process at all and there is no room but this one's. */
  #mustYield(child: CommandChild): boolean {
    if (!this.#children.full || performance.now() - child.startedAt < LEAST_MS) return false;
    return [...this.#waiting].some((each) => each !== child.version && each.children.size === 0);
  }

  #dropIdle(): void {
    const now = this.#options.clock.now();
    for (const child of [...this.#children.all]) {
      if (child.state === "idle" && isDue(child, now)) this.#children.end(child);
    }
    this.#sweep = this.#options.clock.after(SWEEP_MS, () => this.#dropIdle());
  }
}

function refusalOf(version: CommandVersion, { mode }: StreamInput): GuestFault | undefined {
  const { queue } = version.definition.limits;
  if (version.closed) return { kind: "gone", message: "it is being uninstalled" };
  if (mode === "filter")
    return { kind: "start", message: "it is a program (`adapter: wasi-command`), which cannot be a filter or hook; use a module for proxy-wasm" };
  if (version.queue.length >= queue) return { kind: "overload", message: `${queue} calls wait already` };
  return undefined;
} // prettier-ignore

function exitText({ exitCode, lastLine }: { exitCode: number; lastLine: string }): string {
  const said = lastLine.replaceAll(/\p{C}+/gu, " ").trim().slice(0, 300); // prettier-ignore
  return `it ended with exit code ${exitCode}${said === "" ? "" : `: ${said}`}`;
}

function checkEmpty(version: CommandVersion): void {
  if (version.closed && version.queue.length === 0 && version.running === 0) version.onEmpty?.();
}
