// InvokeService over HTTP channels, as the gateway calls it, against servers in this process.
import assert from "node:assert/strict";
import { type IncomingMessage, type ServerResponse } from "node:http";
import { type Socket } from "node:net";
import { describe, test } from "node:test";
import { Metadata, Status } from "@layotto/grpc-transport";
import { HTTPExtension_Verb as Verb } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { eventually } from "@layotto/sidecar-kit/testing";
import { failure, type Message, origin, rawOrigin, retry, setup } from "./testing/invoke.ts";

describe("InvokeService over HTTP: requests", () => {
  test("sends verb, path, query, body and metadata, and nothing of this hop", async (t) => {
    const seen: { line: string; headers: Record<string, unknown>; raw: string[]; body: string }[] =
      [];
    const host = await origin(t, (request, response, body) => {
      seen.push({ line: `${request.method} ${request.url}`, headers: request.headers, raw: request.rawHeaders, body }); // prettier-ignore
      response.end();
    });
    const { invoke } = await setup(t, { protocol: "http", hosts: [host] });
    await invoke();
    await invoke({ method: "pay", data: Buffer.from("{}"), contentType: "application/json", verb: Verb.POST, query: "a=1&b=2" }); // prettier-ignore
    await invoke({ verb: Verb.POST });
    await invoke({ data: Buffer.from("x") }, { "x-one": "1", id: "other", "x-bin-bin": "AAEC", rpc_request_timeout: "1000", rpc_request_type: "x" }); // prettier-ignore
    assert.deepEqual(
      seen.map(({ line, body }) => [line, body]),
      [
        ["GET /pay", ""],
        ["POST /pay?a=1&b=2", "{}"],
        ["POST /pay", ""],
        ["GET /pay", "x"],
      ],
    );
    assert.equal(seen[1]?.headers["content-type"], "application/json");
    assert.equal(seen[2]?.headers["content-length"], "0");
    const last = seen[3]?.headers ?? {};
    assert.deepEqual([last["id"], last["x-one"], last["x-bin-bin"], last["host"]], ["shop", "1", "AAEC", "localhost"]); // prettier-ignore
    assert.deepEqual(Object.keys(last).filter((name) => /^(:|grpc-|te$|rpc_|accept-encoding$)/.test(name)), []); // prettier-ignore
    for (const { raw } of seen) {
      const names = raw.filter((_text, i) => i % 2 === 0).map((name) => name.toLowerCase());
      assert.equal(new Set(names).size, names.length, "no header twice");
    }
  });

  const hostile: readonly (readonly [string, Message, string, RegExp])[] = [
    ["a path with a line break", { method: "/a\r\nx: y" }, "shop", /path/],
    ["a path with a blank", { method: "/a b" }, "shop", /path/],
    ["a path beyond Latin-1", { method: "/支付" }, "shop", /path/],
    ["a query with a line break", { query: "a=\r\n\r\nGET / HTTP/1.1" }, "shop", /path/],
    ["an id with a line break", {}, "shop\r\nx: y", /header "id"/],
    ["a content type with a line break", { contentType: "a/b\nx: y" }, "shop", /header "content-type"/],
  ]; // prettier-ignore
  for (const [name, message, id, text] of hostile) {
    test(`refuses ${name}, and nothing of the call stays`, async (t) => {
      let calls = 0;
      const host = await origin(t, (_request, response) => {
        calls++;
        response.end();
      });
      const mirrors = [{ cluster: "x", percent: 100, amplification: 1 }];
      const { invoke, even } = await setup(t, { protocol: "http", hosts: [host], action: { mirrors } }); // prettier-ignore
      await assert.rejects(invoke(message, {}, id), failure(Status.INVALID_ARGUMENT, text));
      await even();
      assert.equal(calls, 0);
    });
  }

  const refused: readonly (readonly [Record<string, string>, RegExp])[] = [
    [{ rpc_request_timeout: "soon" }, /"rpc_request_timeout": "soon"/],
    [{ rpc_request_timeout: "-1" }, /rpc_request_timeout/],
    [{ rpc_request_timeout: "0" }, /rpc_request_timeout/],
    [{ rpc_target_address: "nowhere" }, /"nowhere".*host:port/],
    [{ rpc_target_address: "a:70000" }, /host:port/],
    [{ rpc_target_address: "http://a:80" }, /host:port/],
    [{ rpc_target_address: "a/b:80" }, /host:port/],
  ];
  for (const [metadata, text] of refused) {
    test(`refuses ${JSON.stringify(metadata)}`, async (t) => {
      const { invoke } = await setup(t, { protocol: "http", hosts: ["127.0.0.1:1"] });
      await assert.rejects(invoke({}, metadata), failure(Status.INVALID_ARGUMENT, text));
    });
  }

  test("calls a target address without a route", async (t) => {
    const host = await origin(t, (_request, response) => response.end("direct"));
    const { invoke } = await setup(t, { protocol: "http", hosts: [] });
    const { data } = await invoke({}, { rpc_target_address: host });
    assert.equal(Buffer.from(data?.value ?? []).toString(), "direct");
  });

  test("says that the message is missing", async (t) => {
    const { raw } = await setup(t, { protocol: "http", hosts: [] });
    const request = Buffer.from([0x0a, 1, 0x61]);
    await assert.rejects(
      raw(Metadata.from([]), request),
      failure(Status.INVALID_ARGUMENT, /message/),
    );
  });
});

describe("InvokeService over HTTP: answers", () => {
  const codes: readonly (readonly [number, number])[] = [
    [400, Status.INVALID_ARGUMENT], [401, Status.UNAUTHENTICATED], [403, Status.PERMISSION_DENIED],
    [404, Status.NOT_FOUND], [408, Status.DEADLINE_EXCEEDED], [409, Status.ABORTED],
    [413, Status.RESOURCE_EXHAUSTED], [418, Status.UNKNOWN], [429, Status.RESOURCE_EXHAUSTED],
    [302, Status.UNKNOWN], [499, Status.CANCELLED], [500, Status.INTERNAL], [501, Status.UNIMPLEMENTED],
    [502, Status.UNAVAILABLE], [503, Status.UNAVAILABLE], [504, Status.DEADLINE_EXCEEDED], [509, Status.RESOURCE_EXHAUSTED],
  ]; // prettier-ignore

  for (const flatErrors of [false, true]) {
    test(`turns statuses into ${flatErrors ? "Layotto's flat" : "finer"} codes`, async (t) => {
      const host = await origin(t, (request, response) => {
        response.statusCode = Number(request.url?.slice(1));
        response.end("why");
      });
      const { invoke, even } = await setup(t, { protocol: "http", hosts: [host], flatErrors });
      for (const [status, code] of codes) {
        const wanted = flatErrors ? Status.UNAVAILABLE : code;
        const text = new RegExp(`^http response code ${status}, body: why$`);
        await assert.rejects(invoke({ method: `/${status}` }), failure(wanted, text));
      }
      if (flatErrors)
        await assert.rejects(invoke({ method: "/204" }), failure(Status.UNAVAILABLE, /204/)); // prettier-ignore
      else await invoke({ method: "/204" });
      await even();
    });
  }

  test("passes headers on as metadata, as far as they can be", async (t) => {
    const lines = [
      "HTTP/1.1 200 OK", "content-type: text/x", "content-length: 2", "x-one: 1", "x-two: a", "x-two: b",
      "connection: keep-alive", "keep-alive: timeout=5", "grpc-status: 13", "x!odd: 1", "x-latin: caf\xe9",
      "x-bad-bin: !!!", "x-good-bin: AAEC", "set-cookie: a=1", "set-cookie: b=2", "te: x", "trailer: y",
    ]; // prettier-ignore
    const host = await rawOrigin(t, `${lines.join("\r\n")}\r\n\r\nok`);
    const { raw } = await setup(t, { protocol: "http", hosts: [host] });
    const request = Buffer.from([0x1a, 0x06, 0x0a, 0x04, 0x2f, 0x70, 0x61, 0x79]);
    const { headers, trailers } = await raw(Metadata.from([]), request);
    assert.deepEqual(headers.getAll("x-two"), ["a", "b"]);
    assert.deepEqual(headers.getAll("set-cookie"), ["a=1", "b=2"]);
    assert.deepEqual([...(headers.getBinary("x-good-bin") ?? [])], [0, 1, 2]);
    assert.equal(headers.get("x-one"), "1");
    for (const name of [
      "connection",
      "keep-alive",
      "content-length",
      "te",
      "trailer",
      "x!odd",
      "x-bad-bin",
      "grpc-status",
    ]) {
      // prettier-ignore
      assert.equal(headers.get(name), undefined, name);
    }
    assert.equal(trailers.get("grpc-status") ?? "0", "0");
  });

  const broken: readonly (readonly [string, string, ((socket: Socket) => void) | undefined, number])[] = [
    ["no HTTP", "SSH-2.0-x\r\n\r\n", undefined, Status.INTERNAL],
    ["a cut answer", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", (socket) => socket.end(), Status.UNAVAILABLE],
    ["an end instead of an answer", "", (socket) => socket.end(), Status.UNAVAILABLE],
    ["a reset instead of an answer", "", (socket) => socket.resetAndDestroy(), Status.UNAVAILABLE],
    ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", undefined, Status.INTERNAL],
    ["nothing", "", undefined, Status.DEADLINE_EXCEEDED],
  ]; // prettier-ignore
  for (const [name, text, then, code] of broken) {
    test(`a service that answers with ${name} gives code ${code}`, async (t) => {
      const host = await rawOrigin(t, text, then);
      const { invoke, even } = await setup(t, { protocol: "http", hosts: [host] });
      await assert.rejects(invoke({}, { rpc_request_timeout: "300" }), failure(code, /./));
      await even();
    });
  }

  test("an answer over the limit is refused", async (t) => {
    const host = await origin(t, (_request, response) => response.end(Buffer.alloc(4_194_305)));
    const { invoke, even } = await setup(t, { protocol: "http", hosts: [host] });
    await assert.rejects(invoke(), failure(Status.RESOURCE_EXHAUSTED, /larger than 4194304/));
    await even();
  });

  test("says what is missing", async (t) => {
    const { invoke } = await setup(t, { protocol: "http", hosts: [] });
    await assert.rejects(invoke(), failure(Status.UNAVAILABLE, /cluster "x" has no hosts/));
    const none = await setup(t, { protocol: "http", hosts: ["127.0.0.1:1"] });
    await assert.rejects(
      none.invoke(),
      failure(Status.UNAVAILABLE, /cannot connect.*ECONNREFUSED/),
    );
  });
});

describe("InvokeService over HTTP: time", () => {
  test("keeps to rpc_request_timeout whatever the route allows", async (t) => {
    const host = await origin(t, () => {});
    const { invoke, even } = await setup(t, { protocol: "http", hosts: [host], action: { timeoutMs: 60_000 } }); // prettier-ignore
    const began = Date.now();
    await assert.rejects(invoke({}, { rpc_request_timeout: "100" }), failure(Status.DEADLINE_EXCEEDED, /within 100 ms/)); // prettier-ignore
    assert.ok(Date.now() - began < 20_000, "less than the route's minute");
    await even();
  });

  test("a caller that leaves, and one whose deadline passes, give the call up", async (t) => {
    let [arrived, closed] = [0, 0];
    const stop = new AbortController();
    const host = await origin(t, (_request, response) => {
      arrived++;
      response.once("close", () => closed++);
      stop.abort();
    });
    const { invoke, even, mesh } = await setup(t, { protocol: "http", hosts: [host] });
    const timeouts = () => [...mesh.clusterStates()][0]?.cluster.hosts[0]?.totals.timeouts ?? 0;
    const left = invoke({}, {}, "shop", { signal: stop.signal });
    await assert.rejects(left, { code: Status.CANCELLED });
    await eventually("the host hears of it", () => closed === 1);
    assert.equal(timeouts(), 0);
    // More than once where the machine is so busy that the caller's own end comes some milliseconds before ours.
    await eventually("the deadline speaks of the host", async () => {
      const late = invoke({}, {}, "shop", { timeoutMs: 300 });
      await assert.rejects(late, { code: Status.DEADLINE_EXCEEDED });
      return timeouts() > 0;
    });
    await eventually("the host hears of it", () => closed === arrived);
    await even();
  });

  test("hedging: an error of the second attempt does not hide the answer of the first", async (t) => {
    let calls = 0;
    let first: ServerResponse | undefined;
    const answer = (_request: IncomingMessage, response: ServerResponse): void => {
      if (++calls === 1) first = response;
      else {
        response.statusCode = 500;
        response.end();
        setTimeout(() => first?.end("first"), 150);
      }
    };
    const hosts = [await origin(t, answer), await origin(t, answer)];
    const { invoke, even } = await setup(t, { protocol: "http", hosts, action: { hedge: { maxAttempts: 2, delayMs: 20 } } }); // prettier-ignore
    const { data } = await invoke();
    assert.equal(Buffer.from(data?.value ?? []).toString(), "first");
    assert.equal(calls, 2);
    await even();
  });

  test("sends nothing twice that may have run, and retries what may", async (t) => {
    let calls = 0;
    const host = await origin(t, (_request, response) => {
      calls++;
      response.statusCode = 503;
      response.end();
    });
    const { invoke } = await setup(t, { protocol: "http", hosts: [host], action: { retry } });
    await assert.rejects(invoke({ verb: Verb.POST }), failure(Status.UNAVAILABLE, /503/));
    assert.equal(calls, 1);
    await assert.rejects(invoke({ verb: Verb.PUT }), failure(Status.UNAVAILABLE, /503/));
    assert.equal(calls, 4);
  });
});
