import { isDeepStrictEqual } from "node:util";
import { backoffMs, type Clock, type Logger, type Timer } from "@layotto/sidecar-kit";
import { defaultDefinition } from "../config/read-definition.ts";
import type { FunctionSettings, Source, WeightedSource } from "../config/settings.ts";
import { WasmError, type WasmReason } from "../errors.ts";
import type { Fetched } from "../install/sources.ts";
import { readModule } from "../admin/read-orders.ts";
import type { Functions } from "./functions.ts";
import type { OrderBook } from "./order-book.ts";
import type { OrderRecord } from "./order-file.ts";
import { Orders } from "./orders.ts";
import type { FunctionPlan, PlannedModule } from "./plan.ts";
import { Turns } from "../turns.ts";

/** Fetches modules. */
export interface ModuleSources {
  /** @throws WasmError */
  fetch(source: Source, signal: AbortSignal, maxBytes?: number): Promise<Fetched>;
}

/** So many functions are installed at a time: a thousand must not all hold modules and threads at once. */
const AT_A_TIME = 4;

/** What could not be fetched, or did not start, is tried again after this time, ms, then after twice as long, and so on. */
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;

const passing: ReadonlySet<WasmReason> = new Set<WasmReason>([
  "SOURCE_UNREADABLE",
  "START_FAILED",
  "INTERNAL",
]);

/** Who wants a function to be there. */
export type Owner = "configuration" | "folder" | "order";

interface Known {
  readonly settings: FunctionSettings;
  readonly owner: Owner;
}

/** What {@link Installer} is made with. */
export interface InstallerOptions {
  readonly functions: Functions;
  readonly sources: ModuleSources;
  /** Where orders are kept. */
  readonly book: Pick<OrderBook, "keep" | "amend" | "forget" | "read" | "has" | "tellAgain">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default of the number of instances. */
  readonly cpus: number;
  /** Aborted when the process shuts down. */
  readonly signal: AbortSignal;
  /** Told which files are to be watched from now on. */
  readonly onFiles?: (paths: ReadonlySet<string>) => void;
}

/** Gets functions from where they are configured or ordered to be, and again when their files change. */
export class Installer {
  private readonly options: InstallerOptions;
  private readonly orders = new Orders();
  private readonly turns = new Turns(AT_A_TIME);
  private readonly known = new Map<string, Known>();
  private readonly retries = new Map<string, Timer>();
  /** Modules in watched folders, by name. */
  private readonly inFolders = new Map<string, string>();

  constructor(options: InstallerOptions) {
    this.options = options;
  }

  /**
   * Carries out an order to install a new function, and keeps it.
   *
   * @param settings without sources when the module came along
   * @throws WasmError why it was not carried out; nothing is left of it
   */
  install(settings: FunctionSettings, order: OrderRecord, module?: Uint8Array): Promise<void> {
    const { name } = settings;
    const { functions, book } = this.options;
    return this.orders.run(name, async () => {
      functions.checkFree(name);
      try {
        this.tellFiles(filesOf(settings));
        await functions.install(await this.plan(settings, module));
        // A configuration has named it meanwhile, and what it says is put in its place next.
        if (this.known.has(name)) functions.checkFree(name);
        const known: Known = { settings, owner: "order" };
        this.known.set(name, known);
        await book.keep(name, order).catch((error: unknown) => this.undo(known, error));
      } finally {
        this.tellFiles();
      }
    });
  }

  /** An order is kept of before the process started, or was given to another process. Never rejects. */
  async ordered(settings: FunctionSettings): Promise<void> {
    const { name } = settings;
    const { functions, logger } = this.options;
    const known = this.known.get(name);
    if (known !== undefined && known.owner !== "order") {
      logger.info({ function: name }, "it is there by its configuration or a watched folder: the kept order rests"); // prettier-ignore
      return;
    }
    if (known !== undefined && differInInstances(known.settings, settings)) {
      await settled(functions.resize(name, settings.definition.instances));
      return;
    }
    this.known.set(name, { settings, owner: "order" });
    this.tellFiles();
    await this.put(name);
  }

  /** An order is kept no more: another process has uninstalled its function. */
  async orderGone(name: string): Promise<void> {
    const known = this.known.get(name);
    // Until its turn comes, it may have been ordered anew.
    if (known?.owner === "order") await this.remove(name, known);
  }

  /** Functions of a configuration that is about to be taken over: from now on files in watched folders are theirs. */
  know(functions: readonly FunctionSettings[]): void {
    for (const settings of functions) {
      this.known.set(settings.name, { settings, owner: "configuration" });
    }
  }

  /** Takes over functions of a configuration: what has changed of it since the one before. Never rejects. */
  async apply(next: readonly FunctionSettings[], before: readonly FunctionSettings[]): Promise<void> {
    const old = new Map(before.map((each) => [each.name, each]));
    const names = new Set(next.map(({ name }) => name));
    const changed = next.filter((each) => !isDeepStrictEqual(old.get(each.name), each));
    this.know(changed);
    // From here on each change of a file is seen, so that none falls between reading and watching it.
    this.tellFiles();
    await Promise.all(changed.map(({ name }) => this.put(name)));
    for (const { name } of before) {
      const known = this.known.get(name);
      if (!names.has(name) && known?.owner === "configuration") await this.remove(name, known);
    }
  } // prettier-ignore

  /** How many instances of functions serve calls at once. @throws WasmError NOT_REGISTERED, ORDER_NOT_KEPT */
  async resize(nameOrId: string, instances: number): Promise<void> {
    const { functions, book } = this.options;
    await functions.resize(nameOrId, instances);
    const ordered = functions.directory.matching(nameOrId).filter(({ name }) => this.isOrdered(name));
    await Promise.all(ordered.map(({ name }) => book.amend(name, { instance_num: instances })));
  } // prettier-ignore

  /** Removes functions by name, or by the id that they report. @throws WasmError NOT_REGISTERED, ORDER_NOT_KEPT */
  async uninstall(nameOrId: string): Promise<void> {
    const { functions, book } = this.options;
    const forgotten: Promise<void>[] = [];
    const forget = (name: string): void => {
      const kept = this.forgetOrder(name);
      kept.catch(() => {}); // it is looked at when all are
      forgotten.push(kept);
    };
    // What is being read for them must not bring them back; an order may be of a function that cannot be had at all.
    for (const { name } of functions.directory.matching(nameOrId)) forget(name);
    if (this.isOrdered(nameOrId) || book.has(nameOrId)) forget(nameOrId);
    const isKnown = forgotten.length > 0;
    this.tellFiles();
    const before = new Map(this.known);
    const gone = functions.uninstall(nameOrId, (name) => {
      // It may only have come by an order that was under way; what a configuration says since then stays.
      const known = this.known.get(name);
      if (known?.owner === "order" || known === before.get(name)) forget(name);
    });
    await gone.catch((error: unknown) => {
      if (!isKnown || !isNotRegistered(error)) throw error;
    });
    this.tellFiles();
    await Promise.all(forgotten);
  }

  /** A file has changed: the functions whose module it is are read again. */
  async fileChanged(path: string): Promise<void> {
    const concerned = [...this.known.values()].filter(({ settings }) => filesOf(settings).includes(path)); // prettier-ignore
    await Promise.all(concerned.map(({ settings }) => this.put(settings.name)));
  }

  /** A module is in a watched folder, or has changed there. */
  async folderFile(name: string, path: string): Promise<void> {
    const known = this.known.get(name);
    const other = this.inFolders.get(name) ?? path;
    if (known !== undefined && filesOf(known.settings).includes(path)) return;
    if (other !== path || (known !== undefined && !isFromFolder(known))) {
      const text =
        "a function of this name is there already: the file in the watched folder is not used";
      this.options.logger.warn({ function: name, path }, text);
      return;
    }
    this.inFolders.set(name, path);
    if (known === undefined) this.known.set(name, { settings: this.plain(name), owner: "folder" });
    await this.put(name);
  }

  /** A module has gone from a watched folder: so does its function. */
  async folderGone(name: string, path: string): Promise<void> {
    if (this.inFolders.get(name) !== path) return;
    this.inFolders.delete(name);
    const known = this.known.get(name);
    if (known === undefined || !isFromFolder(known)) return;
    if (known.owner === "folder") return this.remove(name, known);
    await this.orders.run(name, () => this.drop(name));
    await this.put(name);
  }

  /** Installs a function or replaces what it is now. Never rejects: what is wrong is logged and listed. */
  private put(name: string, attempt = 1): Promise<void> {
    return this.orders.run(name, async () => {
      this.retries.get(name)?.cancel();
      await this.turns.take(async () => {
        const known = this.known.get(name);
        if (known !== undefined) await this.try(known.settings, attempt);
      });
    });
  }

  private isOrdered(name: string): boolean {
    return this.known.get(name)?.owner === "order";
  }

  private async forgetOrder(name: string): Promise<void> {
    const { book } = this.options;
    const isKept = this.isOrdered(name) || book.has(name);
    this.forget(name);
    if (isKept) await book.forget(name);
  }

  /** An order that could not be kept was not carried out either. @throws always, with the reason */
  private async undo(known: Known, reason: unknown): Promise<never> {
    const { name } = known.settings;
    if (this.known.get(name) === known) {
      this.forget(name);
      await this.drop(name);
    }
    throw reason;
  }

  private forget(name: string): void {
    this.known.delete(name);
    this.retries.get(name)?.cancel();
    this.retries.delete(name);
  }

  /** Removes a function, unless it is another one or another owner's when its turn comes. */
  private async remove(name: string, known: Known): Promise<void> {
    const { book } = this.options;
    const isRemoved = await this.orders.run(name, async () => {
      if (this.known.get(name) !== known) return false;
      this.forget(name);
      await this.drop(name);
      return true;
    });
    this.tellFiles();
    const path = this.inFolders.get(name);
    if (!isRemoved) return;
    // Without its entry in the configuration it is a plain one of its folder, or what was ordered before.
    if (path !== undefined) await this.folderFile(name, path);
    else if (known.owner !== "order" && book.has(name)) book.tellAgain(name);
  }

  private async drop(name: string): Promise<void> {
    const { functions } = this.options;
    if (functions.directory.named(name) === undefined) return;
    try {
      await functions.uninstall(name);
    } catch (error) {
      // Another order has removed it meanwhile.
      if (!isNotRegistered(error)) throw error;
    }
  }

  private async try(settings: FunctionSettings, attempt: number): Promise<void> {
    const { functions } = this.options;
    let plan: FunctionPlan;
    try {
      plan = await this.plan(settings, await this.sentModule(settings));
    } catch (error) {
      if (!this.isWanted(settings)) return;
      await functions.refuse(settings, error);
      if (isElsewhere(settings, this.known.get(settings.name)?.owner) && isPassing(error))
        this.retry(settings, attempt);
      return;
    }
    if (!this.isWanted(settings)) return;
    // Functions itself tells what is wrong with a module.
    const error = await settled(functions.put(plan).then(() => undefined));
    if (error !== undefined && isPassing(error)) this.retry(settings, attempt);
  }

  /** Nobody says when a server is back, or what a module needs to start. */
  private retry(settings: FunctionSettings, attempt: number): void {
    const { name } = settings;
    const ms = backoffMs(attempt, { initialMs: FIRST_RETRY_MS, maxMs: LONGEST_RETRY_MS });
    const timer = this.options.clock.after(ms, () => {
      if (this.isWanted(settings)) void this.put(name, attempt + 1);
    });
    this.retries.set(name, timer);
  }

  /** It may have been removed, or ordered otherwise, meanwhile. */
  private isWanted(settings: FunctionSettings): boolean {
    return !this.options.signal.aborted && this.known.get(settings.name)?.settings === settings;
  }

  private async plan(settings: FunctionSettings, sent?: Uint8Array): Promise<FunctionPlan> {
    const { definition, routes } = settings;
    if (sent !== undefined) return { definition, routes, modules: [{ bytes: sent, origin: "order", weight: 1 }] };
    const { signal } = this.options;
    const { moduleBytes } = definition.limits;
    const modules = this.sourcesOf(settings).map(async ({ source, weight }): Promise<PlannedModule> => {
      return { ...(await this.options.sources.fetch(source, signal, moduleBytes)), weight };
    });
    return { definition, routes, modules: await Promise.all(modules) };
  } // prettier-ignore

  /** The module that came with an order is to be found nowhere else. */
  private async sentModule({ name, sources }: FunctionSettings): Promise<Uint8Array | undefined> {
    if (sources.length > 0 || !this.isOrdered(name)) return undefined;
    const module = (await this.options.book.read(name))?.body["module"];
    return module === undefined ? undefined : readModule(module);
  }

  private sourcesOf({ name, sources }: FunctionSettings): readonly WeightedSource[] {
    if (sources.length > 0) return sources;
    const path = this.inFolders.get(name);
    if (path !== undefined) return [{ source: { kind: "file", path }, weight: 1 }];
    const text = `there is no "${name}.wasm" in a watched folder yet: put it there`;
    throw new WasmError("SOURCE_UNREADABLE", 422, text);
  }

  private plain(name: string): FunctionSettings {
    const definition = defaultDefinition(name, this.options.cpus);
    return { name, sources: [], definition, routes: [] };
  }

  private tellFiles(further: readonly string[] = []): void {
    const { onFiles } = this.options;
    if (onFiles === undefined) return;
    const files = [...this.known.values()].flatMap(({ settings }) => filesOf(settings));
    onFiles(new Set([...files, ...further]));
  }
}

/** Its module is the file of its name in a watched folder. */
function isFromFolder({ settings, owner }: Known): boolean {
  return settings.sources.length === 0 && owner !== "order";
}

/** Nobody tells when its module can be had: it is at a server, or in the order itself. */
function isElsewhere({ sources }: FunctionSettings, owner?: Owner): boolean {
  if (owner === "order" && sources.length === 0) return true;
  return sources.some(({ source }) => source.kind === "url" || source.kind === "image");
}

function isNotRegistered(error: unknown): boolean {
  return error instanceof WasmError && error.reason === "NOT_REGISTERED";
}

/** Two orders differ in nothing but the number of instances. */
function differInInstances(a: FunctionSettings, b: FunctionSettings): boolean {
  const instances = 1;
  return isDeepStrictEqual(
    { ...a, definition: { ...a.definition, instances } },
    { ...b, definition: { ...b.definition, instances } },
  );
}

/** Why it was rejected; undefined when it was not. */
function settled(promise: Promise<void>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** It may be otherwise the next time though nothing is changed here. */
function isPassing(error: unknown): boolean {
  return !(error instanceof WasmError) || passing.has(error.reason);
}

function filesOf({ sources }: FunctionSettings): string[] {
  return sources.flatMap(({ source }) => (source.kind === "file" ? [source.path] : []));
}
