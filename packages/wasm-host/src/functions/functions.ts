import { isDeepStrictEqual } from "node:util";
import { systemClock, type Logger } from "@layotto/sidecar-kit";
import { WasmError } from "../errors.ts";
import type { CallOptions, Engine, EngineStream, LoadedVersion, StreamSink } from "../model/engine.ts"; // prettier-ignore
import type { GuestFault } from "../model/fault.ts";
import type { StreamInput } from "../model/streams.ts";
import { isCrash } from "./back-off.ts";
import { Directory, type CallTarget } from "./directory.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { FunctionVersion } from "./function-version.ts";
import { InstalledFunction } from "./installed-function.ts";
import { Loader, withDigests, type Prepared, type Times } from "./loader.ts";
import { Orders } from "./orders.ts";
import type { FunctionPlan } from "./plan.ts";
import { Refusals } from "./refusals.ts";
import { Takeover } from "./takeover.ts";

/** What {@link Functions} is made with. */
export interface FunctionsOptions {
  readonly engine: Engine;
  readonly logger: Logger;
  /** Default: the real time. */
  readonly times?: Times;
  /** Numbers in [0, 1); default `Math.random`. */
  readonly random?: () => number;
  /** Told when a function is removed. */
  readonly onUninstall?: (name: string) => void;
}

/** What became of a plan. */
export type Change = "installed" | "replaced" | "unchanged";

/** What is remembered of the last plan that was carried out. */
interface Fulfilled {
  readonly definition: FunctionPlan["definition"];
  readonly routes: FunctionPlan["routes"];
  readonly modules: readonly { readonly sha256: string; readonly weight: number }[];
}

const realTimes: Times = { monotonic: () => performance.now(), now: systemClock.now };

/** All functions of the process: installs, replaces and removes them while calls run, and is how they are called. */
export class Functions {
  readonly directory = new Directory();
  readonly calls: Dispatcher;
  private readonly engine: Engine;
  private readonly logger: Logger;
  private readonly times: Times;
  private readonly loader: Loader;
  private readonly orders = new Orders();
  private readonly refusals = new Refusals();
  private readonly takeover: Takeover;
  private readonly fulfilled = new WeakMap<InstalledFunction, Fulfilled>();
  private readonly onUninstall: (name: string) => void;

  constructor(options: FunctionsOptions) {
    const { engine, logger, times = realTimes, random = Math.random } = options;
    this.onUninstall = options.onUninstall ?? (() => {});
    this.engine = engine;
    this.logger = logger;
    this.times = times;
    this.calls = new Dispatcher(engine, random);
    this.loader = new Loader(engine, times);
    this.takeover = new Takeover(engine, this.directory, logger);
    engine.onFault = (version, fault) => this.onFault(version, fault);
  }

  /** Opens a call of a function by name, or by the id that its guest reports. Undefined: there is none. */
  open(
    nameOrId: string,
    input: StreamInput,
    sink: StreamSink,
    options?: CallOptions,
  ): EngineStream | undefined {
    const target = this.directory.target(nameOrId);
    return target && this.calls.open(target, input, sink, options);
  }

  /** Opens a call of what {@link directory} has found. */
  openOn(
    target: CallTarget,
    input: StreamInput,
    sink: StreamSink,
    options?: CallOptions,
  ): EngineStream {
    return this.calls.open(target, input, sink, options);
  }

  /**
   * Installs a new function. Nothing stays of one that cannot be.
   *
   * @throws WasmError NAME_TAKEN, or what is wrong with a module
   */
  install(plan: FunctionPlan): Promise<void> {
    const { name } = plan.definition;
    return this.orders.run(name, async () => {
      this.checkFree(name);
      await this.carryOut(new InstalledFunction(plan.definition), plan);
    });
  }

  /** @throws WasmError NAME_TAKEN there is a function of this name, or one that reports it as its id */
  checkFree(name: string): void {
    if (this.directory.matching(name).length === 0) return;
    throw new WasmError("NAME_TAKEN", 500, `${name} is already registered`);
  }

  /**
   * Installs a function or replaces what it is now, without a call that fails. When a module is not right, the old
   * versions go on, and the function is listed with the fault, also when it is a new one.
   *
   * @throws WasmError what is wrong with a module; it is logged already
   */
  put(plan: FunctionPlan): Promise<Change> {
    const { name } = plan.definition;
    return this.orders.run(name, async () => {
      const known = this.directory.named(name);
      const target = known ?? new InstalledFunction(plan.definition);
      try {
        return await this.carryOut(target, plan);
      } catch (error) {
        const digests = withDigests(plan.modules).map(({ sha256 }) => sha256);
        this.note(target, plan, digests.join(" "), error);
        throw error;
      }
    });
  }

  /** A module of a function cannot be had at all: told like a module that is not right. */
  refuse(plan: Pick<FunctionPlan, "definition" | "routes">, error: unknown): Promise<void> {
    const { definition } = plan;
    return this.orders.run(definition.name, () => {
      const known = this.directory.named(definition.name);
      this.note(known ?? new InstalledFunction(definition), plan, "", error);
      return Promise.resolve();
    });
  }

  /**
   * Removes functions by name, or by the id that they report.
   *
   * @param onGone told the name of each as soon as it is removed
   * @throws WasmError NOT_REGISTERED
   */
  uninstall(nameOrId: string, onGone: (name: string) => void = () => {}): Promise<void> {
    return this.each(nameOrId, (target) => {
      const { name } = target;
      const left = this.takeover.end(target);
      this.refusals.forget(name);
      this.onUninstall(name);
      onGone(name);
      // Calls that were under way may have left something behind, which another function of this name must not find.
      void left.then(() => this.directory.named(name) ?? this.onUninstall(name));
      this.logger.info({ function: name }, "function uninstalled");
      return Promise.resolve();
    });
  }

  /** How many instances serve calls at once. @throws WasmError NOT_REGISTERED */
  resize(nameOrId: string, instances: number): Promise<void> {
    return this.each(nameOrId, (target) => {
      target.instances = instances;
      for (const { version } of target.activeVersions) {
        this.engine.resize(version.loaded, instances);
      }
      return Promise.resolve();
    });
  }

  /**
   * Makes an earlier version the only active one.
   *
   * @param number default: the one that was active last
   * @throws WasmError NOT_REGISTERED, VERSION_UNKNOWN, or why it does not load
   */
  rollback(nameOrId: string, number?: number): Promise<void> {
    return this.each(nameOrId, async (target) => {
      const version = await this.versionOf(target, number);
      const fresh = target.activeVersions.some((each) => each.version === version) ? [] : [version];
      target.definition = version.definition;
      target.fault = undefined;
      await this.takeover.run(target, { active: [{ version, weight: 1 }], fresh });
      this.logger.info({ function: target.name, version: version.number }, "function rolled back");
    });
  }

  /**
   * Shares the calls among the active versions.
   *
   * @param weights one for each of them, in the order that they are listed
   * @throws WasmError NOT_REGISTERED, INVALID_BODY
   */
  weigh(nameOrId: string, weights: readonly number[]): Promise<void> {
    return this.each(nameOrId, async (target) => {
      const { activeVersions } = target;
      if (weights.length !== activeVersions.length || !weights.some((weight) => weight > 0)) {
        const wanted = `${activeVersions.length} weights, one above 0 at least`;
        const text = `Cannot weigh function "${target.name}": it takes ${wanted}`;
        throw new WasmError("INVALID_BODY", 422, text);
      }
      const active = activeVersions.map(({ version }, at) => ({
        version,
        weight: weights[at] ?? 0,
      }));
      await this.takeover.run(target, { active, fresh: [] });
    });
  }

  /** Resolves when no order is under way and replaced versions are gone. */
  async settled(): Promise<void> {
    await this.orders.idle();
    await this.takeover.settled();
  }

  private async carryOut(target: InstalledFunction, plan: FunctionPlan): Promise<Change> {
    const began = this.times.monotonic();
    const modules = withDigests(plan.modules);
    const wanted = { definition: plan.definition, routes: plan.routes, modules: modules.map(({ sha256, weight }) => ({ sha256, weight })) }; // prettier-ignore
    if (isDeepStrictEqual(this.fulfilled.get(target), wanted)) {
      target.fault = undefined;
      return "unchanged";
    }
    const isNew = target.choice === undefined;
    const isRedefined = !isDeepStrictEqual(target.definition, plan.definition);
    const instances = isRedefined ? undefined : target.instances;
    const prepared = await this.loader.load(target, plan, modules, instances);
    target.definition = plan.definition;
    target.instances = instances;
    target.fault = undefined;
    await this.takeover.run(target, prepared, plan.routes);
    this.fulfilled.set(target, wanted);
    this.refusals.forget(target.name);
    this.tell(isNew, prepared, this.times.monotonic() - began);
    return isNew ? "installed" : "replaced";
  }

  private async versionOf(target: InstalledFunction, number?: number): Promise<FunctionVersion> {
    const active = target.activeVersions.find(({ version }) => version.number === number);
    if (active !== undefined) return active.version;
    const kept = target.keptVersions.find((each) => each.number === (number ?? each.number));
    if (kept !== undefined) return this.loader.reload(target, kept);
    const numbers = target.keptVersions.map((each) => each.number);
    const there =
      numbers.length === 0 ? "no earlier one is kept" : `kept are ${numbers.join(", ")}`;
    const what = number === undefined ? "to an earlier version" : `to version ${number}`;
    const text = `Cannot roll function "${target.name}" back ${what}: ${there}`;
    throw new WasmError("VERSION_UNKNOWN", 404, text);
  }

  /** Runs an order for each function that a name or id means, when earlier orders are over. */
  private each(
    nameOrId: string,
    order: (target: InstalledFunction) => Promise<void>,
  ): Promise<void> {
    return this.orders.run(nameOrId, async () => {
      const found = this.directory.matching(nameOrId);
      if (found.length === 0) throw notRegistered(nameOrId);
      const runs = found.map((target) => {
        const { name } = target;
        if (name === nameOrId) return order(target);
        return this.orders.run(name, () => {
          // An order before this one may have removed it, and another one may have its name by now.
          if (this.directory.named(name) === target) return order(target);
          return Promise.reject(notRegistered(nameOrId));
        });
      });
      await Promise.all(runs);
    });
  }

  private note(
    target: InstalledFunction,
    { routes }: Pick<FunctionPlan, "routes">,
    content: string,
    error: unknown,
  ): void {
    const reason = error instanceof Error ? error.message : String(error);
    target.fault = reason;
    if (target.choice === undefined) {
      const hadRoutes = target.routes.length > 0;
      target.routes = routes;
      this.directory.put(target, hadRoutes);
    }
    if (!this.refusals.isNews(target.name, content, reason)) return;
    const goesOn = target.activeVersions.map(({ version }) => version.number).join(", ");
    const fields = { function: target.name, reason, ...(goesOn === "" ? {} : { goesOn }) };
    this.logger.warn(fields, "function not installed");
  }

  private tell(isNew: boolean, { active, fresh }: Prepared, ms: number): void {
    for (const { version } of active) {
      if (!fresh.includes(version)) continue;
      const { of, number, loaded, sha256, origin } = version;
      const fields = { function: of.name, version: number, id: loaded.id, sha256, origin, ms: Math.round(ms) }; // prettier-ignore
      this.logger.info(fields, isNew ? "function installed" : "function replaced");
    }
  }

  private onFault(loaded: LoadedVersion, fault: GuestFault): void {
    const version = this.takeover.versionOf(loaded);
    if (version === undefined || !isCrash(fault.kind)) return;
    const ms = version.backOff.onCrash();
    if (ms === 0) return;
    const fields = { function: version.of.name, version: version.number, ms };
    this.logger.warn(fields, "function crashes again and again and is given a rest");
  }
}

function notRegistered(nameOrId: string): WasmError {
  return new WasmError("NOT_REGISTERED", 500, `${nameOrId} is not registered`);
}
