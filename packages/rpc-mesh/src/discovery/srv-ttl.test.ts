import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { describe, it } from "node:test";
import { srvTtlSeconds } from "./srv-ttl.ts";
import { DnsServer } from "./testing/dns-server.ts";

void describe("srvTtlSeconds", () => {
  void it("tells the shortest TTL of the records", async (test) => {
    const server = await DnsServer.start(test);
    const record = { type: "SRV", target: "a.test", port: 1, priority: 0, weight: 0 } as const;
    server.set("_x._tcp.test", "SRV", [
      { ...record, ttl: 70 },
      { ...record, ttl: 60 },
    ]);
    assert.equal(await srvTtlSeconds("_x._tcp.test.", server.address), 60);
    assert.equal(await srvTtlSeconds("other.test", server.address), undefined);
  });

  void it("tells nothing when the server is silent, gone or talks nonsense", async (test) => {
    const server = await DnsServer.start(test);
    server.set("x.test", "SRV", "SILENCE");
    assert.equal(await srvTtlSeconds("x.test", server.address), undefined);
    assert.equal(await srvTtlSeconds("x.test", "127.0.0.1:1"), undefined);
    assert.equal(await srvTtlSeconds("x.test", ""), undefined);
    const liar = createSocket("udp4");
    test.after(() => liar.close());
    liar.on("message", (message, peer) => {
      // Says that there are answers, and ends.
      liar.send(Buffer.concat([message.subarray(0, 6), Buffer.of(9, 9)]), peer.port, peer.address);
      liar.send(Buffer.concat([message.subarray(0, 7), Buffer.of(9), message.subarray(8)]), peer.port, peer.address); // prettier-ignore
    });
    liar.bind(0, "127.0.0.1");
    await once(liar, "listening");
    assert.equal(await srvTtlSeconds("x.test", `127.0.0.1:${liar.address().port}`), undefined);
  });
});
