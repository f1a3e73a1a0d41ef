import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import type { Http2Stream } from "@layotto/grpc-transport";
import { deferred } from "@layotto/sidecar-kit";
import { eventually } from "@layotto/sidecar-kit/testing";
import { runtime, startHooked } from "../testing/hooked.ts";

const path = `/${runtime}/GetFile`;
const piece = 16_000;
const pieces = 60;

/** A hook that wants whole replies before a method of which nobody says that it answers with a stream. */
async function streaming(t: TestContext, first: number, section: Record<string, unknown> = {}) {
  const more = deferred<void>();
  const { api, gateway } = await startHooked(t, {
    hooks: [{ method: path, function: "shop", when: "after", on_failure: "open" }],
    functions: { shop: () => ({}) },
    handlers: {
      async *getFile() {
        yield { data: Buffer.alloc(first) };
        yield { data: Buffer.from("b") };
        await more.promise;
        for (let i = 0; i < pieces; i += 1) yield { data: Buffer.alloc(piece) };
      },
    },
    section,
    files: [],
  });
  const connection = gateway.upstreams[0]?.pick(path)?.client.connection;
  assert.ok(connection != null);
  const opened = t.mock.method(connection, "openStream");
  const reply = api.getFile({}, { timeoutMs: 30_000 });
  const leg = (): Http2Stream => {
    const stream = opened.mock.calls[0]?.result;
    assert.ok(stream !== undefined);
    return stream;
  };
  return { reply, connection, leg, more };
}

describe("the window of a reply that was held", () => {
  const cases: [string, number, Record<string, unknown>?][] = [
    ["turns out to be a stream", 60_000],
    ["turns out to be a stream, its first message larger than a window", 200_000],
    ["is too long for its hooks", 300_000, { maxMessageBytes: 100_000 }],
  ];
  for (const [name, first, section] of cases) {
    test(`is returned once when it ${name}`, async (t) => {
      const { reply, connection, leg, more } = await streaming(t, first, section);
      let received = 0;
      for await (const { data } of reply) {
        received += data.length;
        const { receiveWindow } = leg();
        const { streamWindowBytes } = connection;
        assert.ok(receiveWindow <= streamWindowBytes, `${receiveWindow} of ${streamWindowBytes}`);
        if (received !== first + 1) continue;
        // All has left: what is not returned yet waits for more of it.
        await eventually("the window", () => leg().receiveWindow * 2 > streamWindowBytes);
        more.resolve();
      }
      assert.equal(received, first + 1 + pieces * piece);
    });
  }
});
