import { componentSection } from "@layotto/sidecar-kit/fields";
import { z } from "zod";
import { pubsubTypes } from "./components/index.ts";
import { deliveryShape } from "./metadata.ts";

const subscription = z.strictObject({
  pubsub: z.string().min(1).meta({ description: "Name of the component" }),
  topic: z.string().min(1),
  metadata: z
    .looseObject(deliveryShape)
    .optional()
    .meta({ description: "How messages are delivered; other keys go to the component" }),
});

/** The sections of this sidecar. */
export const config = z.object({
  pub_subs: componentSection(pubsubTypes, {}).optional(),
  subscriptions: z
    .array(subscription)
    .optional()
    .meta({ description: "Subscriptions of the app beside those that it lists itself" }),
});
