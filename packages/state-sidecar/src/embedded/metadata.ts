import { join } from "node:path";
import type { ComponentContext } from "@layotto/sidecar-kit";
import { z } from "zod";
import { commonMetadata } from "../metadata.ts";
import { Environment } from "./environment.ts";

/** Metadata of the embedded components. */
export const embeddedMetadata = z.strictObject({
  ...commonMetadata,
  path: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "Directory of the store; default: `embedded` in the data directory" }),
  durability: z.enum(["sync", "async"]).default("sync").meta({
    description:
      "When a write is acknowledged. sync: after fsync, so that it survives a crash of the machine. async: before, so that the last moments may be lost then; a crash of the process loses nothing in either case",
  }),
});

/** Where an embedded component keeps its data, and how. */
export type EmbeddedMetadata = z.infer<typeof embeddedMetadata>;

/** Opens the environment that the metadata names. @throws RpcError DATA_DIR_REFUSED */
export function openEnvironment(
  metadata: EmbeddedMetadata,
  context: ComponentContext,
): Environment {
  const directory = metadata.path ?? join(context.dataDir, "embedded");
  return Environment.open({ directory, installation: context.installation });
}

/** What stands before each key of a component: length and name, so that no two names can meet. */
export function ownKeys(component: string): string {
  return `${component.length}:${component}/`;
}
