import { ConfigError } from "@layotto/sidecar-kit";
import type { MeshConfig } from "../model/mesh.ts";
import { readMesh } from "./read-mesh.ts";
import { readRpcs, type RpcsConfig } from "./read-rpcs.ts";

/** The sections of this sidecar as they are in the file. */
export interface RawSections {
  readonly rpcs?: unknown;
  readonly mesh?: unknown;
  readonly registries?: Readonly<Record<string, unknown>> | undefined;
}

/** The sections, read and completed. */
export interface ReadSections {
  /** Undefined: InvokeService is not configured. */
  readonly rpcs: RpcsConfig | undefined;
  readonly mesh: MeshConfig;
}

/**
 * Reads all sections. What they say was checked before: see check-sections.ts.
 *
 * @throws ConfigError when there are faults all the same
 */
export function readSections(sections: RawSections, appId: string): ReadSections {
  const registries = Object.keys(sections.registries ?? {});
  const mesh = readMesh(sections.mesh, { appId, registries });
  const listeners = mesh.config?.listeners.map(({ name }) => name) ?? [];
  const rpcs = readRpcs(sections.rpcs, listeners);
  const faults = [...mesh.faults, ...rpcs.faults];
  if (mesh.config === undefined || faults.length > 0) {
    throw new ConfigError("the configuration of the mesh", faults);
  }
  return { mesh: mesh.config, rpcs: rpcs.config };
}
