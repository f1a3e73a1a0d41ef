import type { GuestScope, Received } from "../abi/guest-scope.ts";
import type { GuestEvent } from "../model/host-calls.ts";
import type { GuestInstance } from "./instance.ts";
import type { Steps } from "./steps.ts";

type CallOutEvent = Extract<GuestEvent, { call: number }>;

/** Tells a guest of an event. What came of a call-out goes to the context that made it, or after its end to the root. */
export function* tell(event: GuestEvent, scope: GuestScope, instance: GuestInstance): Steps<void> {
  const { root } = scope;
  switch (event.kind) {
    case "tick": {
      const tick = instance.enter("proxy_on_tick", root);
      if (tick !== undefined) yield [tick, root.id];
      return;
    }
    case "queue-ready": {
      const ready = instance.enter("proxy_on_queue_ready", root);
      if (ready !== undefined) yield [ready, root.id, event.queue];
      return;
    }
    default:
      yield* tellOfCallOut(event, scope, instance);
  }
}

function* tellOfCallOut(
  event: CallOutEvent,
  scope: GuestScope,
  instance: GuestInstance,
): Steps<void> {
  const context = scope.callOutContext(event.call);
  if (context === undefined) return;
  if (isLast(event, scope)) scope.closeCallOut(event.call);
  const [name, received, ...sizes] = callbackOf(event);
  const callback = instance.enter(name, context);
  if (callback === undefined) return;
  scope.received = received;
  // SDKs find the call by the root context, whichever context made it.
  yield [callback, scope.root.id, event.call, ...sizes];
  scope.received = undefined;
}

/** Nothing follows it: of a unary gRPC call that is its message, or what it failed with. */
function isLast({ kind, call }: CallOutEvent, scope: GuestScope): boolean {
  if (kind === "grpc-message") return scope.callOut(call) === "grpc-call";
  return kind === "http-response" || kind === "grpc-close";
}

function callbackOf(event: CallOutEvent): [name: string, received: Received, ...sizes: number[]] {
  switch (event.kind) {
    case "http-response": {
      const { headers, body, trailers } = event;
      const received = {
        maps: { 6: headers, 7: trailers },
        buffers: { 4: body },
        status: [httpStatus(headers), ""] as const,
      };
      return [
        "proxy_on_http_call_response",
        received,
        headers.length / 2,
        body.length,
        trailers.length / 2,
      ];
    }
    case "grpc-initial":
      return [
        "proxy_on_grpc_receive_initial_metadata",
        { maps: { 4: event.metadata } },
        event.metadata.length / 2,
      ];
    case "grpc-message":
      return ["proxy_on_grpc_receive", { buffers: { 5: event.message } }, event.message.length];
    case "grpc-trailing":
      return [
        "proxy_on_grpc_receive_trailing_metadata",
        { maps: { 5: event.metadata } },
        event.metadata.length / 2,
      ];
    case "grpc-close":
      return ["proxy_on_grpc_close", { status: [event.status, event.message] }, event.status];
  }
}

function httpStatus(headers: readonly string[]): number {
  const at = headers.indexOf(":status");
  return at === -1 ? 0 : Number(headers[at + 1]) >>> 0;
}
