import { componentSection, stringInt } from "@layotto/sidecar-kit/fields";
import { z } from "zod";
import { lockTypes } from "./lock/components/index.ts";
import { sequencerTypes } from "./sequencer/components/index.ts";
import { stateTypes } from "./state/components/index.ts";

/** The sections of this sidecar: each is name → { type, metadata }. */
export const config = z.object({
  state: componentSection(stateTypes, {}).optional(),
  lock: componentSection(lockTypes, {}).optional(),
  sequencer: componentSection(sequencerTypes, {
    biggerThan: z
      .record(z.string(), stringInt({ min: 0 }))
      .optional()
      .meta({
        description: "Key → number that its ids must exceed; the counter is lifted at start",
      }),
  }).optional(),
});
