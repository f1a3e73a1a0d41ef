import type { GuestFault } from "../model/fault.ts";
import type { Limits } from "../model/definition.ts";
import type { CommandChild } from "./command-child.ts";

/** How often processes are looked at while something runs in them, ms. */
const LOOK_MS = 5;
/** What the first call of a process takes beside its program: compiling, ms of processor time. */
const FIRST_CPU_MS = 100;
/** What has used so much processor time lets others go first, ms. */
const LONG_MS = 100;
/** Time that a process may take to load a program, ms, and processor time for it. */
const START_MS = 30_000;
const START_CPU_MS = 20_000;
/** Memory beside that of the program: compiled code, heaps, octets. */
const ROOM_BYTES = 64 * 1024 * 1024;
/** Input and output lie in it several times on their way. */
const COPIES = 6;
/** What the SDK takes to begin with, octets. */
const SDK_BYTES = 256 * 1024 * 1024;

/**
 * Looks at processes while they work: what runs long gets the lowest priority, what takes more processor time or memory
 * than it may is ended. The SDK has no limits of its own that hold: a program whose time is over goes on running.
 */
export class CommandWatch {
  readonly #children: () => Iterable<CommandChild>;
  readonly #kill: (child: CommandChild, fault: GuestFault) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    children: () => Iterable<CommandChild>,
    kill: (child: CommandChild, fault: GuestFault) => void,
  ) {
    this.#children = children;
    this.#kill = kill;
  }

  /** Something was started. */
  wake(): void {
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    let working = false;
    for (const child of [...this.#children()]) {
      if (child.state !== "busy" && child.state !== "starting") continue;
      working = true;
      const fault = judge(child, performance.now());
      if (fault !== undefined) this.#kill(child, fault);
    }
    if (!working) this.stop();
  }
}

/** What is wrong with what runs; undefined: nothing. */
function judge(child: CommandChild, now: number): GuestFault | undefined {
  const ms = now - child.since;
  const { limits } = child.version.definition;
  const usage = child.usage();
  const rssBytes = usage?.rssBytes ?? 0;
  const cpuMs = usage === undefined ? ms : usage.cpuMs - child.before.cpuMs;
  child.version.counters.countMemory(rssBytes);
  if (child.state === "busy" && cpuMs >= LONG_MS) child.slowDown();
  return child.state === "starting"
    ? judgeStart(limits, child.version.info.bytes, { ms, cpuMs, rssBytes })
    : judgeCall(limits, {
        cpuMs: child.calls === 1 ? cpuMs - FIRST_CPU_MS : cpuMs,
        rssBytes: rssBytes - child.before.rssBytes,
      });
}

function judgeCall(limits: Limits, { cpuMs, rssBytes }: { cpuMs: number; rssBytes: number }): GuestFault | undefined {
  if (cpuMs > limits.cpuMs)
    return { kind: "cpu", message: `it used ${Math.round(cpuMs)} ms of processor time; ${limits.cpuMs} ms are allowed` };
  const most = limits.memoryBytes + ROOM_BYTES + COPIES * limits.bodyBytes;
  if (rssBytes <= most) return undefined;
  return { kind: "trap", message: `its process took ${mebibytes(rssBytes)} of memory more than before; ${mebibytes(most)} are allowed` };
} // prettier-ignore

function judgeStart(limits: Limits, bytes: number, now: { ms: number; cpuMs: number; rssBytes: number }): GuestFault | undefined {
  const start = (message: string): GuestFault => ({ kind: "start", message });
  if (now.ms > START_MS || now.cpuMs > START_CPU_MS) return start("it takes too long to compile");
  const most = SDK_BYTES + limits.memoryBytes + 32 * bytes;
  return now.rssBytes <= most ? undefined : start(`compiling it takes more than ${mebibytes(most)} of memory`);
} // prettier-ignore

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 / 1024)} MiB`;
}
