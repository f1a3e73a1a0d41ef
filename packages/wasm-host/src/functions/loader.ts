import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { WasmError } from "../errors.ts";
import type { FunctionDefinition } from "../model/definition.ts";
import type { Engine } from "../model/engine.ts";
import { BackOff } from "./back-off.ts";
import type { ActiveVersion, FunctionVersion, KeptVersion } from "./function-version.ts";
import type { InstalledFunction } from "./installed-function.ts";
import type { FunctionPlan, PlannedModule } from "./plan.ts";

/** Where versions get the time from. */
export interface Times {
  /** Milliseconds that never step. */
  monotonic(): number;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Versions that can take over. */
export interface Prepared {
  readonly active: readonly ActiveVersion[];
  /** Those of them that are new. */
  readonly fresh: readonly FunctionVersion[];
}

/** A planned module with the digest of its bytes. */
export type HashedModule = PlannedModule & { readonly sha256: string };

/** Makes versions of modules: all of a plan, or none. */
export class Loader {
  private readonly engine: Engine;
  private readonly times: Times;

  constructor(engine: Engine, times: Times) {
    this.engine = engine;
    this.times = times;
  }

  /**
   * Loads what is not active already.
   *
   * @param instances ordered beside the definition; undefined: those of the definition
   * @throws WasmError what is wrong with one of the modules; nothing of the others stays
   */
  async load(
    of: InstalledFunction,
    { definition }: FunctionPlan,
    modules: readonly HashedModule[],
    instances: number | undefined,
  ): Promise<Prepared> {
    const active: ActiveVersion[] = [];
    const fresh: FunctionVersion[] = [];
    const usable = of.activeVersions
      .map(({ version }) => version)
      .filter((version) => isDeepStrictEqual(version.definition, definition));
    try {
      for (const module of modules) {
        const index = usable.findIndex(({ sha256 }) => sha256 === module.sha256);
        let [version] = index < 0 ? [] : usable.splice(index, 1);
        if (version === undefined) {
          version = await this.loadOne(of, { definition, instances }, module);
          fresh.push(version);
        }
        active.push({ version, weight: module.weight });
      }
    } catch (error) {
      await this.discard(fresh);
      throw asWasmError(error, of.name);
    }
    return { active, fresh };
  }

  /** Loads a version that was kept. @throws WasmError */
  async reload(of: InstalledFunction, kept: KeptVersion): Promise<FunctionVersion> {
    try {
      const loaded = await this.engine.load(
        kept.bytes,
        withInstances(kept.definition, of.instances),
      );
      return { ...kept, id: loaded.id, of, loaded, backOff: this.backOff() };
    } catch (error) {
      throw asWasmError(error, of.name);
    }
  }

  private async loadOne(
    of: InstalledFunction,
    { definition, instances }: { definition: FunctionDefinition; instances: number | undefined },
    { bytes, sha256, origin }: HashedModule,
  ): Promise<FunctionVersion> {
    const loaded = await this.engine.load(bytes, withInstances(definition, instances));
    const number = of.nextNumber();
    const installedAt = this.times.now();
    const kept = { number, bytes, sha256, origin, installedAt, definition, id: loaded.id };
    return { ...kept, of, loaded, backOff: this.backOff() };
  }

  private backOff(): BackOff {
    return new BackOff(() => this.times.monotonic());
  }

  private async discard(versions: readonly FunctionVersion[]): Promise<void> {
    await Promise.all(versions.map(({ loaded }) => this.engine.unload(loaded)));
  }
}

export function withDigests(modules: readonly PlannedModule[]): HashedModule[] {
  return modules.map((module) => ({ ...module, sha256: sha256Of(module.bytes) }));
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function withInstances(
  definition: FunctionDefinition,
  instances = definition.instances,
): FunctionDefinition {
  return instances === definition.instances ? definition : { ...definition, instances };
}

function asWasmError(error: unknown, name: string): WasmError {
  if (error instanceof WasmError) return error;
  const why = error instanceof Error ? error.message : String(error);
  const text = `Cannot install function "${name}": ${why}`;
  return new WasmError("INTERNAL", 500, text, { cause: error });
}
