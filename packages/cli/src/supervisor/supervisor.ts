import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ExitCode } from "../exit-codes.ts";
import { cleanRunDir, prepareRunDir } from "../run-dir.ts";
import { UserError } from "../user-error.ts";
import type { Clock } from "./clock.ts";
import { systemClock } from "./clock.ts";
import type { ControlRequest, SupervisorStatus } from "./control-protocol.ts";
import { type ControlServer, openControlServer } from "./control-server.ts";
import { type OpenListener, openListeners } from "./listeners.ts";
import { ManagedProcess, type ProcessStatus } from "./managed-process.ts";
import type { Output } from "./output.ts";
import type { ProcessSpec } from "./process-spec.ts";
import { ChangeNotes, consequenceOf, explain } from "./reconfigure.ts";
import { createSpawner } from "./spawn.ts";

/** Shares of the grace period: the gateway may use most of it, the sidecars the rest, then the rest is killed. */
const gatewayShare = 0.7;
const sidecarShare = 0.9;

/** What a supervisor runs and where. */
export interface SupervisorOptions {
  processes: readonly ProcessSpec[];
  runDir: string;
  dataDir: string;
  configFile: string;
  version: string;
  output: Output;
  /** How long an ordered stop may take altogether, in milliseconds. @default 10000 */
  graceMs?: number;
  /** How long a process may take to become ready, in milliseconds. @default 10000 */
  readyTimeoutMs?: number;
  /** Reads the configuration again, for upgrades. @default every generation is made from `processes` */
  reload?: () => Promise<readonly ProcessSpec[]>;
  clock?: Clock;
}

/** Runs processes on one host: keeps them up, replaces them, stops them in order. */
export class Supervisor {
  readonly #options: Required<SupervisorOptions>;
  readonly #processes: ManagedProcess[];
  readonly #listeners = new Map<string, OpenListener[]>();
  readonly #startedAt: number;
  readonly #notes = new ChangeNotes();
  #runDir: string;
  #control: ControlServer | undefined;
  #draining: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #onSettled: (() => void)[] = [];
  #onStopped: (() => void)[] = [];

  constructor(options: SupervisorOptions) {
    this.#options = {
      graceMs: 10_000,
      readyTimeoutMs: 10_000,
      clock: systemClock,
      reload: () => Promise.resolve(options.processes),
      ...options,
    };
    this.#runDir = resolve(options.runDir);
    this.#startedAt = this.#options.clock.now();
    this.#processes = options.processes.map((spec) => this.#manage(spec));
  }

  /**
   * Takes the run directory, binds all ports and starts every process.
   *
   * @throws {UserError} when another supervisor runs there or a port is taken; nothing is left running then
   */
  async start(): Promise<void> {
    this.#runDir = prepareRunDir(this.#options.runDir);
    this.#control = await openControlServer(this.#runDir, (request, progress) =>
      this.#handle(request, progress),
    );
    try {
      cleanRunDir(this.#runDir);
      await this.#openListeners();
    } catch (error) {
      await this.#release();
      throw error;
    }
    // A signal may have come meanwhile: then nothing is started any more.
    if (this.#draining !== undefined) return;
    for (const process of this.#processes) process.start();
  }

  /** Resolves when every process has become ready or has failed at least once. */
  settled(): Promise<void> {
    if (this.#isSettled()) return Promise.resolve();
    return new Promise((resolve) => this.#onSettled.push(resolve));
  }

  /** Resolves when all has been stopped, whoever asked for it. */
  stopped(): Promise<void> {
    return new Promise((resolve) => this.#onStopped.push(resolve));
  }

  /** Stops all in order: the gateway first, then the sidecars. Further calls wait for the same end. */
  stop(graceMs: number = this.#options.graceMs): Promise<void> {
    this.#stopping ??= this.#drain(graceMs).then(() => this.#release());
    return this.#stopping;
  }

  /** Kills everything at once. */
  kill(): void {
    for (const process of this.#processes) process.kill();
    cleanRunDir(this.#runDir);
    rmSync(join(this.#runDir, "supervisor.sock"), { force: true });
  }

  /** What `status` shows. */
  status(): SupervisorStatus {
    const gateway = this.#processes.find((p) => p.spec.kind === "gateway");
    const bound = this.#listeners.get(gateway?.spec.name ?? "") ?? [];
    const { configFile, dataDir, version, clock } = this.#options;
    return {
      pid: process.pid,
      version,
      state: this.#draining === undefined ? "running" : "stopping",
      configFile,
      runDir: this.#runDir,
      dataDir,
      uptimeMs: Math.round(clock.now() - this.#startedAt),
      listen: bound.filter((l) => l.name !== "actuator").map((l) => l.address),
      actuator: bound.find((l) => l.name === "actuator")?.address ?? null,
      processes: this.#processes.map((p) => p.status()),
    };
  }

  /**
   * Applies a changed configuration as far as running processes can take it: those that follow their file get a new
   * one. For the others one line says what applies the change.
   */
  reconfigure(planned: readonly ProcessSpec[]): void {
    const { output } = this.#options;
    if (this.#draining !== undefined) return;
    for (const process of this.#processes) {
      const { name } = process.spec;
      const next = planned.find((spec) => spec.name === name);
      const consequence = consequenceOf(process.spec, next, process.reloads);
      if (consequence === "rewrite" && next !== undefined) {
        process.reconfigure(next);
        this.#writeConfig(next);
        output.note(name, "its configuration has changed and was handed to it");
      }
      this.#notes.note(name, explain(name, consequence), next, (line) => output.note(name, line));
    }
    const known = new Set(this.#processes.map((process) => process.spec.name));
    for (const { name } of planned.filter((spec) => !known.has(spec.name))) {
      const text = `${name} is new in the configuration: it runs after stop and start`;
      this.#notes.note(name, text, undefined, (line) => output.note("layotto", line));
    }
  }

  #manage(spec: ProcessSpec): ManagedProcess {
    const { output, clock, readyTimeoutMs, graceMs, dataDir } = this.#options;
    const spawner = createSpawner({
      runDir: this.#runDir,
      dataDir,
      graceMs,
      writeConfig: (spec) => this.#writeConfig(spec),
      listeners: (name) => this.#listeners.get(name) ?? [],
      onLine: (name, line, stream) => output.line(name, line, stream),
    });
    return new ManagedProcess(spec, {
      spawner,
      clock,
      readyTimeoutMs,
      graceMs,
      log: (line) => output.note(spec.name, line),
      onChange: () => this.#wakeSettled(),
    });
  }

  async #openListeners(): Promise<void> {
    const faults: string[] = [];
    for (const { spec } of this.#processes) {
      try {
        this.#listeners.set(spec.name, await openListeners(spec));
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        faults.push(error.message);
      }
    }
    if (faults.length > 0) throw new UserError(faults.join("\n"), ExitCode.unavailable);
  }

  /** Written anew for each generation: a clean-up of the temporary folder must not keep it from starting. */
  #writeConfig(spec: ProcessSpec): string {
    const file = join(this.#runDir, `${spec.name}.config.json`);
    const content = { ...spec.config, run_dir: this.#runDir };
    // Renamed, so that a process which follows its file never reads half of it.
    writeFileSync(`${file}.new`, JSON.stringify(content, null, 2), { mode: 0o600 });
    renameSync(`${file}.new`, file);
    return file;
  }

  async #handle(request: ControlRequest, progress: (line: string) => void): Promise<unknown> {
    if (request.command === "status") return this.status();
    if (request.command === "stop") {
      await this.#drain(request.graceMs ?? this.#options.graceMs);
      // The answer goes out before the socket is closed.
      setImmediate(() => void this.stop());
      return { stopped: this.#processes.map((p) => p.spec.name) };
    }
    if (request.command === "upgrade") return this.#upgrade(request, progress);
    throw new UserError(
      `Cannot run a command: "${String(Reflect.get(request, "command"))}" is unknown`,
    );
  }

  async #upgrade(
    request: Extract<ControlRequest, { command: "upgrade" }>,
    progress: (line: string) => void,
  ): Promise<ProcessStatus[]> {
    const chosen = this.#choose(request.process);
    const running = chosen.filter((p) => p.state === "ready");
    const forgetful = running.flatMap((p) => p.spec.memoryComponents);
    if (forgetful.length > 0 && request.discardMemory !== true)
      throw new UserError(
        `Cannot upgrade: in-memory components would lose their data: ${forgetful.join(", ")}\n` +
          "Say --discard-memory if that is meant",
      );
    const planned = await this.#options.reload();
    const specs = chosen.map((process) => nextSpec(process.spec, planned, request.bin));
    const names = new Set(this.#processes.map((p) => p.spec.name));
    for (const { name } of planned.filter((spec) => !names.has(spec.name)))
      progress(`${name}: new in the configuration; it runs after stop and start`);
    for (const [index, process] of chosen.entries()) {
      progress(`${process.spec.name}: starting a new generation`);
      await process.upgrade(specs[index]);
      progress(`${process.spec.name}: generation ${process.status().generation} is ready`);
    }
    return chosen.map((p) => p.status());
  }

  /** The named process, or all of them: sidecars first, so that the gateway is replaced once they serve. */
  #choose(name: string | undefined): ManagedProcess[] {
    if (name === undefined)
      return this.#processes.toSorted((a, b) => Number(isGateway(a)) - Number(isGateway(b)));
    const found = this.#processes.filter((p) => p.spec.name === name);
    if (found.length > 0) return found;
    const known = this.#processes.map((p) => p.spec.name).join(", ");
    throw new UserError(`Cannot find the process "${name}": running are ${known}`, ExitCode.usage);
  }

  #drain(graceMs: number): Promise<void> {
    this.#draining ??= this.#stopProcesses(graceMs);
    return this.#draining;
  }

  async #stopProcesses(graceMs: number): Promise<void> {
    const { clock } = this.#options;
    const start = clock.now();
    const left = (share: number): number =>
      Math.max(0, Math.round(graceMs * share - (clock.now() - start)));
    // Closed here first: as long as one process holds a listening socket, the kernel accepts connections.
    for (const listener of [...this.#listeners.values()].flat()) listener.close();
    this.#listeners.clear();
    const gateways = this.#processes.filter(isGateway);
    const sidecars = this.#processes.filter((p) => !isGateway(p));
    await Promise.all(gateways.map((p) => p.stop(left(gatewayShare), left(0.8))));
    await Promise.all(sidecars.map((p) => p.stop(left(sidecarShare), left(1))));
  }

  async #release(): Promise<void> {
    for (const listener of [...this.#listeners.values()].flat()) listener.close();
    this.#listeners.clear();
    cleanRunDir(this.#runDir);
    await this.#control?.close();
    for (const wake of this.#onStopped.splice(0)) wake();
  }

  #isSettled(): boolean {
    return this.#processes.every((p) => p.state !== "starting" && p.state !== "stopped");
  }

  #wakeSettled(): void {
    if (this.#onSettled.length === 0 || !this.#isSettled()) return;
    for (const wake of this.#onSettled.splice(0)) wake();
  }
}

/** What the next generation of a process is made from, if it can take the place of this one. */
function nextSpec(
  present: ProcessSpec,
  planned: readonly ProcessSpec[],
  bin: string | undefined,
): ProcessSpec {
  const refuse = (why: string): never => {
    throw new UserError(
      `Cannot upgrade "${present.name}": ${why}\nRun "layotto stop" and start again to apply that`,
    );
  };
  const next =
    planned.find((spec) => spec.name === present.name) ??
    refuse("the configuration does not use it any more");
  if (JSON.stringify(next.listeners) !== JSON.stringify(present.listeners))
    refuse("its addresses have changed");
  return bin === undefined ? next : { ...next, bin };
}

function isGateway(process: ManagedProcess): boolean {
  return process.spec.kind === "gateway";
}
