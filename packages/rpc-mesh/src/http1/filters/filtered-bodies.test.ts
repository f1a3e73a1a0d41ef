import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ok } from "@layotto/http1/testing";
import type { FakeFunction } from "../../extension/testing/fake-extension.ts";
import { filtered, filterOf, get, onResponse, pass, REQUEST } from "./testing/filtered.ts";

describe("filters with bodies", () => {
  const seeing = filterOf("f", { body: true });

  test("see whole bodies and trailers, and may leave them as they are", async (t) => {
    const { extension, upstream, client } = await filtered(t, [seeing], { f: pass });
    client.send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    client.send("3\r\ntwo\r\n0\r\nX-T: 1\r\n\r\n");
    const host = await upstream.next();
    await host.until("6\r\nonetwo\r\n0\r\nX-T: 1\r\n\r\n");
    host.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
    host.send("good");
    assert.match(await client.until("good"), /Content-Length: 4\r\n/u);
    const [first, second] = extension.requests;
    assert.deepEqual([String(first?.body), first?.trailers, first?.bodyFollows], [String(Buffer.from("onetwo")), ["x-t", "1"], false]); // prettier-ignore
    assert.equal(Buffer.from(second?.body ?? []).toString(), "good");
  });

  test("put other bodies in their place, with their lengths", async (t) => {
    const change: FakeFunction = ({ phase }) => ({ body: Buffer.from(phase === REQUEST ? "longer than it was" : "s") }); // prettier-ignore
    const { upstream, client } = await filtered(t, [seeing], { f: change });
    for (const request of [`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi`, get]) {
      client.send(request);
      const host = upstream.peers[0] ?? (await upstream.next());
      assert.match(await host.until("longer than it was"), /\r\ncontent-length: 18\r\n/u);
      host.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n");
      assert.equal(await client.until("\r\n\r\ns"), "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\ns");
    }
  }); // prettier-ignore

  test("change all that they say or nothing: where a part cannot be sent, an open one was not there", async (t) => {
    const change: FakeFunction = ({ headers }) => ({
      headersChanged: true,
      headers: [...headers, "y", "1"],
      body: Buffer.from("longer than it was"),
      trailersChanged: true,
      trailers: ["t", "a\nb"],
    });
    const open = filterOf("f", { body: true, onFailure: "open" });
    for (const f of [change, onResponse(change)]) {
      const { upstream, client } = await filtered(t, [open], { f });
      client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
      const host = await upstream.next();
      assert.doesNotMatch(await host.until("\r\n\r\nhi"), /y: 1/u);
      host.send(ok);
      assert.equal(await client.until("ok"), ok);
    }
  });

  test("an empty body in the place of one is no body", async (t) => {
    const { upstream, client } = await filtered(t, [seeing], { f: () => ({ body: Buffer.alloc(0) }) }); // prettier-ignore
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
    const host = await upstream.next();
    assert.match(await host.until("\r\n\r\n"), /content-length: 0\r\n/u);
    host.send(ok);
    assert.match(await client.until("\r\n\r\n"), /content-length: 0\r\n/u);
    client.send(get);
    await host.until("\r\n\r\n");
  });

  test("an answer to HEAD keeps the length that it tells of", async (t) => {
    const change = onResponse(({ headers }) => ({ headersChanged: true, headers: [...headers, "y", "1"], body: Buffer.from("no") })); // prettier-ignore
    const { upstream, client } = await filtered(t, [seeing], { f: change });
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    const host = await upstream.next();
    await host.until("\r\n\r\n");
    host.send("HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n");
    assert.match(await client.until("\r\n\r\n"), /y: 1\r\ncontent-length: 77\r\n/u);
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    await host.until("\r\n\r\n");
  });

  test("a status that allows a body, of an answer without one: its length is told", async (t) => {
    for (const part of ["304 Not Modified\r\nContent-Length: 5", "204 No Content"]) {
      for (const body of [true, false]) {
        const change = onResponse(() => ({ headersChanged: true, headers: [":status", "200", "y", "1"] })); // prettier-ignore
        const { upstream, client } = await filtered(t, [filterOf("f", { body })], { f: change });
        client.send(get + get);
        const host = await upstream.next();
        for (let i = 0; i < 2; i++) {
          await host.until("\r\n\r\n");
          host.send(`HTTP/1.1 ${part}\r\n\r\n`);
          assert.equal(await client.until("\r\n\r\n"), "HTTP/1.1 200 OK\r\ny: 1\r\ncontent-length: 0\r\n\r\n"); // prettier-ignore
        }
      }
    }
  });

  test("a status that allows no body, of an answer with one: the body is left out", async (t) => {
    for (const body of [true, false]) {
      const change = onResponse(() => ({ headersChanged: true, headers: [":status", "204"] }));
      const { upstream, client } = await filtered(t, [filterOf("f", { body })], { f: change });
      client.send(get + get);
      const host = await upstream.next();
      for (let i = 0; i < 2; i++) {
        await host.until("\r\n\r\n");
        host.send(ok);
        assert.equal(await client.until("\r\n\r\n"), "HTTP/1.1 204 No Content\r\n\r\n");
      }
      await client.rest(30).catch(() => "");
      assert.equal(client.text, "");
    }
  });

  test("tell a caller that waits for a word to go on, once", async (t) => {
    const { upstream, client } = await filtered(t, [seeing], { f: pass });
    client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert.equal(await client.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hi");
    const host = await upstream.next();
    assert.doesNotMatch(await host.until("hi"), /expect/iu);
    host.send(ok);
    assert.equal(await client.until("ok"), ok);
  });

  test("bodies beyond the limit are 413 and 502", async (t) => {
    const limits = { maxBodyBytes: 10, maxConnections: 0, idleTimeoutMs: 0 };
    const { upstream, client, proxy } = await filtered(t, [seeing], { f: pass }, { listener: { limits } }); // prettier-ignore
    client.send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n");
    assert.match(await client.rest(), /^HTTP\/1\.1 413 [^]*x-mesh-failure: PL/u);
    const other = await proxy.client();
    other.send(get);
    const host = await upstream.next();
    await host.until("\r\n\r\n");
    host.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n1\r\nx\r\n0\r\n\r\n");
    assert.match(await other.until("see all of it\n"), /^HTTP\/1\.1 502 [^]*x-mesh-failure: PL/u);
    other.send(get);
    await (await upstream.next()).until("\r\n\r\n");
  }); // prettier-ignore

  test("a body of 1 MiB is the most where the listener sets no limit", async (t) => {
    const { client } = await filtered(t, [seeing], { f: pass });
    client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n");
    client.send("x".repeat(1_048_577));
    assert.match(await client.rest(), /^HTTP\/1\.1 413 /u);
  });

  test("what they take together is limited, and given back", async (t) => {
    const { upstream, proxy, client } = await filtered(t, [seeing], { f: pass });
    const { budget } = proxy.server;
    budget.take(268_435_456 - 10);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world");
    assert.match(await client.until("later\n"), /^HTTP\/1\.1 503 [^]*x-mesh-failure: UO/u);
    const other = await proxy.client();
    other.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    const host = await upstream.next();
    await host.until("hello");
    host.send(ok);
    await other.until("ok");
    assert.equal(budget.used, 268_435_456 - 10);
  });

  test("are asked the same however requests and answers are cut", async (t) => {
    const change: FakeFunction = ({ body, headers }) => ({
      headersChanged: true,
      headers: [...headers, "y", "1"],
      ...(body === undefined ? {} : { body: Buffer.concat([body, body]) }),
    });
    for (const body of [true, false]) {
      const { upstream, client } = await filtered(t, [filterOf("f", { body })], { f: change });
      const request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
      const answer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxyz";
      const [sent, back] = body ? ["abcabc", "xyzxyz"] : ["abc", "xyz"];
      for (let cut = 1; cut < answer.length; cut++) {
        const at = Math.min(cut, request.length - 1);
        client.send(request.slice(0, at));
        await turn();
        client.send(request.slice(at));
        const host = upstream.peers[0] ?? (await upstream.next());
        await host.until(`\r\n\r\n${sent}`);
        host.send(answer.slice(0, cut));
        await turn();
        host.send(answer.slice(cut));
        assert.equal(await client.until(`\r\n\r\n${back}`), `HTTP/1.1 200 OK\r\ny: 1\r\ncontent-length: ${back.length}\r\n\r\n${back}`); // prettier-ignore
      }
    }
  });
});

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
