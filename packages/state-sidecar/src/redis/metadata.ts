import { secret, stringBool, stringDuration, stringInt } from "@layotto/sidecar-kit/fields";
import { z } from "zod";
import { commonMetadata } from "../metadata.ts";

const integer = stringInt();
const index = stringInt({ min: 0 });
const text = z.union([z.string(), z.number().min(0)]);
const duration = stringDuration("ms");

const unused = z
  .union([z.string(), z.number(), z.boolean()])
  .optional()
  .meta({ description: "Accepted for compatibility; has no effect" });

const hosts =
  "host:port of the server; several with commas between them: nodes of a cluster, or sentinels";

/** Metadata of the redis state store: the keys of Dapr's component. */
export const redisStateMetadata = z.strictObject({
  ...commonMetadata,
  redisHost: z.string().default("localhost:6379").meta({ description: hosts }),
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
  ttlInSeconds: integer.optional().meta({ description: "Life of an entry that names none itself" }),
  redisMaxRetries: unused,
  redisMinRetryInterval: unused,
  maxRetries: unused,
  maxRetryBackoff: unused,
  writeTimeout: unused,
  poolSize: unused,
  poolTimeout: unused,
  minIdleConns: unused,
  maxConnAge: unused,
  idleTimeout: unused,
  idleCheckFrequency: unused,
  queryIndexes: unused,
});

/** Metadata of the redis state store. */
export type RedisStateMetadata = z.infer<typeof redisStateMetadata>;

/** Metadata of the redis lock and sequencer: the keys of Layotto's components, and those of the state store. */
export const redisPlainMetadata = z.strictObject({
  ...redisStateMetadata.omit({ ttlInSeconds: true, queryIndexes: true }).shape,
  redisHost: z.string().min(1).meta({ description: hosts }),
  db: index.optional().meta({ description: "The same as redisDB, before which it goes" }),
  maxRetryBackoff: duration
    .optional()
    .meta({ description: "The same as redisMaxRetryInterval, before which it goes" }),
  segmentCacheEnable: unused,
  segmentStep: unused,
});

/** Metadata of the redis lock and sequencer. */
export type RedisPlainMetadata = z.infer<typeof redisPlainMetadata>;
