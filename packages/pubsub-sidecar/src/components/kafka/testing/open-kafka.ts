import { testComponentContext } from "@layotto/sidecar-kit/testing";
import { kafka, type KafkaPubSub } from "../kafka.ts";
import { kafkaMetadata } from "../metadata.ts";

/** Groups that notice sooner that somebody came or went. */
export const quick = { heartbeatInterval: "300ms", sessionTimeout: "2s" } as const;

/** Opens a component of type `kafka`; `part` is more of its metadata. */
export async function openKafka(
  brokers: string,
  part: Readonly<Record<string, unknown>> = {},
): Promise<KafkaPubSub> {
  return await kafka.open(kafkaMetadata.parse({ brokers, ...part }), testComponentContext());
}
