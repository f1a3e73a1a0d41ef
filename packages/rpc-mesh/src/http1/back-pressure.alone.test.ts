import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { eventually } from "@layotto/sidecar-kit/testing";
import { type RawPeer, rawServer } from "@layotto/http1/testing";
import { startProxy } from "./testing/proxy.ts";

const MIB = 1_048_576;
const TOTAL = 256 * MIB;
/** What may lie between two ends of which one does not read: the kernel's buffers of two connections, and ours. */
const MAX_BETWEEN = 24 * MIB;
const piece = Buffer.alloc(MIB, "x");

/** Sends the body as fast as it is taken; `sent` grows with what left the process. */
function sendAll({ socket }: RawPeer, bytes: number): { sent: () => number; done: Promise<void> } {
  let queued = 0;
  const done = (async () => {
    while (queued < bytes) {
      queued += piece.length;
      if (!socket.write(piece)) await once(socket, "drain");
    }
  })();
  return { sent: () => queued, done };
}

/** Counts what a peer receives, without keeping it. */
function countBytes(peer: RawPeer): () => number {
  let bytes = peer.text.length;
  peer.text = "";
  peer.socket.removeAllListeners("data");
  peer.socket.on("data", (chunk: Buffer) => (bytes += chunk.length));
  return () => bytes;
}

/** Waits until a figure has not changed for a while. */
async function steady(figure: () => number): Promise<number> {
  let [last, since] = [-1, Date.now()];
  return eventually("a steady figure", () => {
    if (figure() !== last) [last, since] = [figure(), Date.now()];
    return Date.now() - since > 300 ? last : undefined;
  });
}

/** Buffers that are free already and not yet given back to the system count too. */
function assertBounded(rssBefore: number): void {
  const grown = Math.round((process.memoryUsage.rss() - rssBefore) / MIB);
  assert.ok(grown < 128, `memory has grown by ${grown} MiB`);
}

describe("back-pressure", { timeout: 120_000 }, () => {
  for (const framing of [`Content-Length: ${TOTAL}`, "Transfer-Encoding: chunked"]) {
    test(`a caller that does not read stops the host: ${framing}`, async (t) => {
      const upstream = await rawServer(t);
      const proxy = await startProxy(t, [upstream.address]);
      const client = await proxy.client();
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      const host = await upstream.next();
      await host.until("\r\n\r\n");
      client.socket.pause();
      const rssBefore = process.memoryUsage.rss();
      host.send(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n`);
      const chunked = framing.endsWith("chunked");
      if (chunked) host.send(`${TOTAL.toString(16)}\r\n`);
      const { sent, done } = sendAll(host, TOTAL);
      assert.ok((await steady(sent)) < MAX_BETWEEN);
      const received = countBytes(client);
      client.socket.resume();
      await done;
      if (chunked) host.send("\r\n0\r\n\r\n");
      await eventually("all is there", () => received() >= TOTAL, 60_000);
      assertBounded(rssBefore);
    });
  }

  test("a host that does not read stops the caller", async (t) => {
    const upstream = await rawServer(t, (peer) => peer.socket.pause());
    const proxy = await startProxy(t, [upstream.address]);
    const client = await proxy.client();
    const rssBefore = process.memoryUsage.rss();
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${TOTAL}\r\n\r\n`);
    const { sent, done } = sendAll(client, TOTAL);
    const host = await upstream.next();
    assert.ok((await steady(sent)) < MAX_BETWEEN);
    const received = countBytes(host);
    host.socket.resume();
    await done;
    await eventually("all is there", () => received() >= TOTAL, 60_000);
    host.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    await client.until("ok");
    assertBounded(rssBefore);
  });

  test("a caller that sends ahead without end is not read until its turn comes", async (t) => {
    const upstream = await rawServer(t);
    const proxy = await startProxy(t, [upstream.address]);
    const client = await proxy.client();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await (await upstream.next()).until("\r\n\r\n");
    const { sent } = sendAll(client, TOTAL);
    assert.ok((await steady(sent)) < MAX_BETWEEN);
    client.socket.destroy();
  });

  test("a tunnel of which one end does not read is not read at the other", async (t) => {
    const upstream = await rawServer(t);
    const proxy = await startProxy(t, [upstream.address]);
    const client = await proxy.client();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
    const host = await upstream.next();
    await host.until("\r\n\r\n");
    host.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
    await client.until("\r\n\r\n");
    host.socket.pause();
    client.socket.pause();
    const [up, down] = [sendAll(client, TOTAL), sendAll(host, TOTAL)];
    assert.ok((await steady(up.sent)) < MAX_BETWEEN);
    assert.ok((await steady(down.sent)) < MAX_BETWEEN);
    const received = [countBytes(client), countBytes(host)];
    client.socket.resume();
    host.socket.resume();
    await Promise.all([up.done, down.done]);
    await eventually("all is there", () => received.every((bytes) => bytes() >= TOTAL), 60_000);
  });
});
