import type { IPublishPacket } from "mqtt";
import { ownBytes } from "@layotto/sidecar-kit";
import type { PublishRequest } from "../../component.ts";

/** Bytes of a PUBLISH beside payload, topic, content type and key, at most. */
export const HEAD_BYTES = 256;

/** Names of the user properties that messages carry. */
export const PROPERTY = {
  /** The message's id, for MQTT has none. */
  id: "layotto-message-id",
  /** Messages of one key keep their order. */
  key: "partitionKey",
} as const;

type Properties = NonNullable<IPublishPacket["properties"]>;

/** A message as it came. */
export interface Incoming {
  /** 0 = QoS 0: it wants no acknowledgement. */
  readonly packetId: number;
  /** Empty when the publisher gave it none. */
  readonly id: string;
  readonly data: Uint8Array;
  readonly key: string | undefined;
  /** Whether the broker has sent it before. */
  readonly isDuplicate: boolean;
  readonly metadata: Readonly<Record<string, string>> | undefined;
}

/** What MQTT 5 carries beside the payload of a message. */
export function propertiesOf(request: PublishRequest, id: string): Properties {
  const { contentType, key, ttlMs } = request;
  return {
    userProperties: { [PROPERTY.id]: id, ...(key !== undefined && { [PROPERTY.key]: key }) },
    ...(contentType !== "" && { contentType }),
    // Whole seconds; a message that lives for less than one would otherwise never arrive.
    ...(ttlMs !== undefined && { messageExpiryInterval: Math.ceil(ttlMs / 1000) }),
  };
}

/** Reads a PUBLISH. */
export function incomingOf(packet: IPublishPacket): Incoming {
  const { payload, properties, qos, messageId = 0, dup } = packet;
  const key = propertyOf(properties, PROPERTY.key);
  const contentType = properties?.contentType;
  const metadata = {
    ...(contentType !== undefined && { contentType }),
    ...(key !== undefined && { partitionKey: key }),
  };
  return {
    packetId: qos === 0 ? 0 : messageId,
    id: propertyOf(properties, PROPERTY.id) ?? "",
    // A copy of a small one, so that it does not keep what it was received with.
    data: ownBytes(typeof payload === "string" ? Buffer.from(payload) : payload),
    key,
    isDuplicate: dup,
    metadata: Object.keys(metadata).length > 0 ? metadata : undefined,
  };
}

/** Whether it is the same message. */
export function isSame(a: Incoming, b: Incoming): boolean {
  return a.id === b.id && Buffer.compare(a.data, b.data) === 0;
}

function propertyOf(properties: Properties | undefined, name: string): string | undefined {
  const value = properties?.userProperties?.[name];
  return Array.isArray(value) ? value[0] : value;
}
