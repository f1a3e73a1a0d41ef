import assert from "node:assert/strict";
import { connect } from "node:http2";
import { describe, test, type TestContext } from "node:test";
import { seededRandom } from "@layotto/http1/testing";
import { eventually } from "@layotto/sidecar-kit/testing";
import { startExtension, type FakeFunction } from "../extension/testing/fake-extension.ts";
import type { FilterConfig } from "../model/listener.ts";
import { assertEven, call, grpc, setup, type Handler } from "./testing/http2-mesh.ts";

const REQUEST = 1;

function filterOf(name: string, part: Partial<FilterConfig> = {}): FilterConfig {
  return { function: name, body: false, timeoutMs: 5000, onFailure: "closed", ...part };
}

async function filtered(
  t: TestContext,
  functions: Readonly<Record<string, FakeFunction>>,
  handle: Handler,
  filters: readonly FilterConfig[] = [filterOf("f")],
) {
  const extension = await startExtension(t, functions);
  const mesh = await setup(t, handle, { filters, tools: extension.tools });
  return { extension, mesh };
}

const pass: FakeFunction = () => ({});
/** Answers with the body that it got. */
const echo: Handler = (stream, headers) => {
  stream.respond({ ":status": 200, "x-path": headers[":path"], "x-y": headers["y"] });
  stream.pipe(stream);
};
/** A gRPC answer of one message, with its status in trailers. */
const grpcEcho: Handler = (stream) => {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0", "x-end": "1" }));
  stream.pipe(stream);
};

function onResponse(change: FakeFunction): FakeFunction {
  return (request) => (request.phase === REQUEST ? {} : change(request));
}

describe("filters over HTTP/2", () => {
  test("see headers of both directions and change nothing by themselves; bodies and trailers stream", async (t) => {
    const { extension, mesh } = await filtered(t, { f: pass }, grpcEcho);
    const body = Buffer.alloc(700_000, "x");
    const answer = await call(t, mesh, { ...grpc, x: "1" }, body);
    assert.equal(answer.body.length, body.length);
    assert.deepEqual([answer.trailers["grpc-status"], answer.trailers["x-end"]], ["0", "1"]);
    const [first, second] = extension.requests;
    assert.deepEqual(first?.headers.slice(0, 4), [":method", "POST", ":path", "/p"]);
    assert.deepEqual([first.headers.slice(-2), first.bodyFollows, second?.bodyFollows], [["x", "1"], true, true]); // prettier-ignore
    assert.deepEqual(second?.headers.slice(0, 4), [":status", "200", "content-type", "application/grpc"]); // prettier-ignore
    await assertEven(mesh);
    await eventually("the stream ends by itself", () => extension.streams.open === 0);
    assert.equal(extension.streams.cancelled, 0);
  });

  test("change headers, path and status, in order and in reverse", async (t) => {
    const by = (name: string): FakeFunction => ({ phase, headers }) => ({
      headersChanged: true,
      headers: phase === REQUEST
        ? [":path", "/q", ...headers.slice(6), "y", name]
        : [":status", "201", ...headers.slice(2), "x-by", name],
    }); // prettier-ignore
    const { extension, mesh } = await filtered(t, { a: by("a"), b: by("b") }, echo, [filterOf("a"), filterOf("b")]); // prettier-ignore
    const answer = await call(t, mesh, { ":method": "PUT", gone: "1" }, Buffer.from("hi"));
    assert.deepEqual([answer.status, answer.body, answer.headers["x-path"]], [201, "hi", "/q"]);
    assert.equal(answer.headers["x-by"], "b, a");
    assert.deepEqual(extension.log, ["a request", "b request", "b response", "a response"]);
    await assertEven(mesh);
  });

  test("answer themselves, to requests and instead of answers", async (t) => {
    const answer = { status: 403, headers: ["x-why", "no"], body: Buffer.from("away"), grpcStatus: 7, details: "not you" }; // prettier-ignore
    for (const f of [() => ({ answer }), onResponse(() => ({ answer }))]) {
      const { mesh } = await filtered(t, { f }, echo);
      const plain = await call(t, mesh, { ":method": "PUT" }, Buffer.alloc(300_000));
      assert.deepEqual([plain.status, plain.headers["x-why"], plain.body], [403, "no", "away"]);
      const remote = await call(t, mesh, grpc, Buffer.alloc(5));
      assert.deepEqual([remote.headers["grpc-status"], remote.headers["grpc-message"]], ["7", "not you"]); // prettier-ignore
      await assertEven(mesh);
    }
  });

  const wrong: readonly (readonly [string, FakeFunction])[] = [
    ["thinks too long", () => undefined],
    ["gives a bad header", () => ({ headersChanged: true, headers: ["x", "a\nb"] })],
    ["gives a bad path", () => ({ headersChanged: true, headers: [":path", "a b"] })],
    ["gives a status without a body to an answer with one", onResponse(() => ({ headersChanged: true, headers: [":status", "204"] }))],
    ["thinks too long about the answer", onResponse(() => undefined)],
  ]; // prettier-ignore
  for (const [name, f] of wrong) {
    test(`a function that ${name}: closed is 503, open goes on as it came`, async (t) => {
      const closed = await filtered(t, { f }, echo, [filterOf("f", { timeoutMs: 50 })]);
      const refused = await call(t, closed.mesh, { ":method": "PUT" }, Buffer.from("hi"));
      assert.deepEqual([refused.status, refused.headers["x-mesh-failure"]], [503, "FF"]);
      const open = await filtered(t, { f }, echo, [filterOf("f", { timeoutMs: 50, onFailure: "open" })]); // prettier-ignore
      const answer = await call(t, open.mesh, { ":method": "PUT" }, Buffer.from("hi"));
      assert.deepEqual([answer.status, answer.body, answer.headers["x-path"]], [200, "hi", "/p"]);
      await assertEven(closed.mesh);
      await assertEven(open.mesh);
    });
  }

  test("answers without a body, and trailers alone, go through as well", async (t) => {
    const f = onResponse(({ headers }) => ({ headersChanged: true, headers: [...headers, "y", "1"] })); // prettier-ignore
    const { mesh } = await filtered(t, { f }, (stream, headers) => {
      if (headers["te"] === undefined) stream.respond({ ":status": 304, "content-length": 5 }, { endStream: true }); // prettier-ignore
      else stream.respond({ ":status": 200, "content-type": "application/grpc", "grpc-status": "5" }, { endStream: true }); // prettier-ignore
    });
    const plain = await call(t, mesh);
    assert.deepEqual([plain.status, plain.headers["y"], plain.body], [304, "1", ""]);
    const remote = await call(t, mesh, grpc, Buffer.alloc(5));
    assert.deepEqual([remote.headers["grpc-status"], remote.headers["y"]], ["5", "1"]);
    await assertEven(mesh);
  });

  test("a host that resets while its answer is held is 502, a caller that goes away leaves nothing", async (t) => {
    let reset = (): void => {};
    const f = onResponse(() => {
      reset();
      return undefined;
    });
    const { mesh, extension } = await filtered(t, { f }, (stream) => {
      stream.respond({ ":status": 200 });
      stream.write("part");
      reset = () => stream.destroy(new Error("broken"));
    });
    const answer = await call(t, mesh);
    assert.deepEqual([answer.status, answer.headers["x-mesh-failure"]], [502, "UR"]);
    reset = () => {};
    const gone = call(t, mesh, grpc, Buffer.alloc(5));
    await eventually("it is asked", () => extension.log.length === 4);
    for (const session of mesh.sessions) session.destroy();
    assert.equal((await gone).headers["grpc-status"], "14");
    await assertEven(mesh);
  });

  test("nothing is left after functions, hosts and callers that break off anywhere", async (t) => {
    const random = seededRandom(3);
    const f: FakeFunction = ({ phase, headers }) => {
      const fate = random();
      if (fate < 0.05) return undefined;
      if (fate < 0.1) throw new Error("broken");
      if (fate < 0.2) return { answer: { status: 403, body: Buffer.from("x"), grpcStatus: -1 } };
      const status = fate < 0.3 ? "204" : "201";
      const more = phase === REQUEST ? ["y", "1"] : [":status", status, "y", "1"];
      return fate < 0.6 ? { headersChanged: true, headers: [...more, ...headers.slice(2)] } : {};
    };
    const filters = [filterOf("f", { timeoutMs: 100 }), filterOf("f", { timeoutMs: 100, onFailure: "open" })]; // prettier-ignore
    const { mesh } = await filtered(t, { f }, (stream, headers, nth) => {
      const fate = random();
      if (fate < 0.1) {
          stream.destroy(new Error("broken"));
          return;
        }
      if (fate < 0.2) setTimeout(() => stream.destroy(new Error("broken")), 5 * random());
      (nth % 2 === 0 ? echo : grpcEcho)(stream, headers, nth);
    }, filters); // prettier-ignore
    const caller = async (): Promise<void> => {
      const session = connect(mesh.url).on("error", () => {});
      const headers = random() < 0.5 ? grpc : { ":method": "PUT" };
      const stream = session.request({ ":path": "/p", ...headers }).on("error", () => {});
      stream.resume().end(Buffer.alloc(Math.floor(random() * 200_000)));
      if (random() < 0.2) setTimeout(() => session.destroy(), 10 * random());
      await new Promise((resolve) => stream.once("close", resolve));
      session.destroy();
    };
    for (let round = 0; round < 15; round++) await Promise.all(Array.from({ length: 20 }, caller));
    await assertEven(mesh);
    assert.ok(mesh.seen > 0);
  });
});
