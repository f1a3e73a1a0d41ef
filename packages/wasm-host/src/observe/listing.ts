import type { FunctionRoute } from "../config/settings.ts";
import type { ActiveVersion, KeptVersion } from "../functions/function-version.ts";
import type { InstalledFunction } from "../functions/installed-function.ts";

/** A version in a listing. */
export interface VersionEntry {
  readonly version: number;
  /** What the guest says it is. */
  readonly id: string;
  /** Kept ones can be rolled back to. */
  readonly state: "active" | "kept";
  /** Share of the calls; 0 for those that are kept. */
  readonly weight: number;
  readonly sha256: string;
  readonly bytes: number;
  /** Where the module came from. */
  readonly origin: string;
  readonly installed: string;
  /** ABI of the module; missing for those that are kept. */
  readonly abi?: string;
  /** It crashes again and again: how long its calls are refused, ms. */
  readonly restsMs?: number;
}

/** A function in a listing. */
export interface FunctionEntry {
  readonly name: string;
  /** Why what came last is not in use. */
  readonly fault?: string;
  readonly adapter: string;
  readonly isolation: string;
  /** Instances that serve calls at once, as ordered. */
  readonly instances: number;
  readonly routes: readonly FunctionRoute[];
  readonly versions: readonly VersionEntry[];
}

/** What `GET /wasm/list` says, in the order of names. */
export function listing(functions: Iterable<InstalledFunction>): FunctionEntry[] {
  const all = [...functions].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return all.map(functionEntry);
}

function functionEntry(each: InstalledFunction): FunctionEntry {
  const { name, fault, definition, routes, activeVersions, keptVersions } = each;
  const { adapter, isolation } = definition;
  return {
    name,
    ...(fault === undefined ? {} : { fault }),
    adapter,
    isolation,
    instances: each.instances ?? definition.instances,
    routes,
    versions: [...activeVersions.map(activeEntry), ...keptVersions.map(keptEntry)],
  };
}

function activeEntry({ version, weight }: ActiveVersion): VersionEntry {
  const { loaded, backOff } = version;
  const restsMs = Math.ceil(backOff.restLeftMs);
  return {
    ...entryOf(version),
    state: "active",
    weight,
    ...(loaded.info.abi === undefined ? {} : { abi: loaded.info.abi }),
    ...(restsMs > 0 ? { restsMs } : {}),
  };
}

function keptEntry(version: KeptVersion): VersionEntry {
  return { ...entryOf(version), state: "kept", weight: 0 };
}

function entryOf(version: KeptVersion): Omit<VersionEntry, "state" | "weight"> {
  const { number, id, sha256, bytes, origin, installedAt } = version;
  const installed = new Date(installedAt).toISOString();
  return { version: number, id, sha256, bytes: bytes.length, origin, installed };
}
