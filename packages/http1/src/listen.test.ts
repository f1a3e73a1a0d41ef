import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { request as plain, type ClientRequest, type IncomingMessage } from "node:http";
import { request as secure } from "node:https";
import { createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, test, type TestContext } from "node:test";
import { makeAuthority, selfSigned, tempDir } from "@layotto/sidecar-kit/testing";
import { listenHttp1, type Http1Listener, type ListenHttp1Options } from "./listen.ts";
import { rawClient } from "./testing/raw.ts";
import { WholeServer } from "./whole-server.ts";

function listening(t: TestContext, options: ListenHttp1Options): Promise<Http1Listener> {
  const server = new WholeServer(
    (request) => {
      const { peer, encrypted } = request;
      const body = Buffer.from(JSON.stringify({ peer, encrypted }));
      request.respond({ status: 200, headers: [], body });
    },
    { maxBodyBytes: 0, onFault: (error) => assert.fail(String(error)) },
  );
  return listenHttp1(options, server).then((listener) => {
    t.after(() => listener.close());
    return listener;
  });
}

async function answerTo(request: ClientRequest): Promise<unknown> {
  request.end();
  const [response] = (await once(request, "response")) as [IncomingMessage]; // what the event carries
  return JSON.parse(await text(response));
}

describe("listenHttp1", () => {
  test("listens on a free TCP port and says which", async (t) => {
    const { port, address } = await listening(t, { address: "127.0.0.1:0" });
    assert.equal(address, `127.0.0.1:${port}`);
    const seen = await answerTo(plain({ host: "127.0.0.1", port }));
    assert.deepEqual(seen, { peer: "127.0.0.1", encrypted: false });
  });

  test("a unix socket is for this user only, and is taken over by the next listener", async (t) => {
    const socketPath = join(tempDir(t), "functions.sock");
    for (let generation = 0; generation < 2; generation++) {
      const { port } = await listening(t, { address: `unix:${socketPath}` });
      assert.equal(port, undefined);
      assert.equal(statSync(socketPath).mode & 0o777, 0o600);
      const seen = await answerTo(plain({ socketPath, agent: false }));
      assert.deepEqual(seen, { peer: "", encrypted: false });
    }
  });

  test("serves TLS, and only those with a certificate where one is wanted", async (t) => {
    const dir = tempDir(t);
    const files = selfSigned(dir);
    const [cert, key] = [readFileSync(files.cert), readFileSync(files.key)];
    const open = await listening(t, { address: "127.0.0.1:0", tls: { cert, key } });
    const to = { host: "127.0.0.1", ca: cert, agent: false };
    const seen = await answerTo(secure({ ...to, port: open.port }));
    assert.deepEqual(seen, { peer: "127.0.0.1", encrypted: true });

    const authority = makeAuthority(dir);
    const ca = readFileSync(authority.cert);
    const tls = { cert, key, ca, requestClientCert: true };
    const { port } = await listening(t, { address: "127.0.0.1:0", tls });
    await assert.rejects(answerTo(secure({ ...to, port })));
    const own = authority.issue("caller");
    const mine = { cert: readFileSync(own.cert), key: readFileSync(own.key) };
    assert.deepEqual(await answerTo(secure({ ...to, ...mine, port })), seen);
  });

  test("uses a listening socket that was handed over", async (t) => {
    const handle = createServer().listen(0, "127.0.0.1");
    await once(handle, "listening");
    t.after(() => handle.close());
    const { port, address } = await listening(t, { address: "127.0.0.1:9", handle });
    assert.equal(address, `127.0.0.1:${port}`);
    await answerTo(plain({ host: "127.0.0.1", port }));
  });

  test("an address that is taken is a StartError that names it", async (t) => {
    const { address } = await listening(t, { address: "127.0.0.1:0" });
    await assert.rejects(listening(t, { address }), new RegExp(`Cannot listen on "${address}": the address is in use`, "u")); // prettier-ignore
  });

  test("connections beyond the limit are closed at once", async (t) => {
    const { port = 0 } = await listening(t, { address: "127.0.0.1:0", maxConnections: 1 });
    const first = await rawClient(t, port);
    first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await first.until("}");
    const second = await rawClient(t, port);
    assert.equal(await second.rest(), "");
  });

  test("drain refuses new connections and ends those that are idle", async (t) => {
    const { port = 0, drain } = await listening(t, { address: "127.0.0.1:0" });
    const idle = await rawClient(t, port);
    idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await idle.until("}");
    const drained = drain(10_000);
    assert.equal(await idle.rest(), "");
    await drained;
    await assert.rejects(rawClient(t, port), /ECONNREFUSED/u);
  });
});
