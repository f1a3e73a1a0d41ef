import type { IPublishPacket, MqttClient } from "mqtt";

/** Why the library is not to acknowledge; it does not look at the text. */
const LATER = new Error("is acknowledged when the app has done so");

/**
 * Acknowledges messages when they are done instead of when they arrive, any number of them at a time and in any order.
 *
 * MQTT.js acknowledges a message when `handleMessage` has called back without an error, and takes the next one only then.
 * With an error it takes the next one and acknowledges nothing, so the PUBACK is written here: four bytes, [MQTT-3.4].
 * Should the library acknowledge one by itself all the same, the connection is ended before messages are lost.
 *
 * A message that waits for its next attempt must not hold up the others, so PUBACKs are not in the order of receipt,
 * which [MQTT-4.6.0-2] asks for; brokers find the message by its packet identifier.
 */
export class Acknowledger {
  readonly #client: MqttClient;
  #due: number[] = [];

  constructor(
    client: MqttClient,
    receive: (packet: IPublishPacket) => void,
    broken: (error: Error) => void,
  ) {
    this.#client = client;
    client.handleMessage = (packet, callback) => {
      receive(packet);
      callback(packet.qos === 0 ? undefined : LATER);
    };
    client.on("packetsend", ({ cmd }) => {
      if (cmd !== "puback") return;
      broken(new Error("mqtt.js acknowledged a message by itself; use the version that is locked"));
    });
  }

  /** Those of one turn of the event loop go out together. */
  acknowledge(packetId: number): void {
    if (this.#due.push(packetId) === 1) setImmediate(() => this.flush());
  }

  flush(): void {
    const due = this.#due;
    if (due.length === 0) return;
    this.#due = [];
    const bytes = Buffer.alloc(due.length * 4);
    for (const [i, packetId] of due.entries()) {
      bytes.writeUInt16BE(0x4002, i * 4); // PUBACK, two bytes follow: success
      bytes.writeUInt16BE(packetId, i * 4 + 2);
    }
    const { stream } = this.#client;
    if (stream.writable) stream.write(bytes);
  }
}
