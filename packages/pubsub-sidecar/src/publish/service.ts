import { create } from "@bufbuild/protobuf";
import { EmptySchema, type Empty } from "@bufbuild/protobuf/wkt";
import type { ServerCall } from "@layotto/grpc-transport";
import { Runtime, type PublishEventRequest } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import {
  implement,
  withMessage,
  type MaybePromise,
  type Metrics,
  type OperationMetrics,
  type ServiceImplementation,
  type Value,
} from "@layotto/sidecar-kit";
import type { Counters } from "../delivery/counters.ts";
import { pubsubErrors, pubsubMessages } from "../errors.ts";
import type { PubSubs } from "../pubsubs.ts";
import { messageOf } from "./message.ts";

/** Response metadata: the CloudEvent's id, and the broker's name of the message. */
const EVENT_ID = "layotto-event-id";
const MESSAGE_ID = "layotto-message-id";
const EMPTY = create(EmptySchema);

/** What the handler works with. */
export interface PublishContext {
  readonly pubsubs: PubSubs;
  readonly counters: Counters;
  readonly metrics: Pick<Metrics, "component">;
}

/** `Runtime/PublishEvent`. */
export function publishServices(context: PublishContext): ServiceImplementation[] {
  const handler = new Publish(context);
  const values = (): readonly string[] => context.pubsubs.components.names();
  return [
    implement(
      Runtime,
      { publishEvent: (request, call) => handler.publish(request, call) },
      // The envelope is a copy, and so is what goes out raw.
      { selector: { field: "pubsub_name", values }, views: true },
    ),
  ];
}

/** Request → envelope → component. The order of checks is Layotto's: name, topic, component, then the event. */
class Publish {
  readonly #context: PublishContext;
  readonly #metrics = new Map<string, OperationMetrics>();

  constructor(context: PublishContext) {
    this.#context = context;
  }

  publish(request: PublishEventRequest, call: ServerCall): MaybePromise<Empty> {
    const { pubsubName: pubsub, topic } = request;
    if (pubsub === "") throw pubsubErrors.NAME_EMPTY();
    if (topic === "") throw pubsubErrors.TOPIC_EMPTY(pubsub);
    const { pubsubs, counters } = this.#context;
    const component = pubsubs.components.get(pubsub);
    const { eventId, message } = messageOf(request, component, pubsubs, call);
    const metrics = this.#metricsOf(pubsub);
    const startedAt = metrics.begin();
    const failed = (error: unknown): never => {
      metrics.end(startedAt, true);
      throw withMessage("pubsub", error, (cause) => pubsubMessages.publish(topic, pubsub, cause));
    };
    const { published } = counters.of(pubsub, topic);
    try {
      const result = component.publish(message, call);
      if (!(result instanceof Promise)) {
        metrics.end(startedAt);
        return answered(call, published, eventId, result);
      }
      return result.then((messageId) => {
        metrics.end(startedAt);
        return answered(call, published, eventId, messageId);
      }, failed);
    } catch (error) {
      return failed(error);
    }
  }

  #metricsOf(pubsub: string): OperationMetrics {
    let found = this.#metrics.get(pubsub);
    if (found === undefined) {
      found = this.#context.metrics.component("pub_subs", pubsub).operation("publish");
      this.#metrics.set(pubsub, found);
    }
    return found;
  }
}

function answered(call: ServerCall, published: Value, eventId: string, messageId: string): Empty {
  published.add(1);
  if (eventId !== "") call.setHeader(EVENT_ID, eventId);
  if (messageId !== "") call.setHeader(MESSAGE_ID, messageId);
  return EMPTY;
}
