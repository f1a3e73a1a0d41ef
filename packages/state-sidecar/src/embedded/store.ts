import { join } from "node:path";
import type { ComponentContext } from "@layotto/sidecar-kit";
import { Environment } from "./environment.ts";
import type { EmbeddedMetadata } from "./metadata.ts";

/** Opens the environment that the metadata names. @throws RpcError DATA_DIR_REFUSED */
export function openEnvironment(
  metadata: EmbeddedMetadata,
  context: ComponentContext,
): Environment {
  const directory = metadata.path ?? join(context.dataDir, "embedded");
  const { durability } = metadata;
  return Environment.open({ directory, installation: context.installation, durability });
}

/** What stands before each key of a component: length and name, so that no two names can meet. */
export function ownKeys(component: string): string {
  return `${component.length}:${component}/`;
}
