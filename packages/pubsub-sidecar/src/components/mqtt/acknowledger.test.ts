import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import type { IPublishPacket, MqttClient } from "mqtt";
import { Acknowledger } from "./acknowledger.ts";

describe("Acknowledger", () => {
  it("lets the library go on without acknowledging, and writes PUBACKs later, together", async () => {
    const { client, stream, received } = scene();
    let answer: unknown;
    client.handleMessage({ qos: 1, messageId: 258 } as IPublishPacket, (error) => (answer = error));
    assert.ok(answer instanceof Error, "without an error the library acknowledges");
    client.handleMessage({ qos: 0 } as IPublishPacket, (error) => (answer = error));
    assert.equal(answer, undefined);
    assert.equal(received.length, 2);
    const { acknowledger } = client;
    acknowledger.acknowledge(258);
    acknowledger.acknowledge(3);
    assert.equal(stream.readableLength, 0);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([...(stream.read() as Buffer)], [0x40, 2, 1, 2, 0x40, 2, 0, 3]);
  });

  it("ends the connection when the library acknowledges by itself", () => {
    const { client, faults } = scene();
    client.emit("packetsend", { cmd: "pingreq" });
    assert.equal(faults.length, 0);
    client.emit("packetsend", { cmd: "puback", messageId: 1 });
    assert.match(faults[0]?.message ?? "", /acknowledged a message by itself/);
  });
});

function scene() {
  const stream = new PassThrough();
  const received: IPublishPacket[] = [];
  const faults: Error[] = [];
  // What an Acknowledger uses of a client.
  const fake = Object.assign(new EventEmitter(), { stream }) as unknown as MqttClient;
  const acknowledger = new Acknowledger(
    fake,
    (packet) => received.push(packet),
    (error) => faults.push(error),
  );
  return { client: Object.assign(fake, { acknowledger }), stream, received, faults };
}
