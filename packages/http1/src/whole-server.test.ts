import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "@layotto/sidecar-kit/testing";
import { echo, fakeHttp1Clock, startWhole } from "./testing/whole.ts";
import type { WholeRequest } from "./whole-request.ts";

const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const body = Buffer.from("ok");

function ok(request: WholeRequest): void {
  request.respond({ status: 200, headers: [], body });
}

function post(length: number, rest = ""): string {
  return `POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n${rest}\r\n`;
}

describe("WholeServer, requests", () => {
  test("hands over method, path with query, host, lines in lower case, body, trailers and peer", async (t) => {
    const whole = await startWhole(t);
    const client = await whole.client();
    client.send("PUT /a?b=c HTTP/1.1\r\nHost: a:1\r\nX-One: 1\r\nx-one: Two\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\nX-T: y\r\n\r\n"); // prettier-ignore
    const request = await whole.next();
    const { method, path, authority, headers, trailers, peer, encrypted } = request;
    assert.deepEqual({ method, path, authority, peer, encrypted }, { method: "PUT", path: "/a?b=c", authority: "a:1", peer: "127.0.0.1", encrypted: false }); // prettier-ignore
    assert.deepEqual(headers, ["host", "a:1", "x-one", "1", "x-one", "Two", "transfer-encoding", "chunked"]); // prettier-ignore
    assert.equal(request.body.toString(), "abcd");
    assert.deepEqual(trailers, ["x-t", "y"]);
  });

  test("a body is the receiver's to keep: what comes later does not change it", async (t) => {
    const whole = await startWhole(t);
    const client = await whole.client();
    client.send(`${post(4)}keep`);
    const first = await whole.next();
    first.respond({ status: 200, headers: [], body });
    await client.until("ok");
    client.send(`${post(4)}lost`);
    await whole.next();
    assert.equal(first.body.toString(), "keep");
  });

  test("the lines of a request that differs from the one before are its own", async (t) => {
    const whole = await startWhole(t, {}, echo);
    const client = await whole.client();
    for (const value of ["1", "1", "2", "1"]) {
      client.send(`GET / HTTP/1.1\r\nHost: a\r\nX: ${value}\r\n\r\n`);
      assert.match(await client.until("!"), new RegExp(`host\\|a\\|x\\|${value} !$`, "u"));
    }
  });

  test("requests that are sent ahead are handed over one by one and answered in order", async (t) => {
    const whole = await startWhole(t);
    const client = await whole.client();
    client.send(`${post(3)}one${post(3)}two${get}`);
    for (const expected of ["one", "two", ""]) {
      const request = await whole.next();
      assert.equal(request.body.toString(), expected);
      await Promise.resolve();
      request.respond({ status: 200, headers: [], body: Buffer.from(`<${expected}>`) });
    }
    const text = await client.until("<>");
    assert.ok(text.indexOf("<one>") < text.indexOf("<two>"));
  });

  test("Expect: 100-continue is answered before the body is sent, other expectations with 417", async (t) => {
    const whole = await startWhole(t, {}, echo);
    const client = await whole.client();
    client.send(post(2, "Expect: 100-continue\r\n"));
    assert.equal(await client.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hi");
    assert.match(await client.until("!"), /^HTTP\/1\.1 200 OK\r\n[^]* hi!$/u);
    client.send(post(2, "Expect: more\r\n"));
    assert.match(await client.rest(), /^HTTP\/1\.1 417 /u);
  });

  test("requests of HTTP/1.0 end their connection unless they ask for more", async (t) => {
    const whole = await startWhole(t, {}, echo);
    const client = await whole.client();
    client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert.match(await client.until("!"), /\r\nconnection: keep-alive\r\n/u);
    client.send("GET / HTTP/1.0\r\n\r\n");
    assert.match(await client.rest(), /\r\nconnection: close\r\n/u);
  });
});

describe("WholeServer, answers", () => {
  const answers: readonly (readonly [string, readonly string[], RegExp])[] = [
    ["headers go out as they are", ["X-A", "1", "x-a", "2"], /\r\nX-A: 1\r\nx-a: 2\r\n/u],
    ["framing, hop and date are ours", ["Content-Length", "9", "date", "x", "connection", "close", ":status", "404", "Transfer-Encoding", "gzip", "x", "y"], /^HTTP\/1\.1 200 OK\r\ndate: [^\r]+GMT\r\nx: y\r\ncontent-length: 2\r\n\r\nok$/u],
    ["a line feed in a value is refused", ["x", "a\r\nb: c"], /^HTTP\/1\.1 500 .*does? not allow/su],
    ["a NUL in a value is refused", ["x", "a\0"], /^HTTP\/1\.1 500 /u],
    ["a character beyond one octet is refused", ["x", "\u{1F600}"], /^HTTP\/1\.1 500 /u],
    ["a name that is no token is refused", ["x y", "a"], /^HTTP\/1\.1 500 /u],
    ["an empty name is refused", ["", "a"], /^HTTP\/1\.1 500 /u],
  ]; // prettier-ignore
  for (const [name, headers, expected] of answers) {
    test(name, async (t) => {
      const whole = await startWhole(t, {}, (request) =>
        request.respond({ status: 200, headers, body }),
      );
      const client = await whole.client();
      client.send(get);
      const head = await client.until("\r\n\r\n");
      const length = Number(/content-length: (\d+)/u.exec(head)?.[1]);
      await eventually("the body", () => client.text.length === length);
      assert.match(head + client.text, expected);
    });
  }

  for (const status of [0, 99, 101, 199, 600, 200.5, Number.NaN]) {
    test(`status ${status} is refused`, async (t) => {
      const whole = await startWhole(t, {}, (request) => request.respond({ status, headers: [], body })); // prettier-ignore
      const client = await whole.client();
      client.send(get);
      assert.match(await client.until("\r\n"), /^HTTP\/1\.1 500 /u);
    });
  }

  test("HEAD, 204 and 304 have no body, whatever was given", async (t) => {
    const whole = await startWhole(t);
    const client = await whole.client();
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    ok(await whole.next());
    assert.match(await client.until("\r\n\r\n"), /\r\ncontent-length: 2\r\n/u);
    for (const status of [204, 304]) {
      client.send(get);
      (await whole.next()).respond({ status, headers: [], body, trailers: ["x", "y"] });
      const text = await client.until("\r\n\r\n");
      assert.match(text, new RegExp(`^HTTP/1.1 ${status} `, "u"));
      assert.doesNotMatch(text, /content-length|transfer-encoding/u);
    }
    client.send(get);
    ok(await whole.next());
    assert.match(await client.until("ok"), /^HTTP\/1\.1 200/u);
  });

  test("trailers go out behind a chunked body; to HTTP/1.0 and HEAD they are left out", async (t) => {
    const whole = await startWhole(t, {}, (request) =>
      request.respond({ status: 200, headers: [], body, trailers: ["x-t", "1", "Content-Length", "3", "set-cookie", "a"] }),
    ); // prettier-ignore
    const client = await whole.client();
    client.send(get);
    assert.match(await client.until("x-t: 1\r\n\r\n"), /\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-t: 1\r\n\r\n$/u); // prettier-ignore
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.match(await client.until("\r\n\r\n"), /content-length: 2\r\n/u);
    client.send("GET / HTTP/1.0\r\n\r\n");
    assert.match(await client.rest(), /content-length: 2\r\n[^]*\r\n\r\nok$/u);
  });

  test("an answer of many buffers arrives whole", async (t) => {
    const large = Buffer.alloc(3_000_000, "x");
    const whole = await startWhole(t, {}, (request) =>
      request.respond({ status: 200, headers: [], body: large }),
    );
    const client = await whole.client();
    client.send("GET / HTTP/1.0\r\n\r\n");
    const text = await client.rest();
    assert.equal(text.length - text.indexOf("\r\n\r\n") - 4, large.length);
  });

  test("a handler that throws is told of and answered with 500; the connection lives on", async (t) => {
    const whole = await startWhole(t, {}, (request) => {
      if (request.path === "/bad") throw new Error("no");
      ok(request);
    });
    const client = await whole.client();
    client.send("GET /bad HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.match(await client.until("answered\n"), /^HTTP\/1\.1 500 /u);
    client.send(get);
    await client.until("ok");
    assert.equal(whole.faults.length, 1);
  });

  test("a second answer to one request is told of and changes nothing", async (t) => {
    const whole = await startWhole(t);
    const client = await whole.client();
    client.send(get + get);
    const first = await whole.next();
    ok(first);
    first.respond({ status: 500, headers: [], body });
    ok(await whole.next());
    const text = (await client.until("ok")) + (await client.until("ok"));
    assert.doesNotMatch(text, / 500 /u);
    assert.match(String(whole.faults[0]), /GET \/ was answered twice/u);
  });
});

describe("WholeServer, refusals", () => {
  test("what breaks the rules is 400 with a lingering close, and is counted", async (t) => {
    const whole = await startWhole(t, {}, ok);
    const client = await whole.client();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
    assert.match(await client.rest(), /^HTTP\/1\.1 400 [^]*connection: close\r\n\r\nmore than one Host\n$/u); // prettier-ignore
    assert.equal(whole.server.malformed, 1);
  });

  test("too many header lines are 431", async (t) => {
    const whole = await startWhole(t, {}, ok);
    const client = await whole.client();
    client.send(`GET / HTTP/1.1\r\nHost: a\r\n${"x: y\r\n".repeat(101)}\r\n`);
    assert.match(await client.rest(), /^HTTP\/1\.1 431 /u);
  });

  test("its own answers have the form that they are given", async (t) => {
    const refusal = (status: number, text: string) => ({
      status,
      lines: "content-type: application/json\r\n",
      body: Buffer.from(JSON.stringify({ text })),
    });
    const whole = await startWhole(t, { maxBodyBytes: 4, refusal });
    const announced = await whole.client();
    announced.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n");
    assert.match(await announced.rest(), /^HTTP\/1\.1 413 [^]*application\/json[^]*\{"text":/u);
    const grown = await whole.client();
    grown.send("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n");
    assert.match(await grown.rest(), /^HTTP\/1\.1 413 [^]*application\/json[^]*\{"text":/u);
  });

  test("a body that is announced as too large is 413 at once, one that grows too large when it has", async (t) => {
    const whole = await startWhole(t, { maxBodyBytes: 5 }, ok);
    const [one, two, three] = [await whole.client(), await whole.client(), await whole.client()];
    one.send(post(6, "Expect: 100-continue\r\n"));
    assert.match(await one.rest(), /^HTTP\/1\.1 413 [^]*connection: close/u);
    two.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\nabc\r\n0\r\n\r\n"); // prettier-ignore
    assert.match(await two.rest(), /^HTTP\/1\.1 413 /u);
    three.send(`${post(5)}abcde`);
    assert.match(await three.until("ok"), /^HTTP\/1\.1 200 /u);
    assert.equal(whole.server.bodyBytes, 0);
  });

  test("bodies of all requests together are limited: more get 503, and room comes back", async (t) => {
    const whole = await startWhole(t, { maxBufferedBytes: 10 });
    const [one, two, three] = [await whole.client(), await whole.client(), await whole.client()];
    one.send(`${post(9)}123456`);
    await eventually("it is read", () => whole.server.bodyBytes === 6);
    two.send(`${post(5)}12345`);
    assert.match(await two.rest(), /^HTTP\/1\.1 503 /u);
    one.socket.destroy();
    await eventually("room", () => whole.server.bodyBytes === 0);
    three.send(`${post(5)}12345`);
    ok(await whole.next());
    await three.until("ok");
    assert.equal(whole.server.bodyBytes, 0);
  });

  test("a body and a head that do not come in time are 408", async (t) => {
    const clock = fakeHttp1Clock();
    const whole = await startWhole(t, { clock });
    const [slow, half] = [await whole.client(), await whole.client()];
    const [body, head] = [`${post(5)}12`, "GET / HT"];
    slow.send(body);
    half.send(head);
    await eventually("both are there", () => whole.received() === body.length + head.length);
    for (let i = 0; i < 40; i++) await clock.advance(1000);
    assert.match(await half.rest(), /^HTTP\/1\.1 408 /u);
    for (let i = 0; i < 40; i++) await clock.advance(1000);
    assert.match(await slow.rest(), /^HTTP\/1\.1 408 /u);
    assert.equal(whole.server.bodyBytes, 0);
  });

  test("a caller that sends much ahead and takes no answers is not read on, and gets all in the end", async (t) => {
    let handled = 0;
    const large = Buffer.alloc(2000, "x");
    const whole = await startWhole(t, {}, (request) => {
      handled++;
      request.respond({ status: 200, headers: [], body: large });
    });
    const client = await whole.client();
    client.socket.pause();
    const requests = 30_000;
    client.send(get.repeat(requests));
    let [last, since] = [0, Date.now()];
    await eventually("it stands still", () => {
      if (handled !== last) [last, since] = [handled, Date.now()];
      return handled > 0 && Date.now() - since > 300;
    });
    assert.ok(handled < requests, `${handled} were answered`);
    let taken = 0;
    client.socket.on("data", (chunk: Buffer) => {
      taken += chunk.length;
      client.text = "";
    });
    client.socket.resume();
    await eventually("all", () => handled === requests && taken > requests * 2000, 20_000);
  });
});

describe("WholeServer, ends", () => {
  test("a caller that goes away cancels its request, once; the answer then goes nowhere", async (t) => {
    const whole = await startWhole(t);
    const client = await whole.client();
    client.send(get);
    const request = await whole.next();
    let cancels = 0;
    request.onCancel = () => cancels++;
    client.socket.destroy();
    await eventually("cancelled", () => cancels === 1);
    ok(request);
    await eventually("closed", () => whole.server.connections === 0);
    assert.deepEqual([cancels, whole.faults], [1, []]);
  });

  test("a caller that goes away in the middle of its body is never handed over", async (t) => {
    const whole = await startWhole(t, {}, () => assert.fail("it was handed over"));
    const client = await whole.client();
    client.send(`${post(10)}half`);
    await eventually("it is read", () => whole.server.bodyBytes === 4);
    client.socket.destroy();
    await eventually("closed", () => whole.server.connections === 0);
    assert.equal(whole.server.bodyBytes, 0);
  });

  test("drain: idle connections end, the others with their answer, which says so", async (t) => {
    const whole = await startWhole(t);
    const [busy, idle] = [await whole.client(), await whole.client()];
    busy.send(get);
    const request = await whole.next();
    await eventually("both are there", () => whole.server.connections === 2);
    const drained = whole.server.drain(10_000);
    assert.equal(await idle.rest(), "");
    ok(request);
    assert.match(await busy.rest(), /connection: close\r\n\r\nok$/u);
    await drained;
    assert.equal(whole.server.connections, 0);
  });

  test("drain: what takes longer than the grace is cut off and cancelled", async (t) => {
    const clock = fakeHttp1Clock();
    const whole = await startWhole(t, { clock });
    const client = await whole.client();
    client.send(get);
    const request = await whole.next();
    const cancelled = new Promise<void>((resolve) => (request.onCancel = resolve));
    const drained = whole.server.drain(1000);
    await clock.advance(1001);
    await Promise.all([drained, cancelled, client.rest()]);
  });

  test("an idle connection is closed, one whose answer takes its time is not", async (t) => {
    const clock = fakeHttp1Clock();
    const whole = await startWhole(t, { clock, idleTimeoutMs: 5000 });
    const client = await whole.client();
    client.send(get);
    const request = await whole.next();
    for (let i = 0; i < 100; i++) await clock.advance(4000);
    ok(request);
    await client.until("ok");
    for (let i = 0; i < 4; i++) await clock.advance(2000);
    assert.equal(await client.rest(), "");
  });
});
