import { secret, stringBool, stringDuration, stringInt } from "@layotto/sidecar-kit/fields";
import { z } from "zod";

const index = stringInt({ min: 0 });
const text = z.union([z.string(), z.number().min(0)]);
const duration = stringDuration("ms");

/** A key that another runtime knows: taken and not looked at. */
export const redisUnused = z
  .union([z.string(), z.number(), z.boolean()])
  .optional()
  .meta({ description: "Accepted for compatibility; has no effect" });

/** Description of `redisHost`, for component types that give it another default. */
export const redisHostDescription =
  "host:port of the server; several with commas between them: nodes of a cluster, or sentinels";

/** Metadata keys that say how to reach Redis, with Dapr's names; a component type adds its own keys. */
export const redisShape = {
  redisHost: z.string().default("localhost:6379").meta({ description: redisHostDescription }),
  redisPassword: secret().optional().meta({
    description: "Password; empty = the server wants none",
    secret: true,
    writeOnly: true,
  }),
  redisUsername: text
    .optional()
    .meta({ description: "User of the server's access list; default: the server's default user" }),
  redisDB: index.default(0).meta({ description: "Number of the database; a cluster has only 0" }),
  redisType: z
    .enum(["node", "cluster"])
    .default("node")
    .meta({ description: "What redisHost names: one server, or nodes of a Redis Cluster" }),
  failover: stringBool()
    .default(false)
    .meta({ description: "redisHost names sentinels; they tell which server is the master" }),
  sentinelMasterName: text
    .optional()
    .meta({ description: "Name under which the sentinels know the master; wanted with failover" }),
  enableTLS: stringBool()
    .default(false)
    .meta({ description: "Encrypts the connection; the server's certificate is not checked" }),
  dialTimeout: duration
    .default(5000)
    .meta({ description: "Longest time that one attempt to connect may take" }),
  readTimeout: duration.default(3000).meta({ description: "Longest time that a call may take" }),
  redisMaxRetryInterval: duration
    .default(2000)
    .meta({ description: "Longest pause between two attempts to connect again" }),
} as const;

/** Keys of Dapr's redis components that have no effect here. */
export const redisUnusedShape = {
  redisMaxRetries: redisUnused,
  redisMinRetryInterval: redisUnused,
  maxRetries: redisUnused,
  maxRetryBackoff: redisUnused,
  writeTimeout: redisUnused,
  poolSize: redisUnused,
  poolTimeout: redisUnused,
  minIdleConns: redisUnused,
  maxConnAge: redisUnused,
  idleTimeout: redisUnused,
  idleCheckFrequency: redisUnused,
} as const;
