import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ErrorCode, Flag } from "../frame/constants.ts";
import { HeaderField } from "../hpack/field.ts";
import { HeaderList } from "../hpack/header-list.ts";
import { defaultLimits } from "../limits.ts";
import { BandwidthEstimator } from "./bandwidth.ts";
import { ConnectionError } from "./connection-error.ts";
import { Flood, FloodGuard } from "./flood-guard.ts";
import { headOf, HeadKind } from "./head.ts";
import { HeaderAssembler } from "./header-assembler.ts";
import { Keepalive } from "./keepalive.ts";
import { RecentIds } from "./recent-ids.ts";
import { StreamRegistry } from "./stream-registry.ts";
import { StreamTable } from "./stream-table.ts";
import type { Http2Stream } from "./stream.ts";

const isCode =
  (code: number) =>
  (error: unknown): boolean =>
    error instanceof ConnectionError && error.code === code;

const listOf = (fields: readonly (readonly [string, string])[], oversize = false): HeaderList =>
  new HeaderList(
    fields.map(([name, value]) => new HeaderField(name, value)),
    oversize,
  );

const good = [
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/a"],
] as const;

describe("headOf", () => {
  test("keeps what a request says", () => {
    const list = listOf([
      ...good,
      ["content-type", "application/grpc"],
      ["grpc-timeout", "1S"],
      ["content-length", "5"],
      ["te", "trailers"],
    ]);
    const head = headOf(list, HeadKind.REQUEST);
    assert.equal(head.malformed, null);
    assert.deepEqual(
      [head.method, head.path, head.contentType, head.timeout, head.contentLength],
      ["POST", "/a", "application/grpc", "1S", 5],
    );
    assert.equal(headOf(list, HeadKind.REQUEST), head, "validated once");
    assert.notEqual(headOf(list, HeadKind.TRAILERS).malformed, null, "but for one use only");
  });

  const bad: Record<string, readonly (readonly [string, string])[]> = {
    "no method": good.slice(1),
    "no path": good.slice(0, 2),
    "empty path": [...good.slice(0, 2), [":path", ""]],
    "a pseudo field twice": [...good, [":path", "/b"]],
    "a pseudo field after others": [["a", "b"], ...good],
    "an unknown pseudo field": [...good, [":protocol", "x"]],
    "a field of responses": [...good, [":status", "200"]],
    "an upper-case name": [...good, ["Abc", "x"]],
    "an empty name": [...good, ["", "x"]],
    "a line break in a value": [...good, ["a", "b\r\nc: d"]],
    "a NUL in a value": [...good, ["a", "b\0"]],
    connection: [...good, ["connection", "close"]],
    "transfer-encoding": [...good, ["transfer-encoding", "chunked"]],
    "te other than trailers": [...good, ["te", "gzip"]],
    "a content-length that is no number": [...good, ["content-length", "-1"]],
    "contradicting content-lengths": [...good, ["content-length", "1"], ["content-length", "2"]],
  };
  for (const [name, fields] of Object.entries(bad)) {
    test(`refuses ${name}`, () => {
      assert.notEqual(headOf(listOf(fields), HeadKind.REQUEST).malformed, null);
    });
  }

  test("wants a status of three digits in responses, and none in trailers", () => {
    assert.equal(headOf(listOf([[":status", "204"]]), HeadKind.RESPONSE).status, 204);
    for (const status of ["", "20", "2000", "abc", "020"]) {
      const head = headOf(listOf([[":status", status]]), HeadKind.RESPONSE);
      assert.notEqual(head.malformed, null, status);
    }
    assert.notEqual(headOf(listOf([[":status", "200"]]), HeadKind.TRAILERS).malformed, null);
    assert.equal(headOf(listOf([["grpc-status", "0"]]), HeadKind.TRAILERS).malformed, null);
  });

  test("does not miss what was cut off an oversize list", () => {
    assert.equal(headOf(listOf(good.slice(0, 1), true), HeadKind.REQUEST).malformed, null);
  });
});

describe("FloodGuard", () => {
  test("throws beyond the rate and starts afresh each second", () => {
    const guard = new FloodGuard({ ...defaultLimits, maxPingsPerSecond: 2 });
    for (let second = 0; second < 3; second++) {
      guard.count(Flood.PING);
      guard.count(Flood.PING);
      assert.throws(() => guard.count(Flood.PING), isCode(ErrorCode.ENHANCE_YOUR_CALM));
      guard.refill();
    }
  });

  test("useful frames earn an allowance for everything but resets", () => {
    const limits = { ...defaultLimits, maxPingsPerSecond: 1, maxRapidResetsPerSecond: 1 };
    const guard = new FloodGuard(limits);
    guard.earn();
    guard.count(Flood.PING);
    guard.count(Flood.PING);
    assert.throws(() => guard.count(Flood.PING));
    guard.count(Flood.RAPID_RESET);
    assert.throws(() => guard.count(Flood.RAPID_RESET));
  });
});

describe("BandwidthEstimator", () => {
  test("doubles the window when a sample fills two thirds of it, up to the largest", () => {
    const estimator = new BandwidthEstimator(300, 1000);
    const sample = (bytes: number): boolean => {
      assert.ok(estimator.begin());
      assert.equal(estimator.begin(), false, "one sample at a time");
      estimator.add(bytes);
      return estimator.end();
    };
    assert.equal(sample(199), false);
    assert.equal(sample(200), true);
    assert.equal(estimator.windowBytes, 600);
    assert.equal(sample(600), true);
    assert.equal(estimator.windowBytes, 1000);
    assert.equal(estimator.begin(), false, "nothing left to gain");
    assert.equal(estimator.end(), false, "an answer that nobody asked for");
  });
});

describe("StreamTable", () => {
  const streamOf = (id: number): Http2Stream => ({ id }) as Http2Stream; // only the id is looked at

  test("finds what is in it, and nothing else, whatever the identifiers", () => {
    const table = new StreamTable();
    const model = new Map<number, Http2Stream>();
    let state = 1;
    const random = (below: number): number => {
      state = (state * 48_271) % 0x7fff_ffff;
      return state % below;
    };
    for (let step = 0; step < 20_000; step++) {
      const id = 2 * random(3000) + 1;
      const known = model.get(id);
      assert.equal(table.get(id), known);
      if (known === undefined) {
        const stream = streamOf(id);
        model.set(id, stream);
        table.add(stream);
      } else {
        model.delete(id);
        table.delete(known);
      }
      assert.equal(table.size, model.size);
    }
    assert.deepEqual(new Set(table.toArray().map(({ id }) => id)), new Set(model.keys()));
    table.delete(streamOf(9999));
    assert.equal(table.size, model.size);
  });
});

describe("StreamRegistry", () => {
  test("knows idle streams on both sides", () => {
    const server = new StreamRegistry(true);
    server.lastPeerId = 5;
    assert.deepEqual(
      [1, 5, 7, 2].map((id) => server.isIdle(id)),
      [false, false, true, true],
    );
    const client = new StreamRegistry(false);
    assert.deepEqual([client.takeNextId(), client.takeNextId()], [1, 3]);
    assert.deepEqual(
      [1, 3, 5, 2].map((id) => client.isIdle(id)),
      [false, false, true, true],
    );
  });
});

describe("RecentIds", () => {
  test("remembers at least the last 768, and forgets in the end", () => {
    const ids = new RecentIds();
    assert.equal(ids.has(1), false);
    for (let i = 1; i <= 5000; i++) {
      ids.add(i);
      for (const back of [0, 1, 15, 63, 255, 767]) {
        if (back < i) assert.ok(ids.has(i - back), `${i - back} of ${i}`);
      }
    }
    assert.equal(ids.has(1), false);
  });
});

describe("HeaderAssembler", () => {
  test("puts a block together", () => {
    const assembler = new HeaderAssembler(defaultLimits);
    const shared = Buffer.from("ab");
    assembler.begin(3, true, shared);
    shared.fill(0);
    assert.equal(assembler.streamId, 3);
    assert.equal(assembler.continue(3, 0, Buffer.from("cd")), null);
    const block = assembler.continue(3, Flag.END_HEADERS, Buffer.from("e"));
    assert.equal(block?.toString(), "abcde");
    assert.equal(assembler.streamId, 0);
    assert.ok(assembler.endStream);
  });

  test("refuses CONTINUATION of nothing or of another stream", () => {
    const assembler = new HeaderAssembler(defaultLimits);
    const piece = Buffer.from("x");
    assert.throws(() => assembler.continue(1, 0, piece), isCode(ErrorCode.PROTOCOL_ERROR));
    assembler.begin(1, false, piece);
    assert.throws(() => assembler.continue(3, 0, piece), isCode(ErrorCode.PROTOCOL_ERROR));
  });

  test("refuses too many frames, empty ones too, and too many bytes", () => {
    const frames = new HeaderAssembler({ ...defaultLimits, maxContinuationFrames: 2 });
    frames.begin(1, false, Buffer.alloc(0));
    for (let i = 0; i < 2; i++) frames.continue(1, 0, Buffer.alloc(0));
    const calm = isCode(ErrorCode.ENHANCE_YOUR_CALM);
    assert.throws(() => frames.continue(1, 0, Buffer.alloc(0)), calm);
    const bytes = new HeaderAssembler({ ...defaultLimits, maxHeaderBlockBytes: 10 });
    bytes.begin(1, false, Buffer.alloc(10));
    assert.throws(() => bytes.continue(1, 0, Buffer.alloc(1)), calm);
  });
});

describe("Keepalive", () => {
  const off = Number.POSITIVE_INFINITY;
  const options = { keepaliveMs: 100, keepaliveTimeoutMs: 50, maxIdleMs: off, maxAgeMs: off };

  test("pings after silence, and finds the peer dead without an answer", () => {
    const keepalive = new Keepalive(options, 0);
    assert.equal(keepalive.look(99, false, 1), "none");
    assert.equal(keepalive.look(100, false, 1), "ping");
    assert.equal(keepalive.look(149, false, 1), "none");
    assert.equal(keepalive.look(150, false, 1), "dead");
  });

  test("an answer starts the silence anew", () => {
    const keepalive = new Keepalive(options, 0);
    assert.equal(keepalive.look(100, false, 0), "ping");
    assert.equal(keepalive.look(120, true, 0), "none");
    assert.equal(keepalive.look(219, false, 0), "none");
    assert.equal(keepalive.look(220, false, 0), "ping");
  });

  test("drains idle and old connections, and still finds dead ones among them", () => {
    const idle = new Keepalive({ ...options, keepaliveMs: off, maxIdleMs: 500 }, 0);
    assert.equal(idle.look(400, false, 1), "none");
    assert.equal(idle.look(899, false, 0), "none");
    assert.equal(idle.look(900, false, 0), "drain");
    const old = new Keepalive({ ...options, maxAgeMs: 1000 }, 0);
    assert.equal(old.look(990, true, 1), "none");
    assert.equal(old.look(1001, false, 1), "drain");
    assert.equal(old.look(1090, false, 1), "ping");
    assert.equal(old.look(1140, false, 1), "dead");
  });
});
