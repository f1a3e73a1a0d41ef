import {
  type CallOptions,
  type ClientStream,
  type GrpcClient,
  GrpcError,
  Status,
  type UnaryReply,
} from "@layotto/grpc-transport";
import type { GuestEvent } from "../model/host-calls.ts";
import type { CallOut } from "./call-outs.ts";
import { flatMetadata } from "./grpc-metadata.ts";

/** A gRPC call-out in either form. */
export interface GrpcCallOut extends CallOut {
  /** A unary call has sent its message when it begins. */
  readonly unary: boolean;
  /** Sends a message; false: too much waits to be sent. */
  send(message: Uint8Array, end: boolean): boolean;
  /** The guest sends nothing more; a unary call is given up. */
  finish(): void;
}

/** What happens to a call: events for the guest, then the end, once. */
export interface GrpcCallSink {
  readonly id: number;
  deliver(event: GuestEvent): void;
  /** Resolves when the guest is not busy. */
  ready(): Promise<void>;
  over(): void;
}

/**
 * One message each way. As hosts do: a reply is its initial metadata, if there is any, then the message, which is the
 * last event; any other outcome is the event `grpc-close` alone.
 */
export function unaryCallOut(
  client: GrpcClient,
  request: { path: string; message: Uint8Array; options: CallOptions },
  sink: GrpcCallSink,
): GrpcCallOut {
  const abort = new AbortController();
  const options = { ...request.options, signal: abort.signal };
  client.unaryCallback(request.path, request.message, options, (error, reply) => {
    sink.over();
    // It may be over before the guest knows its id.
    if (!abort.signal.aborted) queueMicrotask(() => deliverOutcome(sink, error, reply));
  });
  const cancel = (): void => abort.abort();
  return { unary: true, cancel, finish: cancel, send: () => false };
}

function deliverOutcome(
  sink: GrpcCallSink,
  error: GrpcError | undefined,
  reply: UnaryReply | undefined,
): void {
  const call = sink.id;
  if (reply === undefined) return sink.deliver(closeEvent(call, error));
  const metadata = flatMetadata(reply.headers);
  if (metadata.length > 0) sink.deliver({ kind: "grpc-initial", call, metadata });
  sink.deliver({ kind: "grpc-message", call, message: reply.message });
}

/** A stream in both directions: initial metadata, messages, trailing metadata if there is any, then its status. */
export function streamCallOut(
  client: GrpcClient,
  request: { path: string; options: CallOptions; maxUnsentBytes: number },
  sink: GrpcCallSink,
): GrpcCallOut {
  const stream = client.stream(request.path, request.options);
  let cancelled = false;
  let unsent = 0;
  const live: GrpcCallSink = {
    ...sink,
    deliver: (event) => void (cancelled || sink.deliver(event)),
  };
  void pump(stream, live);
  return {
    unary: false,
    cancel: () => {
      cancelled = true;
      stream.cancel();
      sink.over();
    },
    finish: () => stream.halfClose(),
    send: (message, end) => {
      if (unsent + message.length > request.maxUnsentBytes) return false;
      unsent += message.length;
      const sent = (): void => void (unsent -= message.length);
      stream.send(message).then(sent, sent);
      if (end) stream.halfClose();
      return true;
    },
  };
}

async function pump(stream: ClientStream, sink: GrpcCallSink): Promise<void> {
  const call = sink.id;
  let outcome: GuestEvent;
  try {
    const initial = await stream.headers;
    sink.deliver({ kind: "grpc-initial", call, metadata: flatMetadata(initial) });
    for await (const message of stream) {
      sink.deliver({ kind: "grpc-message", call, message });
      await sink.ready();
    }
    const metadata = flatMetadata(await stream.trailers);
    if (metadata.length > 0) sink.deliver({ kind: "grpc-trailing", call, metadata });
    outcome = { kind: "grpc-close", call, status: Status.OK, message: "" };
  } catch (error) {
    outcome = closeEvent(call, error);
  }
  sink.over();
  sink.deliver(outcome);
}

function closeEvent(call: number, error: unknown): GuestEvent {
  if (error instanceof GrpcError)
    return { kind: "grpc-close", call, status: error.code, message: error.message };
  return { kind: "grpc-close", call, status: Status.UNKNOWN, message: "the call failed" };
}
