import type { FunctionDefinition } from "../model/definition.ts";
import type { LoadedVersion, VersionStats } from "../model/engine.ts";
import type { ModuleInfo } from "../model/module-info.ts";
import { VersionCounters } from "../model/version-counters.ts";
import { nextVersionNumber } from "../model/version-numbers.ts";
import type { CommandCall } from "./command-call.ts";
import type { CommandChild } from "./command-child.ts";
import type { PreparedCommand } from "./prepare-command.ts";

/** A version of a program with all that runs of it. */
export class CommandVersion implements LoadedVersion {
  readonly version = nextVersionNumber();
  readonly definition: FunctionDefinition;
  readonly info: ModuleInfo;
  readonly id: string;
  /** The program and its trial, as they are handed to processes. */
  readonly program: PreparedCommand;
  /** Calls that run at once at most. */
  wanted: number;
  /** It takes no new calls. */
  closed = false;
  /** Told when it is closed and nothing of it is under way. */
  onEmpty: (() => void) | undefined;
  readonly queue: CommandCall[] = [];
  /** Its processes: those that are ended are not among them. */
  readonly children = new Set<CommandChild>();
  /** Calls that run now. */
  running = 0;
  /** When it was called last, or loaded, ms of the engine's clock. */
  usedAt: number;
  readonly counters = new VersionCounters();

  constructor(definition: FunctionDefinition, program: PreparedCommand, now: number) {
    this.definition = definition;
    this.program = program;
    this.info = program.info;
    this.id = definition.name;
    this.wanted = definition.instances;
    this.usedAt = now;
  }

  /** Nobody has called it yet. */
  get unused(): boolean {
    return this.counters.calls === 0;
  }

  /** A process that takes a call: the one used last, so that others may rest; slowed ones come after all others. */
  idleChild(): CommandChild | undefined {
    let best: CommandChild | undefined;
    for (const child of this.children) {
      if (child.state !== "idle") continue;
      if (best === undefined || isBetter(child, best)) best = child;
    }
    return best;
  }

  countIn(state: CommandChild["state"]): number {
    let count = 0;
    for (const child of this.children) if (child.state === state) count++;
    return count;
  }

  countCall(now: number): void {
    this.counters.calls++;
    this.usedAt = now;
  }

  /** Instances are processes, and their memory is that of the whole process. */
  stats(): VersionStats {
    return this.counters.stats({
      instances: this.children.size,
      queued: this.queue.length,
      openStreams: this.running,
    });
  }
}

function isBetter(a: CommandChild, b: CommandChild): boolean {
  return a.slow === b.slow ? a.idleSince > b.idleSince : b.slow;
}
