import type {
  DescMessage,
  DescMethod,
  Message,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { GenService, GenServiceMethods } from "@bufbuild/protobuf/codegenv2";
import { type CallOptions, type GrpcClient, GrpcError, Status } from "@layotto/grpc-transport";
import { codecFor } from "@layotto/proto/codec";
import { methodPath } from "./implement.ts";

type Requests<I extends DescMessage> = AsyncIterable<MessageInitShape<I>>;

/** How one method is called, by its kind. */
export type ClientMethod<M> = M extends {
  methodKind: infer K;
  input: infer I extends DescMessage;
  output: infer O extends DescMessage;
}
  ? K extends "unary"
    ? (request: MessageInitShape<I>, options?: CallOptions) => Promise<MessageShape<O>>
    : K extends "server_streaming"
      ? (request: MessageInitShape<I>, options?: CallOptions) => AsyncIterable<MessageShape<O>>
      : K extends "client_streaming"
        ? (requests: Requests<I>, options?: CallOptions) => Promise<MessageShape<O>>
        : (requests: Requests<I>, options?: CallOptions) => AsyncIterable<MessageShape<O>>
  : never;

/** A typed client. Calls reject with `GrpcError`. */
export type Client<S extends GenServiceMethods> = { readonly [M in keyof S]: ClientMethod<S[M]> };

/** The part of `GrpcClient` that a typed client needs. */
export type CallChannel = Pick<GrpcClient, "unary" | "stream">;

/** Makes a typed client over a connection: `await client(Runtime, connection).sayHello({ serviceName: "hello" })`. */
export function client<S extends GenServiceMethods>(
  service: GenService<S>,
  channel: CallChannel,
): Client<S> {
  const methods: Record<string, unknown> = {};
  for (const desc of service.methods) methods[desc.localName] = callerOf(desc, channel);
  // Built from the same descriptor that the type is computed from.
  return methods as Client<S>;
}

function callerOf(desc: DescMethod, channel: CallChannel): unknown {
  const path = methodPath(desc);
  const request = codecFor(desc.input);
  const reply = codecFor(desc.output);
  // The public type of each method says which fields there are.
  const encode = (message: unknown) => request.encode(message as MessageInitShape<DescMessage>);
  const open = (requests: AsyncIterable<unknown>, options?: CallOptions) =>
    exchange(channel, path, mapped(requests, encode), reply.decode, options);
  switch (desc.methodKind) {
    case "unary":
      return async (message: unknown, options?: CallOptions) =>
        reply.decode((await channel.unary(path, encode(message), options)).message);
    case "server_streaming":
      return (message: unknown, options?: CallOptions) => open(once(message), options);
    case "client_streaming":
      return (messages: AsyncIterable<unknown>, options?: CallOptions) =>
        only(open(messages, options));
    case "bidi_streaming":
      return open;
  }
}

async function* exchange(
  channel: CallChannel,
  path: string,
  requests: AsyncIterable<Uint8Array>,
  decode: (bytes: Uint8Array) => Message,
  options: CallOptions | undefined,
): AsyncGenerator<Message> {
  const stream = channel.stream(path, options);
  const sending = sendAll(stream, requests);
  // The call's status tells about a failed send; without this the send would also be an unhandled rejection.
  sending.catch(() => stream.cancel());
  let finished = false;
  try {
    for await (const bytes of stream) yield decode(bytes);
    finished = true;
  } finally {
    if (!finished) stream.cancel();
  }
}

async function sendAll(
  stream: { send(message: Uint8Array): Promise<void>; halfClose(): void },
  requests: AsyncIterable<Uint8Array>,
): Promise<void> {
  for await (const bytes of requests) await stream.send(bytes);
  stream.halfClose();
}

async function* mapped<A, B>(items: AsyncIterable<A>, change: (item: A) => B): AsyncGenerator<B> {
  for await (const item of items) yield change(item);
}

async function* once<T>(item: T): AsyncGenerator<T> {
  yield item;
}

async function only<T>(items: AsyncIterable<T>): Promise<T> {
  for await (const item of items) return item;
  throw new GrpcError(Status.INTERNAL, "server ended the call without a message");
}
