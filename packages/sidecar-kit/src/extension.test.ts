import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GrpcError, Status, type MessageStream } from "@layotto/grpc-transport";
import { codecFor } from "@layotto/proto/codec";
import {
  Phase,
  type ProcessRequest,
  ProcessRequestSchema,
  ProcessResponseSchema,
} from "@layotto/proto/sidecar/v1/extension";
import { ExtensionRun, processPath, type ExtensionQuestion } from "./extension.ts";
import { Histogram } from "./metrics/histogram.ts";
import { fakeClock, settle } from "./testing/fake-clock.ts";

const requests = codecFor(ProcessRequestSchema);
const responses = codecFor(ProcessResponseSchema);
const answer = Buffer.from(responses.encode({ headersChanged: true, headers: ["a", "1"] }));

const question: ExtensionQuestion = {
  phase: "request",
  headers: [":path", "/x"],
  body: Buffer.from("body"),
  trailers: ["t", "1"],
  bodyFollows: false,
  properties: ["layotto.hook", "both"],
};
const second: ExtensionQuestion = { ...question, phase: "response", body: undefined };

/** A stream that a test answers on. */
class FakeStream implements MessageStream {
  readonly sent: { message: ProcessRequest; end: boolean }[] = [];
  cancelled = 0;

  send(message: Uint8Array, end: boolean): void {
    this.sent.push({ message: requests.decode(message), end });
  }

  cancel(): void {
    this.cancelled += 1;
  }
}

class TestRun extends ExtensionRun {
  readonly stream = new FakeStream();
  readonly heard: string[] = [];
  readonly onResponse = ({ headers }: { headers: string[] }): void => {
    this.heard.push(`response ${headers.join()}`);
  };
  readonly onFailure = (why: string): void => {
    this.heard.push(why);
  };
  waits = false;
  overs = 0;

  /** The stream that was waited for is there. */
  arrive(): void {
    this.opened(this.stream);
  }

  protected override open(): MessageStream | undefined {
    return this.waits ? undefined : this.stream;
  }

  protected override onOver(): void {
    this.overs += 1;
  }
}

function start() {
  const time = fakeClock();
  const latency = new Histogram();
  const clock = { after: time.after, monotonic: () => time.now() };
  const run = new TestRun({ function: "shop", clock, latency });
  const ask = (isLast: boolean, asked = question) => run.ask(asked, 99.5, isLast, run);
  return { run, ask, time, latency, stream: run.stream, heard: run.heard };
}

describe("ExtensionRun", () => {
  test("asks phase by phase on one stream; the first question names the function", () => {
    const { run, ask, stream, heard, latency, time } = start();
    assert.equal(processPath, "/sidecar.v1.Extension/Process");
    assert.equal(run.hasBegun, false);
    ask(false);
    assert.equal(run.hasBegun, true);
    run.onMessage(answer);
    ask(true, second);
    run.onMessage(answer);
    const [one, two] = stream.sent;
    assert.deepEqual([one?.end, two?.end], [false, true]);
    const { function: name, phase, headers, trailers, properties, timeoutMs } = one?.message ?? {};
    assert.deepEqual([name, phase, timeoutMs], ["shop", Phase.REQUEST, 100]);
    assert.deepEqual([headers, trailers, properties], [[":path", "/x"], ["t", "1"], question.properties]); // prettier-ignore
    assert.equal(Buffer.from(one?.message.body ?? []).toString(), "body");
    assert.deepEqual([two?.message.function, two?.message.phase], ["", Phase.RESPONSE]);
    assert.deepEqual([two?.message.body, two?.message.properties], [undefined, []]);
    assert.deepEqual(heard, ["response a,1", "response a,1"]);
    run.onEnd(undefined);
    assert.deepEqual([heard.length, latency.count, time.pending], [2, 2, 0]);
  });

  test("fails when the time is over, and every question after it, never before it is asked", async () => {
    const { run, ask, stream, heard, time, latency } = start();
    ask(false);
    await time.advance(100);
    assert.deepEqual(heard, ["no answer within 100 ms"]);
    assert.deepEqual([stream.cancelled, run.overs], [1, 1]);
    run.onEnd(new GrpcError(Status.CANCELLED, "Call cancelled"));
    ask(true, second);
    assert.equal(heard.length, 1);
    await Promise.resolve();
    assert.deepEqual(heard, ["no answer within 100 ms", "no answer within 100 ms"]);
    assert.deepEqual([run.overs, latency.count, time.pending, stream.sent.length], [1, 2, 0, 1]);
  });

  test("says why the stream ended, in one line of bounded length", () => {
    const ends: [GrpcError | undefined, RegExp][] = [
      [undefined, /^it gave no answer$/],
      [new GrpcError(Status.UNAVAILABLE, "no\n  wasm-host"), /^UNAVAILABLE no wasm-host$/],
      [new GrpcError(Status.INTERNAL, "x".repeat(1000)), /^INTERNAL x{190}…$/],
    ];
    for (const [error, why] of ends) {
      const { run, ask, heard } = start();
      ask(true);
      run.onEnd(error);
      assert.match(heard.join(), why);
    }
  });

  test("gives the stream up over an answer that is none, or that nobody asked for", async () => {
    const odd = start();
    odd.ask(true);
    odd.run.onMessage(Buffer.from([0xff]));
    assert.deepEqual(odd.heard, ["its answer is no ProcessResponse"]);
    assert.equal(odd.stream.cancelled, 1);
    const early = start();
    early.ask(false);
    early.run.onMessage(answer);
    early.run.onMessage(answer);
    assert.deepEqual([early.heard.length, early.stream.cancelled], [1, 1]);
    early.ask(true, second);
    await settle();
    assert.deepEqual(early.heard.slice(1), ["it gave an answer that nobody asked for"]);
  });

  test("tells nothing more when it is cancelled, nor the function when its stream ends anyway", () => {
    const asked = start();
    asked.ask(true);
    asked.run.cancel();
    asked.run.onMessage(answer);
    assert.deepEqual([asked.heard, asked.stream.cancelled, asked.time.pending], [[], 1, 0]);
    const between = start();
    between.ask(false);
    between.run.onMessage(answer);
    between.run.cancel();
    assert.equal(between.stream.cancelled, 1);
    const done = start();
    done.ask(true);
    done.run.onMessage(answer);
    done.run.cancel();
    assert.equal(done.stream.cancelled, 0);
  });

  test("sends the question once the stream is there, unless nobody waits for it any more", async () => {
    const patient = start();
    patient.run.waits = true;
    patient.ask(true);
    assert.deepEqual([patient.run.hasBegun, patient.stream.sent.length], [false, 0]);
    patient.run.arrive();
    assert.deepEqual([patient.stream.sent.length, patient.stream.sent[0]?.end], [1, true]);
    const late = start();
    late.run.waits = true;
    late.ask(true);
    await late.time.advance(100);
    assert.deepEqual([late.heard, late.run.overs], [["no answer within 100 ms"], 1]);
    late.run.arrive();
    assert.deepEqual([late.stream.sent.length, late.stream.cancelled], [0, 1]);
  });
});
