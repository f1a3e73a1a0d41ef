import { join } from "node:path";
import type { ComponentContext } from "@layotto/sidecar-kit";
import { Environment } from "./environment.ts";
import type { Durability } from "./write-queue.ts";

/** Where an embedded component keeps its data, and how: what `embeddedShape` of `./metadata` yields. */
export interface EmbeddedMetadata {
  /** Directory; default: one in the data directory. */
  readonly path?: string | undefined;
  readonly durability: Durability;
}

/**
 * Opens the environment that the metadata names.
 *
 * @param defaultDirectory its name in the data directory when the metadata gives no path
 * @throws RpcError DATA_DIR_REFUSED
 */
export function openEnvironment(
  metadata: EmbeddedMetadata,
  context: Pick<ComponentContext, "dataDir" | "installation">,
  defaultDirectory = "embedded",
): Environment {
  const directory = metadata.path ?? join(context.dataDir, defaultDirectory);
  const { durability } = metadata;
  return Environment.open({ directory, installation: context.installation, durability });
}

/** What stands before each key of a component: length and name, so that no two names can meet. */
export function ownKeys(component: string): string {
  return `${component.length}:${component}/`;
}
