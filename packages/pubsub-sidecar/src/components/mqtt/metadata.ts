import { registerSecret } from "@layotto/sidecar-kit";
import { secret, stringBool, stringInt } from "@layotto/sidecar-kit/fields";
import { z } from "zod";
import { commonShape } from "../../metadata.ts";

const pem = (what: string) =>
  z
    .string()
    .min(1)
    .optional()
    .meta({ description: `${what}, as PEM text; for mqtts` });

const qosText =
  "must be 1: with 0 messages are lost, and 2 adds nothing to acknowledgement by the app";
const urlText = "must be a URL such as mqtt://host:1883 or mqtts://user:password@host:8883";

/** Metadata of the mqtt component: the keys of Dapr's. */
export const mqttMetadata = z
  .strictObject({
    ...commonShape,
    url: z
      .string()
      .regex(/^mqtts?:\/\/[^/?#\s]+\/?$/, { error: urlText })
      .refine(
        (url) => {
          if (!URL.canParse(url)) return false;
          // The password is the secret; the rest helps in reports.
          const { password } = new URL(url);
          registerSecret(password);
          registerSecret(decode(password));
          return true;
        },
        { error: urlText },
      )
      .meta({
        description: "Where the broker is; mqtts:// for TLS; may hold user:password@",
        "x-message": urlText,
      }),
    qos: z
      .union([z.literal(1), z.literal("1")], { error: qosText })
      .default(1)
      .meta({ description: "Quality of service; only 1, at least once", "x-message": qosText }),
    retain: stringBool().default(false).meta({
      description: "Publishes retained messages: the broker keeps the last one of a topic",
    }),
    cleanSession: stringBool()
      .default(false)
      .meta({ description: "Keeps nothing for a group while no process of it is connected" }),
    backOffMaxRetries: stringInt({ min: 0 })
      .optional()
      .meta({ description: "Accepted for compatibility; has no effect: it reconnects for ever" }),
    caCert: pem("Certificate of the authority that signed the broker's"),
    clientCert: pem("Certificate of this client"),
    clientKey: secret({ minLength: 1 }).optional().meta({
      description: "Key of clientCert, as PEM text",
      secret: true,
      writeOnly: true,
    }),
  })
  .refine((m) => (m.clientCert === undefined) === (m.clientKey === undefined), {
    path: ["clientKey"],
    error: "must be given together with clientCert",
  });

/** Metadata of the mqtt component. */
export type MqttMetadata = z.infer<typeof mqttMetadata>;

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
