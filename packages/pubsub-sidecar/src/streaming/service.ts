import type { ServerCall } from "@layotto/grpc-transport";
import {
  Runtime,
  type SubscribeTopicEventsRequest,
  type SubscribeTopicEventsRequestInitial,
  type SubscribeTopicEventsResponseSchema,
} from "@layotto/proto/spec/proto/runtime/v1/runtime";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Clock, implement, type ServiceImplementation } from "@layotto/sidecar-kit";
import type { Subscriptions } from "../delivery/subscriptions.ts";
import { pubsubErrors } from "../errors.ts";
import type { PubSubs } from "../pubsubs.ts";
import { StreamSink } from "./stream-sink.ts";

type Reply = MessageInitShape<typeof SubscribeTopicEventsResponseSchema>;
type Requests = AsyncIterable<SubscribeTopicEventsRequest>;

/** What the handler works with. */
export interface StreamingContext {
  readonly pubsubs: PubSubs;
  readonly subscriptions: Subscriptions;
  readonly clock: Clock;
}

/** `Runtime/SubscribeTopicEvents`: an app takes the messages of a topic on a stream that it opens. */
export class StreamingService {
  readonly #context: StreamingContext;
  readonly #open = new Set<StreamSink>();

  constructor(context: StreamingContext) {
    this.#context = context;
  }

  services(): ServiceImplementation[] {
    const values = (): readonly string[] => this.#context.pubsubs.components.names();
    const field = "initial_request.pubsub_name";
    return [
      implement(
        Runtime,
        { subscribeTopicEvents: (requests, call) => this.#subscribe(requests, call) },
        { selector: { field, values } },
      ),
    ];
  }

  /** Ends all streams; their callers are told to come again. */
  end(): void {
    for (const sink of this.#open) sink.end(pubsubErrors.STREAM_ENDING());
  }

  async *#subscribe(requests: Requests, call: ServerCall): AsyncGenerator<Reply> {
    const incoming = requests[Symbol.asyncIterator]();
    const initial = initialOf(await incoming.next());
    const { sink, opened, detach } = this.#attach(initial);
    this.#open.add(sink);
    try {
      await opened;
      yield { subscribeTopicEventsResponseType: { case: "initialResponse", value: {} } };
      void readAnswers(incoming, sink, call);
      for (;;) {
        const event = await sink.next();
        if (event === undefined) return;
        yield { subscribeTopicEventsResponseType: { case: "eventMessage", value: event } };
      }
    } finally {
      this.#open.delete(sink);
      detach();
      sink.end();
    }
  }

  #attach(initial: SubscribeTopicEventsRequestInitial) {
    const { pubsubs, subscriptions, clock } = this.#context;
    const { pubsubName: pubsub, topic, metadata, deadLetterTopic } = initial;
    if (subscriptions.draining) throw pubsubErrors.STREAM_ENDING();
    if (!pubsubs.components.has(pubsub)) throw pubsubErrors.STREAM_NOT_FOUND(pubsub);
    const component = pubsubs.components.get(pubsub);
    pubsubs.checkTopic(pubsub, component, topic);
    const own = deadLetterTopic ? { ...metadata, deadLetterTopic } : metadata;
    const { options, faults } = pubsubs.deliveryOf(pubsub, own);
    const [fault] = faults;
    if (fault !== undefined) {
      const key = String(fault.path[0]);
      throw pubsubErrors.METADATA_INVALID(key, own[key] ?? "", fault.message);
    }
    // Found out only with the first dead letter otherwise, which would then be tried for ever.
    if (options.deadLetterTopic !== undefined) {
      pubsubs.checkTopic(pubsub, component, options.deadLetterTopic);
    }
    const sink = new StreamSink({
      pubsub,
      topic,
      options,
      metadata,
      clock,
      changed: () => attached.subscription.changed(),
    });
    const attached = subscriptions.attach(pubsub, topic, sink);
    return { sink, ...attached };
  }
}

/** @throws RpcError INITIAL_REQUEST_REQUIRED … in Layotto's order of checks */
function initialOf({
  done,
  value,
}: IteratorResult<SubscribeTopicEventsRequest, unknown>): SubscribeTopicEventsRequestInitial {
  const type = done === true ? undefined : value.subscribeTopicEventsRequestType;
  if (type?.case !== "initialRequest") throw pubsubErrors.INITIAL_REQUEST_REQUIRED();
  if (type.value.pubsubName === "") throw pubsubErrors.STREAM_NAME_REQUIRED();
  if (type.value.topic === "") throw pubsubErrors.STREAM_TOPIC_REQUIRED();
  return type.value;
}

/** Takes the app's answers until it ends its half of the stream, which ends the subscription. */
async function readAnswers(
  incoming: AsyncIterator<SubscribeTopicEventsRequest>,
  sink: StreamSink,
  call: ServerCall,
): Promise<void> {
  try {
    for (;;) {
      const { done, value } = await incoming.next();
      if (done === true) return sink.end();
      const { subscribeTopicEventsRequestType: type } = value;
      if (type.case === "initialRequest") throw pubsubErrors.INITIAL_REQUEST_DUPLICATE();
      if (type.case === "eventProcessed")
        sink.processed(type.value.id, type.value.status?.status ?? 0);
    }
  } catch (error) {
    // Errors of a call are GrpcErrors, and what is thrown above is an RpcError.
    sink.end(call.cancelled || !(error instanceof Error) ? undefined : error);
  }
}
