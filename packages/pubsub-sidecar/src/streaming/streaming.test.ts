import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { fromBinary, toBinary, create, type MessageInitShape } from "@bufbuild/protobuf";
import type { ClientStream } from "@layotto/grpc-transport";
import {
  TopicEventResponse_TopicEventResponseStatus as Answer,
  type TopicEventRequest,
} from "@layotto/proto/spec/proto/runtime/v1/appcallback";
import {
  SubscribeTopicEventsRequestSchema,
  SubscribeTopicEventsResponseSchema,
} from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { Status } from "@layotto/sidecar-kit";
import { eventually, temporaryDirectory } from "@layotto/sidecar-kit/testing";
import { startSidecar, type StartedSidecar } from "../testing/sidecar.ts";

type RequestType = NonNullable<
  MessageInitShape<typeof SubscribeTopicEventsRequestSchema>["subscribeTopicEventsRequestType"]
>;

const PATH = "/spec.proto.runtime.v1.Runtime/SubscribeTopicEvents";

/** The client's side of one streaming subscription. */
class TestStream {
  readonly stream: ClientStream;
  readonly #replies: AsyncIterator<Uint8Array>;

  constructor(sidecar: StartedSidecar) {
    this.stream = sidecar.channel.stream(PATH);
    this.#replies = this.stream[Symbol.asyncIterator]();
  }

  send(type: RequestType): Promise<void> {
    const request = create(SubscribeTopicEventsRequestSchema, {
      subscribeTopicEventsRequestType: type,
    });
    return this.stream.send(toBinary(SubscribeTopicEventsRequestSchema, request));
  }

  initial(value: { pubsubName?: string; topic?: string; [key: string]: unknown }): Promise<void> {
    return this.send({ case: "initialRequest", value });
  }

  processed(id: string, status: Answer = Answer.SUCCESS): Promise<void> {
    return this.send({ case: "eventProcessed", value: { id, status: { status } } });
  }

  /** The next answer; undefined when the stream has ended with OK. @throws its status otherwise */
  async next() {
    const { done, value } = await this.#replies.next();
    if (done === true) return undefined;
    return fromBinary(SubscribeTopicEventsResponseSchema, value).subscribeTopicEventsResponseType;
  }

  async event(): Promise<TopicEventRequest> {
    const answer = await this.next();
    assert.ok(answer?.case === "eventMessage", `got ${answer?.case}`);
    return answer.value;
  }
}

describe("SubscribeTopicEvents", () => {
  let sidecar: StartedSidecar;
  beforeEach(async () => {
    sidecar = await startSidecar({ pub_subs: { p: { type: "in-memory" } } });
  });
  afterEach(() => sidecar.close());

  const publish = (text: string, topic = "t") =>
    sidecar.runtime.publishEvent({ pubsubName: "p", topic, data: Buffer.from(text) });

  async function subscribe(more: object = {}): Promise<TestStream> {
    const stream = new TestStream(sidecar);
    await stream.initial({ pubsubName: "p", topic: "t", ...more });
    assert.equal((await stream.next())?.case, "initialResponse");
    return stream;
  }

  const text = (event: TopicEventRequest) => Buffer.from(event.data).toString();

  it("answers the initial request, sends events and takes their answers", async () => {
    const stream = await subscribe();
    await publish("1");
    const event = await stream.event();
    assert.equal(text(event), "1");
    assert.equal(event.pubsubName, "p");
    await stream.processed(event.id);
    stream.stream.halfClose();
    assert.equal(await stream.next(), undefined);
  });

  it("refuses what is no initial request, in Layotto's order and words", async () => {
    const refused = async (message: string, begin: (stream: TestStream) => Promise<void>) => {
      const stream = new TestStream(sidecar);
      await begin(stream);
      await assert.rejects(stream.next(), { code: Status.INVALID_ARGUMENT, message });
    };
    await refused("initial request is required", (stream) => stream.processed("1"));
    await refused("initial request is required", async (stream) => stream.stream.halfClose());
    await refused("pubsubName is required", (stream) => stream.initial({}));
    await refused("topic is required", (stream) => stream.initial({ pubsubName: "x" }));
    await refused("pubsub x is not initialized.", (stream) =>
      stream.initial({ pubsubName: "x", topic: "t" }),
    );
    const stream = await subscribe();
    await stream.initial({ pubsubName: "p", topic: "t" });
    await assert.rejects(stream.next(), {
      code: Status.INVALID_ARGUMENT,
      message: "duplicate initial request received",
    });
  });

  it("two streams on one topic share its events", async () => {
    const metadata = { concurrency: "1" };
    const [a, b] = [await subscribe({ metadata }), await subscribe({ metadata })];
    await publish("1");
    await publish("2");
    const got = await Promise.all([a.event(), b.event()]);
    assert.deepEqual(got.map(text).toSorted(), ["1", "2"]);
  });

  it("what a stream has not answered when it ends goes to another", async () => {
    const a = await subscribe();
    await publish("1");
    assert.equal(text(await a.event()), "1");
    const b = await subscribe();
    a.stream.cancel();
    assert.equal(text(await b.event()), "1");
  });

  it("the subscription with the broker ends with its last stream, and events wait for the next", async () => {
    const stream = await subscribe();
    stream.stream.cancel();
    await eventually("the end of the subscription", async () => {
      const { topics } = await sidecar.topics.list({});
      return topics.every(
        (each) => each.subscription === undefined || each.subscription.sinks.length === 0,
      );
    });
    await publish("1");
    assert.equal(text(await (await subscribe()).event()), "1");
  });

  it("RETRY brings the event again, with the number of the attempt; DROP with a dead-letter topic does not", async () => {
    const stream = await subscribe({ metadata: { retryInterval: "1ms" }, deadLetterTopic: "dead" });
    await publish("1");
    const first = await stream.event();
    await stream.processed(first.id, Answer.RETRY);
    const second = await stream.event();
    assert.equal(second.id, first.id);
    assert.equal(second.metadata["layotto-delivery-attempt"], "2");
    await stream.processed(second.id, Answer.DROP);
    await eventually("the dead letter", async () => {
      const { messages } = await sidecar.topics.peek({ pubsub: "p", topic: "dead", waitMs: 50 });
      return messages[0]?.eventId === first.id;
    });
  });

  it("an event that is not answered in time is tried again", async () => {
    const metadata = { deliveryTimeout: "50ms", retryInterval: "1ms" };
    const stream = await subscribe({ metadata });
    await publish("1");
    const first = await stream.event();
    const second = await stream.event();
    assert.equal(second.id, first.id);
    await stream.processed(second.id);
  });

  it("refuses metadata that cannot be used, naming it", async () => {
    const stream = new TestStream(sidecar);
    await stream.initial({ pubsubName: "p", topic: "t", metadata: { concurrency: "many" } });
    await assert.rejects(stream.next(), {
      code: Status.INVALID_ARGUMENT,
      message: /^Cannot use metadata concurrency = "many"/,
    });
  });

  it("a drain ends the stream with UNAVAILABLE after what it has was answered", async () => {
    const stream = await subscribe();
    await publish("1");
    const event = await stream.event();
    const drained = sidecar.drain();
    await stream.processed(event.id);
    await assert.rejects(stream.next(), { code: Status.UNAVAILABLE });
    await drained;
  });

  it("a stream that answers nothing holds no more than its concurrency", async () => {
    const stream = await subscribe({ metadata: { concurrency: "2", prefetch: "4" } });
    for (let i = 0; i < 20; i++) await publish(String(i));
    assert.deepEqual([text(await stream.event()), text(await stream.event())], ["0", "1"]);
    const { topics } = await sidecar.topics.list({});
    assert.equal(topics[0]?.subscription?.unsettled, 4);
  });

  it("refuses a dead-letter topic that the broker cannot have", async (t) => {
    const { path, remove } = temporaryDirectory();
    const embedded = { pub_subs: { p: { type: "embedded" } } };
    const durable = await startSidecar(embedded, { dataDir: path });
    t.after(async () => {
      await durable.close();
      remove();
    });
    const stream = new TestStream(durable);
    const deadLetterTopic = "x".repeat(2000);
    await stream.initial({ pubsubName: "p", topic: "t", deadLetterTopic });
    await assert.rejects(stream.next(), {
      code: Status.INVALID_ARGUMENT,
      message: /^Cannot use topic "xxx/,
    });
  });
});
