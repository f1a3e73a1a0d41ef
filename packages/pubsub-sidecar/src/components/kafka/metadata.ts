import {
  secret,
  stringBool,
  stringDuration,
  stringInt,
  stringList,
} from "@layotto/sidecar-kit/fields";
import { z } from "zod";
import { commonShape } from "../../metadata.ts";

const unused = z
  .union([z.string(), z.number(), z.boolean()])
  .optional()
  .meta({ description: "Accepted for compatibility; has no effect" });

const text = z.string().min(1).optional();
const pem = "PEM text, or the path of a file with it";

/** Metadata of a pub/sub component of type `kafka`, with Layotto's names. */
export const kafkaMetadata = z
  .strictObject({
    ...commonShape,
    brokers: stringList().meta({
      description: "host:port of one or more brokers, with commas between them",
    }),
    consumerGroup: text.meta({ description: "Name of the consumer group; goes before consumerID" }),
    clientID: text.meta({
      description: "How the brokers' logs name this client; default: app.app_id",
    }),
    authRequired: stringBool()
      .default(false)
      .meta({ description: "The brokers want saslUsername and saslPassword" }),
    saslUsername: text.meta({ description: "User, with authRequired" }),
    saslPassword: secret()
      .optional()
      .meta({ description: "Password, with authRequired", secret: true, writeOnly: true }),
    saslMechanism: z
      .enum(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
      .default("PLAIN")
      .meta({ description: "How user and password are shown to the brokers" }),
    enableTLS: stringBool().default(false).meta({
      description:
        "Encrypts connections; also on as soon as caCert, clientCert or skipVerify is given",
    }),
    caCert: text.meta({
      description: `Authority that has signed the brokers' certificates: ${pem}`,
    }),
    clientCert: text.meta({ description: `Certificate of this client: ${pem}` }),
    clientKey: secret()
      .optional()
      .meta({ description: `Key of clientCert: ${pem}`, secret: true, writeOnly: true }),
    skipVerify: stringBool()
      .default(false)
      .meta({ description: "Takes any certificate of a broker: for tests only" }),
    initialOffset: z
      .enum(["oldest", "newest"])
      .default("oldest")
      .meta({ description: "Where a consumer group begins that was never there before" }),
    maxMessageBytes: stringInt({ min: 1024, max: 1_000_000_000 }).default(1_048_576).meta({
      description: "Largest message that the brokers take, in bytes: their message.max.bytes",
    }),
    publishTimeout: stringDuration("ms").default(10_000).meta({
      description: "Longest time that a message may take to be acknowledged by the brokers",
    }),
    ordering: z.enum(["key", "partition", "none"]).default("key").meta({
      description:
        "Which messages the app gets one after another; also as metadata of a subscription",
    }),
    heartbeatInterval: stringDuration("ms")
      .default(1000)
      .meta({ description: "How often a consumer tells its group that it is there" }),
    sessionTimeout: stringDuration("ms").default(10_000).meta({
      description: "Time after which a group gives a silent consumer's partitions to others",
    }),
    version: unused,
    consumeRetryInterval: unused,
  })
  .refine(({ brokers }) => brokers.length > 0, {
    path: ["brokers"],
    error: "must name at least one broker",
  });

/** What {@link kafkaMetadata} parses to. */
export type KafkaMetadata = z.output<typeof kafkaMetadata>;
