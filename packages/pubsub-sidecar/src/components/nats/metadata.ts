import {
  secret,
  stringBool,
  stringDuration,
  stringInt,
  stringList,
} from "@layotto/sidecar-kit/fields";
import { z } from "zod";
import { commonShape } from "../../metadata.ts";
import { registerPassword } from "./address.ts";

const unused = z
  .union([z.string(), z.number(), z.boolean()])
  .optional()
  .meta({ description: "Accepted for compatibility; has no effect" });
const text = z.string().min(1).optional();
const pem = (what: string) => text.meta({ description: `${what}, as PEM text` });
const secretText = (description: string) =>
  secret({ minLength: 1 }).optional().meta({ description, secret: true, writeOnly: true });

/** Metadata of the nats component: JetStream, with the names of Layotto's natsstreaming where it has them. */
export const natsMetadata = z
  .strictObject({
    ...commonShape,
    natsURL: stringList()
      .refine((list) => list.length > 0, { error: "must name a server" })
      .refine((list) => {
        // A password in the address is as secret as one of its own.
        for (const url of list) registerPassword(url);
        return true;
      })
      .meta({
        description: "host:port or nats://host:port of the servers, with commas between them",
      }),
    streamName: text.meta({
      description:
        "A stream that holds the topics, made by you; default: the stream that does, or a new one for each topic",
    }),
    replicas: stringInt({ min: 1, max: 5 }).default(1).meta({
      description: "Servers of the cluster that keep a copy, for streams that are made here",
    }),
    maxAge: stringDuration("s").optional().meta({
      description: "How long streams that are made here keep a message; default: for ever",
    }),
    ackWaitTime: stringDuration("ms")
      .default(30_000)
      .refine((ms) => ms >= 500, { error: "must be at least 500ms" })
      .meta({
        description:
          "How long after a crash its messages go to another process; for consumers that are made here",
      }),
    maxInFlight: stringInt({ min: 1 })
      .optional()
      .meta({ description: "The most that prefetch may be" }),
    callTimeout: stringDuration("ms")
      .default(5000)
      .refine((ms) => ms >= 1, { error: "must be at least 1ms" })
      .meta({ description: "Longest time that the server may take to answer" }),
    username: text.meta({ description: "User" }),
    password: secretText("Password of the user"),
    token: secretText("Token, instead of user and password"),
    caCert: pem("Certificate of the authority that signed the server's; switches TLS on"),
    clientCert: pem("Certificate of this client; switches TLS on"),
    clientKey: secretText("Key of clientCert, as PEM text"),
    skipVerify: stringBool()
      .default(false)
      .meta({ description: "Does not check the server's certificate" }),
    natsStreamingClusterID: unused,
    subscriptionType: unused,
    durableSubscriptionName: unused,
    startAtSequence: unused,
    startWithLastReceived: unused,
    deliverAll: unused,
    deliverNew: unused,
    startAtTime: unused,
    startAtTimeDelta: unused,
    startAtTimeFormat: unused,
  })
  .refine((m) => (m.clientCert === undefined) === (m.clientKey === undefined), {
    path: ["clientKey"],
    error: "must be given together with clientCert",
  });

/** Metadata of the nats component. */
export type NatsMetadata = z.infer<typeof natsMetadata>;
