import { registerSecret } from "@layotto/sidecar-kit";
import { secret, stringBool, stringDuration, stringInt } from "@layotto/sidecar-kit/fields";
import { z } from "zod";
import { commonShape } from "../../metadata.ts";

const text = z.string().min(1).optional();
const pem = (what: string) => text.meta({ description: `${what}, as PEM text` });
const url = /^amqps?:\/\/[^/?#]/;

/** Metadata of the rabbitmq component, with the names of Dapr's. */
export const rabbitmqMetadata = z
  .strictObject({
    ...commonShape,
    concurrency: z
      .union([z.enum(["parallel", "single"]), commonShape.concurrency])
      .optional()
      .meta({
        description:
          "Messages that the app works on at a time: a number, single = 1, parallel = 10",
      }),
    host: secret({ minLength: 1 })
      .refine((value) => url.test(value), {
        error: "must be an address like amqp://user:password@host:5672/vhost, or amqps://…",
      })
      .refine((value) => {
        registerSecret(/^amqps?:\/\/[^:@/]*:([^@/]+)@/.exec(value)?.[1] ?? "");
        return true;
      })
      .meta({
        description: "Address of the server: amqp://user:password@host:port/vhost",
        secret: true,
        writeOnly: true,
      }),
    durable: stringBool()
      .default(true)
      .meta({ description: "Whether queues outlive the server; false loses messages" }),
    deletedWhenUnused: stringBool()
      .default(false)
      .meta({ description: "Whether a queue ends with its last consumer; true loses messages" }),
    deliveryMode: stringInt({ min: 0, max: 2 })
      .default(2)
      .meta({ description: "2: messages outlive the server; 0 and 1: they do not" }),
    queueType: z.enum(["classic", "quorum"]).optional().meta({
      description: "Kind of queue; quorum outlives servers of a cluster. Default: the server's",
    }),
    enableDeadLetter: stringBool().default(false).meta({
      description: "Queues send what expires or does not fit to dlx-<queue> and dlq-<queue>",
    }),
    maxLen: stringInt({ min: 0 })
      .optional()
      .meta({ description: "Most messages of a queue; the oldest are dropped, also unread ones" }),
    maxLenBytes: stringInt({ min: 0 }).optional().meta({
      description: "Most bytes of a queue; the oldest messages are dropped, also unread ones",
    }),
    prefetchCount: stringInt({ min: 0 })
      .optional()
      .meta({ description: "The most that prefetch may be; 0 = no such limit" }),
    maxMessageBytes: stringInt({ min: 1 })
      .default(128 * 1024 * 1024)
      .meta({
        description: "max_message_size of the server, which it does not tell; default 128 MiB",
      }),
    reconnectWaitSeconds: stringInt({ min: 0 })
      .default(3)
      .meta({ description: "Longest pause between two attempts to connect again, in seconds" }),
    callTimeout: stringDuration("ms")
      .default(5000)
      .refine((ms) => ms >= 1, { error: "must be at least 1ms" })
      .meta({ description: "Longest time that the server may take to answer" }),
    caCert: pem("Certificate of the authority that signed the server's, for amqps"),
    clientCert: pem("Certificate of this client, for amqps"),
    clientKey: secret({ minLength: 1 }).optional().meta({
      description: "Key of clientCert, as PEM text",
      secret: true,
      writeOnly: true,
    }),
    autoAck: stringBool().default(false).meta({
      description: "Accepted for compatibility; a message is always acknowledged by the app",
    }),
    requeueInFailure: stringBool().optional().meta({
      description: "Accepted for compatibility; has no effect: what fails is tried again",
    }),
  })
  .refine((m) => (m.clientCert === undefined) === (m.clientKey === undefined), {
    path: ["clientKey"],
    error: "must be given together with clientCert",
  });

/** Metadata of the rabbitmq component. */
export type RabbitmqMetadata = z.infer<typeof rabbitmqMetadata>;
