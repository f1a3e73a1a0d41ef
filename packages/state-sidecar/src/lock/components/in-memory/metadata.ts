import { stringInt } from "@layotto/sidecar-kit/fields";
import { z } from "zod";
import { commonMetadata } from "../../../metadata.ts";

/** Metadata of the in-memory lock. */
export const inMemoryLockMetadata = z.strictObject({
  ...commonMetadata,
  maxLocks: stringInt({ min: 1 })
    .default(1_000_000)
    .meta({ description: "Locks held at the same time; one more fails with RESOURCE_EXHAUSTED" }),
});

/** Limits of an in-memory lock. */
export type InMemoryLockMetadata = z.infer<typeof inMemoryLockMetadata>;
