import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import {
  skipWithout,
  temporaryDirectory,
  type TemporaryDirectory,
  type TestServer,
} from "@layotto/sidecar-kit/testing";
import { request as undiciRequest } from "undici";
import type { RawPeer } from "@layotto/http1/testing";
import { seededRandom } from "../testing/seeded-random.ts";
import { startGoServer } from "./testing/go-server.ts";
import { startNginx } from "./testing/nginx.ts";
import { startProxy, type TestProxy } from "./testing/proxy.ts";

const run = promisify(execFile);

/** Sends a request on a connection of its own and reads the answer to its end. */
async function ask(proxy: TestProxy, text: string): Promise<string> {
  const client = await proxy.client();
  client.send(text);
  return client.rest();
}

const closing = "Host: a.example\r\nConnection: close\r\n";

describe("nginx behind the proxy", { skip: skipWithout("nginx") }, () => {
  let nginx: TestServer;
  let place: TemporaryDirectory;
  before(async () => {
    place = temporaryDirectory();
    nginx = await startNginx(place.path);
  });
  after(async () => {
    await nginx.stop();
    place.remove();
  });

  test("files, ranges, conditions, redirects, compressed streams", async (t) => {
    const proxy = await startProxy(t, [nginx.address]);
    assert.match(await ask(proxy, `GET /small HTTP/1.1\r\n${closing}\r\n`), /^HTTP\/1\.1 200 OK[^]*\r\n\r\nsmall$/u);
    assert.match(await ask(proxy, `HEAD /big HTTP/1.1\r\n${closing}\r\n`), /Content-Length: 3000000[^]*\r\n\r\n$/u);
    assert.match(await ask(proxy, `GET /big HTTP/1.1\r\nRange: bytes=5-9\r\n${closing}\r\n`), /206[^]*\r\n\r\n56789$/u);
    assert.match(await ask(proxy, `GET /empty HTTP/1.1\r\n${closing}\r\n`), /^HTTP\/1\.1 204[^]*\r\n\r\n$/u);
    assert.match(await ask(proxy, `GET /moved HTTP/1.1\r\n${closing}\r\n`), /^HTTP\/1\.1 301[^]*Location:/u);
    assert.match(await ask(proxy, `GET /say HTTP/1.1\r\n${closing}\r\n`), /GET a\.example 127\.0\.0\.1$/u);
    assert.match(await ask(proxy, `GET /nothing HTTP/1.1\r\n${closing}\r\n`), /^HTTP\/1\.1 404/u);
    const { headers, body } = await undiciRequest(`http://127.0.0.1:${proxy.port}/big`, { headers: { "accept-encoding": "gzip" } });
    assert.equal(headers["transfer-encoding"], "chunked");
    const bytes = gunzipSync(Buffer.from(await body.arrayBuffer()));
    assert.equal(bytes.length, 3_000_000);
  }); // prettier-ignore

  test("connections that it closes after five requests, under load", async (t) => {
    const proxy = await startProxy(t, [nginx.address]);
    let done = 0;
    const worker = async (client: RawPeer): Promise<void> => {
      for (let i = 0; i < 50; i++) {
        client.send("GET /say HTTP/1.1\r\nHost: a\r\n\r\n");
        assert.match(await client.until("127.0.0.1"), /^HTTP\/1\.1 200/u);
        done++;
      }
    };
    await Promise.all(Array.from({ length: 8 }, async () => worker(await proxy.client())));
    assert.equal(done, 400);
  });

  test("413 of its own before the body is through", async (t) => {
    const proxy = await startProxy(t, [nginx.address]);
    const answer = await ask(proxy, `POST /say HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n${"x".repeat(3000)}`);
    assert.match(answer, /^HTTP\/1\.1 413 /u);
  }); // prettier-ignore

  test("curl gets the same octets through the proxy", async (t) => {
    const proxy = await startProxy(t, [nginx.address]);
    const sums = await Promise.all(
      [nginx.port, proxy.port].map(async (port) => {
        const options = { encoding: "buffer", maxBuffer: 1 << 24 } as const;
        const { stdout } = await run("curl", ["-s", `http://127.0.0.1:${port}/big`], options);
        return createHash("sha256").update(stdout).digest("hex");
      }),
    );
    assert.equal(sums[0], sums[1]);
  });
});

describe("Go's server behind the proxy", { skip: skipWithout("go") }, () => {
  let go: TestServer;
  let place: TemporaryDirectory;
  before(async () => {
    place = temporaryDirectory();
    go = await startGoServer(place.path);
  });
  after(async () => {
    await go.stop();
    place.remove();
  });

  test("bodies with a length and in chunks, trailers both ways", async (t) => {
    const proxy = await startProxy(t, [go.address]);
    assert.match(await ask(proxy, `POST /e?x HTTP/1.1\r\n${closing}Content-Length: 3\r\n\r\nabc`), /POST \/e\?x a\.example 127\.0\.0\.1 "abc"$/u);
    assert.match(await ask(proxy, `PUT /e HTTP/1.1\r\n${closing}Trailer: X-T\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n`), /"abc" X-T=1$/u);
    assert.match(await ask(proxy, `GET http://b.example/p HTTP/1.1\r\n${closing}\r\n`), /GET \/p b\.example/u);
    const answer = await ask(proxy, `GET /stream HTTP/1.1\r\n${closing}\r\n`);
    assert.match(answer, /Trailer: X-Sum[^]*piece 0;[^]*piece 9;\r\n0\r\nX-Sum: 10\r\n\r\n$/u);
    assert.match(await ask(proxy, `GET /close HTTP/1.0\r\n\r\n`), /\r\n\r\nbye$/u);
    assert.match(await ask(proxy, `POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\nx`), /^HTTP\/1\.1 413/u);
  }); // prettier-ignore

  test("100-continue with curl", { skip: skipWithout("curl") }, async (t) => {
    const proxy = await startProxy(t, [go.address]);
    const url = `http://127.0.0.1:${proxy.port}/e`;
    const args = [
      "-sv",
      "-H",
      "Expect: 100-continue",
      "--expect100-timeout",
      "30",
      "-d",
      "hello",
      url,
    ];
    const { stdout, stderr } = await run("curl", args);
    assert.match(stdout, /"hello"$/u);
    assert.match(stderr, /100 Continue/u);
  });

  test("never sees more requests than the proxy has read, whatever is sent", async (t) => {
    const proxy = await startProxy(t, [go.address]);
    const seen = async (): Promise<number> =>
      Number(await (await undiciRequest(`http://${go.address}/count`)).body.text());
    const before = await seen();
    const random = seededRandom(7);
    const probe = async (): Promise<void> => {
      const client = await proxy.client();
      client.send(hostile(random));
      // Some are answered, some wait for more that never comes.
      await client.rest(50).catch(() => "");
      client.socket.destroy();
    };
    for (let round = 0; round < 30; round++) await Promise.all(Array.from({ length: 20 }, probe));
    const state = proxy.mesh.clusters.get("all");
    assert.ok(state !== undefined);
    const { attempts } = proxy.mesh.stateOf(state).counters;
    assert.ok(attempts > 100, `${attempts} passed`);
    const after = (await seen()) - before;
    assert.ok(after <= attempts, `the host saw ${after} requests of ${attempts}`);
  });
});

/** A request that hides another one, in ways that servers have fallen for, and some that are fine. */
function hostile(random: () => number): string {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T; // in range
  const hidden = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";
  const space = pick(["", " ", "\t", "\x0b", "\r\n ", "\0"]);
  const end = pick(["\r\n", "\r\n", "\r\n", "\n", "\r", "\r\r\n"]);
  const coding = pick(["", "", `Transfer-Encoding${pick(["", " "])}:${space}${pick(["chunked", "Chunked", "xchunked", "chunked, identity", "identity"])}${end}`]);
  const length = pick(["", "", `Content-Length:${space}${pick(["0", "3", "5", "+5", "5, 5", "0x5", String(hidden.length)])}${end}`]);
  const lines = pick([[coding, length], [length, coding], [length, length], [coding, coding]]);
  const size = pick(["0", "3", "03", "3;x", "3 ", "3\n", "-1", "0x3", "3;\nx"]);
  const body = pick([`${size}\r\nabc\r\n0\r\n\r\n`, "0\r\n\r\n", "abc", `${size}\r\nabc${end}0${end}\r\n`]);
  return `POST / HTTP/1.1\r\nHost: a\r\n${lines.join("")}\r\n${body}${hidden}`;
} // prettier-ignore
