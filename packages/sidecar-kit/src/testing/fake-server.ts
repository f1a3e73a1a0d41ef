import { type GrpcError, Metadata, type StreamCall, type UnaryCall } from "@layotto/grpc-transport";
import type { CallChannel } from "../service/client.ts";
import type { ServiceRegistry } from "../service/serve.ts";

type Unary = Parameters<ServiceRegistry["addUnary"]>[1];
type Stream = Parameters<ServiceRegistry["addStream"]>[1];

/** A registry without a network: a test calls the handlers directly. */
export interface FakeServer extends ServiceRegistry {
  /** Calls a unary method; rejects with the GrpcError that the method failed with. */
  unary(path: string, message: Uint8Array, options?: FakeCallOptions): Promise<Uint8Array>;
  /** Calls a streaming method with all its requests; yields the responses. */
  stream(
    path: string,
    messages: AsyncIterable<Uint8Array>,
    options?: FakeCallOptions,
  ): AsyncGenerator<Uint8Array>;
  readonly paths: string[];
  /** A channel for `client()`, straight into the handlers. */
  readonly channel: CallChannel;
}

/** What a test may say about a call. */
export interface FakeCallOptions {
  metadata?: Metadata | undefined;
  signal?: AbortSignal | undefined;
}

/** Creates a {@link FakeServer}. */
export function fakeServer(): FakeServer {
  const unaries = new Map<string, Unary>();
  const streams = new Map<string, Stream>();
  const unary: FakeServer["unary"] = (path, message, options = {}) =>
    new Promise((resolve, reject: (error: GrpcError) => void) => {
      // Not a spread: that would freeze the getter `cancelled`.
      const call: UnaryCall = Object.assign(callOf(path, options), {
        reply: resolve,
        fail: reject,
      });
      unaries.get(path)?.(call, Buffer.from(message));
    });
  async function* stream(
    path: string,
    messages: AsyncIterable<Uint8Array>,
    options: FakeCallOptions = {},
  ) {
    const sent: Uint8Array[] = [];
    let wake = () => {};
    let done = false;
    const call: StreamCall = Object.assign(callOf(path, options), {
      sendHeaders: () => {},
      send: async (message: Uint8Array) => {
        sent.push(message);
        wake();
      },
      [Symbol.asyncIterator]: () =>
        messages[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, undefined>,
    });
    const running = Promise.resolve(streams.get(path)?.(call)).finally(() => {
      done = true;
      wake();
    });
    running.catch(() => {}); // thrown to the reader below
    while (!done || sent.length > 0) {
      const next = sent.shift();
      if (next === undefined) await new Promise<void>((resolve) => (wake = resolve));
      else yield next;
    }
    await running;
  }
  return {
    addUnary: (path, handler) => void unaries.set(path, handler),
    addStream: (path, handler) => void streams.set(path, handler),
    unary,
    stream,
    get paths() {
      return [...unaries.keys(), ...streams.keys()].sort();
    },
    channel: {
      unary: async (path, message, options) => ({
        message: Buffer.from(
          await unary(path, message, { metadata: options?.metadata, signal: options?.signal }),
        ),
        headers: new Metadata(),
        trailers: new Metadata(),
      }),
      stream: () => {
        throw new Error("streams have no fake channel");
      },
    },
  };
}

function callOf(path: string, { metadata = new Metadata(), signal }: FakeCallOptions) {
  const used = signal ?? new AbortController().signal;
  return {
    path,
    metadata,
    header: (name: string) => metadata.get(name),
    deadlineMs: undefined,
    signal: used,
    peer: "test",
    compress: false,
    get cancelled() {
      return used.aborted;
    },
    setHeader: () => {},
    setTrailer: () => {},
    onCancel: (listener: () => void) => used.addEventListener("abort", listener, { once: true }),
  };
}
