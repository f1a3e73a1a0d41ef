import { stringDuration, stringInt, stringList } from "@layotto/sidecar-kit/fields";
import { z } from "zod";
import { callTimeout, secretText, text } from "../shared-metadata.ts";

/** Metadata of component type `etcd`, with the names of Layotto's etcd components where it has them. */
export const etcdMetadata = z.strictObject({
  endpoints: stringList().meta({
    description: "host:port or https://host:port of the members, with commas or semicolons between",
  }),
  username: text("User"),
  password: secretText("Password of the user"),
  tlsCa: text("PEM file of the authority that signed the servers' certificates; switches TLS on"),
  tlsCert: text("PEM file of the certificate of this client; goes with tlsCertKey and tlsCa"),
  tlsCertKey: text("PEM file of the key of tlsCert"),
  keyPrefixPath: z.string().min(1).default("/layotto/services/").meta({
    description: "Instances are kept at <keyPrefixPath>/<service>/<host:port>",
  }),
  leaseSeconds: stringInt({ min: 1, max: 3600 })
    .default(15)
    .meta({ description: "An instance whose process died is listed for so long" }),
  dialTimeout: stringDuration("s")
    .default(5000)
    .meta({ description: "Longest time to connect to a member" }),
  callTimeout: callTimeout(),
});

/** What {@link etcdMetadata} yields. */
export type EtcdMetadata = z.infer<typeof etcdMetadata>;
