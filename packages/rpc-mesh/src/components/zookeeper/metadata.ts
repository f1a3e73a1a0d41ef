import { stringBool, stringDuration } from "@layotto/sidecar-kit/fields";
import { z } from "zod";
import { callTimeout, secretText, text } from "../shared-metadata.ts";

/** Metadata of component type `zookeeper`: the names of Layotto's zookeeper components where they have one. */
export const zookeeperMetadata = z.strictObject({
  zookeeperHosts: z.string().min(1).meta({
    description:
      "host:port of the servers, with commas or semicolons between; a path at the end is the root of everything",
  }),
  sessionTimeout: stringDuration("s")
    .default(10_000)
    .meta({ description: "An instance whose process died is listed for so long" }),
  username: text("User of scheme digest; others may then only read what is written"),
  zookeeperPassword: secretText("Password of the user"),
  root: z
    .string()
    .regex(/^\/.*[^/]$/)
    .default("/dubbo")
    .meta({ description: "Node below which services are: what Dubbo calls group of the registry" }),
  registerConsumers: stringBool().default(false).meta({
    description: "Lists this process as a consumer of what it watches, for Dubbo's admin",
  }),
  callTimeout: callTimeout(),
});

/** What {@link zookeeperMetadata} yields. */
export type ZookeeperMetadata = z.infer<typeof zookeeperMetadata>;
