import type { ServerCall } from "@layotto/grpc-transport";
import {
  DelayQueue,
  type DelayMessageRequest,
  type DelayMessageResponse,
} from "@layotto/proto/spec/proto/extension/v1/delay_queue/delay_queue";
import { implement, withMessage, type ServiceImplementation } from "@layotto/sidecar-kit";
import type { PubSub } from "../component.ts";
import type { Counters } from "../delivery/counters.ts";
import { delayErrors, pubsubErrors, pubsubMessages } from "../errors.ts";
import { messageOf } from "../publish/message.ts";
import type { PubSubs } from "../pubsubs.ts";

/** `DelayQueue/PublishDelayMessage`: an event that is published after a delay. */
export function delayServices(pubsubs: PubSubs, counters: Counters): ServiceImplementation[] {
  const values = (): readonly string[] => pubsubs.components.names();
  return [
    implement(
      DelayQueue,
      { publishDelayMessage: (request, call) => publishLater(pubsubs, counters, request, call) },
      { selector: { field: "component_name", values } },
    ),
  ];
}

async function publishLater(
  pubsubs: PubSubs,
  counters: Counters,
  request: DelayMessageRequest,
  call: ServerCall,
): Promise<DelayMessageResponse> {
  const { componentName: pubsub, topic, delayInSeconds } = request;
  if (!pubsubs.components.has(pubsub)) throw delayErrors.NOT_FOUND(pubsub);
  if (topic === "") throw pubsubErrors.TOPIC_EMPTY(pubsub);
  if (delayInSeconds < 0) throw delayErrors.DELAY_INVALID(delayInSeconds);
  const component = pubsubs.components.get(pubsub);
  if (component.publishLater === undefined) {
    throw delayErrors.NOT_SUPPORTED(pubsub, pubsubs.typeOf(pubsub));
  }
  const delayMs = delayInSeconds * 1000;
  const { eventId, message } = messageOf(
    { ...request, pubsubName: pubsub },
    component,
    pubsubs,
    call,
    delayMs,
  );
  try {
    const messageId = await publish(component, message, delayMs, call);
    if (delayMs === 0) counters.of(pubsub, topic).published.add(1);
    if (eventId !== "") call.setHeader("layotto-event-id", eventId);
    return {
      $typeName: "spec.proto.extension.v1.delay_queue.DelayMessageResponse",
      messageId: messageId || eventId,
    };
  } catch (error) {
    throw withMessage("delay_queue", error, (cause) =>
      pubsubMessages.publish(topic, pubsub, cause),
    );
  }
}

async function publish(
  component: PubSub,
  message: Parameters<PubSub["publish"]>[0],
  delayMs: number,
  call: ServerCall,
): Promise<string> {
  if (delayMs === 0 || component.publishLater === undefined)
    return component.publish(message, call);
  return component.publishLater(message, delayMs, call);
}
