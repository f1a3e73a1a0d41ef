import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "@layotto/sidecar-kit/testing";
import { rawServer } from "@layotto/http1/testing";
import { seededRandom } from "../testing/seeded-random.ts";
import { startProxy } from "./testing/proxy.ts";

const retry = { on: ["connect-failure", "refused-stream", "gateway-error", "reset"], statusCodes: [], retries: 2, backoffMs: 1, maxBackoffMs: 2, nonIdempotent: false, avoidTriedHosts: true } as const; // prettier-ignore
const hedge = { maxAttempts: 2, delayMs: 3 };
const answers = [
  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
  "HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno",
  "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nlie",
  "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
  "HTTP/1.1 200 O",
  "nonsense\r\n\r\n",
];
const requests = [
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n\r\n\r\n",
  "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n\r\n\r\n\r\n0\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(3),
  "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 400\r\n\r\nhalf\r\n\r\n",
];

describe("after hosts and callers that break off anywhere", { timeout: 60_000 }, () => {
  test("no call, no attempt, no connection and no place in a queue is left", async (t) => {
    const random = seededRandom(99);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T; // in range
    const upstreams = await Promise.all(
      [1, 2, 3].map(() =>
        rawServer(t, (peer) => {
          void (async () => {
            for (;;) {
              await peer.until("\r\n\r\n", 60_000);
              const fate = random();
              if (fate < 0.1) peer.socket.destroy();
              else if (fate > 0.15) peer.send(pick(answers));
              if (fate > 0.9) peer.socket.end();
            }
          })().catch(() => {});
        }),
      ),
    );
    const hosts = upstreams.map(({ address }) => address);
    const limits = { maxConnections: 8, maxPending: 16, maxRequests: 0, maxRetries: 0 };
    const action = { retry, hedge, timeoutMs: 30, perTryTimeoutMs: 12 };
    const proxy = await startProxy(t, hosts, { action, cluster: { limits } });
    const caller = async (): Promise<void> => {
      const client = await proxy.client();
      client.send(pick(requests));
      if (random() < 0.7) await client.until("\r\n\r\n", 60).catch(() => "");
      if (random() < 0.5) client.send(pick(requests));
      await client.rest(random() * 40 + 1).catch(() => "");
      client.socket.destroy();
    };
    for (let round = 0; round < 40; round++) {
      await Promise.all(Array.from({ length: 40 }, caller));
    }
    await eventually("all callers are gone", () => proxy.server.connections === 0);
    const cluster = proxy.mesh.clusters.get("all");
    assert.ok(cluster !== undefined);
    const { counters, retrying } = proxy.mesh.stateOf(cluster);
    assert.ok(counters.calls > 1500 && counters.retries > 10, `${counters.calls} calls`);
    assert.deepEqual([counters.active, retrying], [0, 0]);
    assert.deepEqual(cluster.hosts.map((host) => host.active), [0, 0, 0]); // prettier-ignore
    cluster.drain();
    await eventually("all connections are gone", () =>
      cluster.hosts.every((host) => host.connections === 0),
    );
  });
});
