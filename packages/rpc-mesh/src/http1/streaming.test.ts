import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import { ok, rawServer, readPieces } from "@layotto/http1/testing";
import { clusterOf } from "../call/testing/scripted-call.ts";
import { seededRandom } from "../testing/seeded-random.ts";
import { startProxy } from "./testing/proxy.ts";

const retry = { on: ["reset"], statusCodes: [], retries: 1, backoffMs: 0, maxBackoffMs: 0, nonIdempotent: false, avoidTriedHosts: true } as const; // prettier-ignore
const inOrder = { ...clusterOf("x", []).balancer, policy: "request_round_robin" } as const;

describe("ProxyCall streams", () => {
  test("the beginning of a body before its end is there, both ways at once", async (t) => {
    const upstream = await rawServer(t);
    const proxy = await startProxy(t, [upstream.address]);
    const client = await proxy.client();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    const host = await upstream.next();
    await host.until("\r\n\r\n");
    host.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    await client.until("\r\n\r\n");
    for (const word of ["one", "two", "three"]) {
      client.send(`${word.length}\r\n${word}\r\n`);
      assert.equal(await host.until(`${word}\r\n`), `${word.length}\r\n${word}\r\n`);
      host.send(`${word.length}\r\n${word}\r\n`);
      assert.equal(await client.until(`${word}\r\n`), `${word.length}\r\n${word}\r\n`);
    }
    client.send("0\r\n\r\n");
    await host.until("0\r\n\r\n");
    host.send("0\r\n\r\n");
    assert.equal(await client.rest(), "0\r\n\r\n");
  });

  for (const [bytes, again] of [
    [60_000, true],
    [200_000, false],
  ] as const) {
    test(`a body of ${bytes} octets ${again ? "can" : "cannot"} be sent again`, async (t) => {
      const bad = await rawServer(t, (peer) => {
        void peer.until("end").then(() => peer.socket.destroy(), () => {}); // prettier-ignore
      });
      const good = await rawServer(t, (peer) => {
        void peer.until("end").then(() => peer.send(ok), () => {}); // prettier-ignore
      });
      const hosts = [bad.address, good.address];
      const proxy = await startProxy(t, hosts, { action: { retry }, cluster: { balancer: inOrder } });
      const client = await proxy.client();
      client.send(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n`);
      client.send(`${"x".repeat(bytes - 3)}end`);
      assert.match(await client.until("\r\n\r\n"), again ? /^HTTP\/1\.1 200 / : /^HTTP\/1\.1 502 [^]*UR/u);
      assert.equal(good.peers.length, again ? 1 : 0);
    }); // prettier-ignore
  }

  test("a hedge gets the whole request; the loser's connection is given up", async (t) => {
    const slow = await rawServer(t);
    const fast = await rawServer(t);
    const hedge = { maxAttempts: 2, delayMs: 5 };
    const hosts = [slow.address, fast.address];
    const proxy = await startProxy(t, hosts, { action: { hedge }, cluster: { balancer: inOrder } });
    const client = await proxy.client();
    client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
    const [loser, winner] = await Promise.all([slow.next(), fast.next()]);
    await Promise.all([loser.until("\r\n\r\nbody"), winner.until("\r\n\r\nbody")]);
    winner.send(ok);
    assert.equal(await client.until("ok"), ok);
    await loser.rest();
    assert.equal(fast.peers.length, 1);
  });
});

describe("ProxyCall between Node's own client and server", () => {
  test("200 requests of all kinds over kept connections", async (t) => {
    const server = createServer((incoming, outgoing) => {
      const pieces: Buffer[] = [];
      incoming.on("data", (piece: Buffer) => pieces.push(piece));
      incoming.on("end", () => {
        const body = Buffer.concat(pieces);
        if (incoming.url === "/length") outgoing.setHeader("content-length", body.length);
        outgoing.end(incoming.method === "HEAD" ? undefined : body);
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo; // a TCP server that listens has one
    const proxy = await startProxy(t, [`127.0.0.1:${port}`]);
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    t.after(() => agent.destroy());
    const random = seededRandom(3);
    const one = async (index: number): Promise<void> => {
      const method = ["GET", "POST", "HEAD", "PUT"][index % 4] ?? "GET";
      const body = method === "POST" || method === "PUT" ? "x".repeat(Math.floor(random() * 200_000)) : "";
      const path = index % 3 === 0 ? "/length" : "/chunks";
      const sent = request({ port: proxy.port, host: "127.0.0.1", method, path, agent });
      if (index % 5 === 0) sent.write(body.slice(0, body.length / 2));
      sent.end(index % 5 === 0 ? body.slice(body.length / 2) : body);
      const [answer] = (await once(sent, "response")) as [AsyncIterable<Buffer>]; // Node's own type is any
      let bytes = 0;
      for await (const piece of answer) bytes += piece.length;
      assert.equal(bytes, body.length, `${method} ${path}`);
    };
    for (let round = 0; round < 25; round++) {
      await Promise.all(Array.from({ length: 8 }, (_, i) => one(round * 8 + i)));
    }
  }); // prettier-ignore
});

describe("ProxyCall and answers that hide another", () => {
  test("no caller gets an answer to a question that it did not ask", async (t) => {
    const random = seededRandom(11);
    const upstream = await rawServer(t, (peer) => {
      void (async () => {
        for (;;) {
          const head = await peer.until("\r\n\r\n", 60_000);
          peer.send(head.includes("/2") ? "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine" : hostile(random));
          if (random() < 0.3) peer.socket.end();
        }
      })().catch(() => {});
    }); // prettier-ignore
    const proxy = await startProxy(t, [upstream.address], { action: { timeoutMs: 40 } });
    for (let round = 0; round < 300; round++) {
      const client = await proxy.client();
      client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      const text = await client.rest(200).catch(() => client.text);
      client.socket.destroy();
      const { messages, error } = readPieces([Buffer.from(text, "latin1")], { answersTo: "GET" });
      assert.equal(error, undefined, text);
      assert.ok(messages.length <= 2, text);
      const second = messages[1];
      if (second !== undefined) assert.ok(second.body === "fine" || /502|504|503/u.test(second.start), text);
    }
  }); // prettier-ignore
});

/** An answer that hides another one, in ways that proxies have fallen for, and some that are fine. */
function hostile(random: () => number): string {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T; // in range
  const hidden = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhidden";
  const status = pick(["200 OK", "204 No Content", "304 Not Modified", "100 Continue", "101 Switching Protocols", "503 No"]);
  const coding = pick(["", "", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding : chunked\r\n"]);
  const length = pick(["", "Content-Length: 3\r\n", "Content-Length: 0\r\n", "Content-Length: 3, 3\r\n", "Content-Length: 3\n"]);
  const body = pick(["abc", "3\r\nabc\r\n0\r\n\r\n", "0\r\n\r\n", ""]);
  return `HTTP/1.1 ${status}\r\n${coding}${length}${random() < 0.2 ? length : ""}\r\n${body}${random() < 0.8 ? hidden : ""}`;
} // prettier-ignore
