import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { rawServer, seededRandom } from "@layotto/http1/testing";
import { eventually } from "@layotto/sidecar-kit/testing";
import { startExtension, type FakeFunction } from "../../extension/testing/fake-extension.ts";
import { startProxy } from "../testing/proxy.ts";

const retry = { on: ["connect-failure", "refused-stream", "gateway-error", "reset"], statusCodes: [], retries: 2, backoffMs: 1, maxBackoffMs: 2, nonIdempotent: false, avoidTriedHosts: true } as const; // prettier-ignore
const answers = [
  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n",
  "HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno",
  "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nlie",
  "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok",
  "HTTP/1.1 204 None\r\n\r\n",
  "HTTP/1.1 200 O",
  "nonsense\r\n\r\n",
];
const requests = [
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n\r\n\r\n",
  "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n\r\n\r\n\r\n0\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(3),
  "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 400\r\n\r\nhalf\r\n\r\n",
];

describe("after functions, hosts and callers that break off anywhere", { timeout: 60_000 }, () => {
  for (const body of [true, false]) {
    test(`no call, attempt, connection or octet is left, bodies ${body ? "seen" : "not seen"}`, async (t) => {
      const random = seededRandom(body ? 5 : 6);
      const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T; // in range
      const f: FakeFunction = ({ headers, body: content, phase }) => {
        const fate = random();
        if (fate < 0.03) return undefined;
        if (fate < 0.06) throw new Error("broken");
        if (fate < 0.1) return { answer: { status: pick([0, 204, 403]), body: Buffer.from("x"), grpcStatus: -1 } };
        if (fate < 0.2) return { headersChanged: true, headers: [...headers, "x", pick(["1", "a\nb"])] };
        if (fate < 0.3) return { headersChanged: true, headers: [phase === 1 ? ":path" : ":status", pick(["/x", "204", "200"])] };
        return fate < 0.4 && content !== undefined ? { body: Buffer.concat([content, content]) } : {};
      };
      const extension = await startExtension(t, { f });
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
      const action = { retry, timeoutMs: 400, perTryTimeoutMs: 150 };
      const one = { function: "f", timeoutMs: 100 };
      const listener = {
        filters: [{ ...one, body, onFailure: "closed" }, { ...one, body: false, onFailure: "open" }],
        hooks: [{ ...one, step: "route", onFailure: "open" }, { ...one, step: "host", onFailure: "open" }],
      } as const;
      const proxy = await startProxy(t, hosts, { action, cluster: { limits }, listener, tools: extension.tools });
      const caller = async (): Promise<void> => {
        const client = await proxy.client();
        client.send(pick(requests));
        if (random() < 0.8) await client.until("\r\n\r\n", 400).catch(() => "");
        if (random() < 0.5) client.send(pick(requests));
        await client.rest(random() * 60 + 1).catch(() => "");
        client.socket.destroy();
      };
      for (let round = 0; round < 10; round++) await Promise.all(Array.from({ length: 50 }, caller));
      await eventually("all callers are gone", () => proxy.server.connections === 0);
      const cluster = proxy.mesh.clusters.get("all");
      assert.ok(cluster !== undefined);
      const { counters, retrying } = proxy.mesh.stateOf(cluster);
      assert.ok(counters.calls > 0, `${counters.calls} calls`);
      assert.deepEqual([counters.active, retrying, proxy.server.budget.used], [0, 0, 0]);
      assert.deepEqual(cluster.hosts.map((host) => host.active), [0, 0, 0]);
      cluster.drain();
      await eventually("all connections are gone", () => cluster.hosts.every((host) => host.connections === 0));
      const functions = proxy.server.scope.functions?.all ?? [];
      assert.ok(functions.every(({ counters: own }) => own.latency.count > 0));
    }); // prettier-ignore
  }
});
