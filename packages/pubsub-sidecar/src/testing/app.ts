import { create, toBinary } from "@bufbuild/protobuf";
import { GrpcError, GrpcServer, Status, type UnaryCall } from "@layotto/grpc-transport";
import { codecFor } from "@layotto/proto/codec";
import {
  ListTopicSubscriptionsResponseSchema,
  type TopicEventRequest,
  TopicEventRequestSchema,
  TopicEventResponse_TopicEventResponseStatus as Answer,
  TopicEventResponseSchema,
} from "@layotto/proto/spec/proto/runtime/v1/appcallback";
import { freePort } from "@layotto/sidecar-kit/testing";

const SERVICE = "/spec.proto.runtime.v1.AppCallback";
const requests = codecFor(TopicEventRequestSchema);
const replies = codecFor(TopicEventResponseSchema);

/** What the app does with an event: answers a status of `TopicEventResponse`, or throws what the call fails with. */
export type OnEvent = (event: TopicEventRequest, call: UnaryCall) => Answer | Promise<Answer>;

/** A subscription as the app lists it. */
export interface ListedTopic {
  readonly pubsubName: string;
  readonly topic: string;
  readonly metadata?: Record<string, string>;
}

/** An application with an `AppCallback` service, which a test starts, stops and answers for. */
export class TestApp {
  readonly port: number;
  /** Events that it got, in order. */
  readonly events: TopicEventRequest[] = [];
  /** How often it was asked for its subscriptions. */
  asked = 0;
  topics: readonly ListedTopic[];
  onEvent: OnEvent = () => Answer.SUCCESS;
  #server: GrpcServer | undefined;
  #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  private constructor(port: number, topics: readonly ListedTopic[]) {
    this.port = port;
    this.topics = topics;
  }

  /** An app on a free port; it does not listen yet. */
  static async create(...topics: ListedTopic[]): Promise<TestApp> {
    return new TestApp(await freePort(), topics);
  }

  async start(): Promise<this> {
    const server = new GrpcServer();
    server.addUnary(`${SERVICE}/ListTopicSubscriptions`, (call) => {
      this.asked++;
      const subscriptions = this.topics.map((each) => ({ metadata: {}, ...each }));
      const reply = create(ListTopicSubscriptionsResponseSchema, { subscriptions });
      call.reply(toBinary(ListTopicSubscriptionsResponseSchema, reply));
    });
    server.addUnary(`${SERVICE}/OnTopicEvent`, (call, bytes) => void this.#take(call, bytes));
    await server.listen({ host: "127.0.0.1", port: this.port });
    this.#server = server;
    return this;
  }

  /** Ends at once, like a crash. */
  async stop(): Promise<void> {
    await this.#server?.close();
    this.#server = undefined;
  }

  /** Resolves when it has got so many events. */
  got(count: number, timeoutMs = 10_000): Promise<void> {
    if (this.events.length >= count) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(
          new Error(`the app got ${this.events.length} of ${count} events in ${timeoutMs} ms`),
        );
      }, timeoutMs);
      const done = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#waiting.push({ count, resolve: done });
    });
  }

  /** The data of the events as text. */
  get texts(): string[] {
    return this.events.map(({ data }) => Buffer.from(data).toString());
  }

  async #take(call: UnaryCall, bytes: Buffer): Promise<void> {
    const event = requests.decodeCopy(bytes);
    this.events.push(event);
    const ready = this.#waiting.filter(({ count }) => count <= this.events.length);
    this.#waiting = this.#waiting.filter(({ count }) => count > this.events.length);
    for (const { resolve } of ready) resolve();
    try {
      const status = await this.onEvent(event, call);
      call.reply(replies.encode({ status }));
    } catch (error) {
      call.fail(error instanceof GrpcError ? error : new GrpcError(Status.UNKNOWN, String(error)));
    }
  }
}
