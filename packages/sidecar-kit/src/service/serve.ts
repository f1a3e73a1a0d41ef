import type { DescMessage, Message, MessageInitShape } from "@bufbuild/protobuf";
import {
  Status,
  type GrpcError,
  type GrpcServer,
  type StreamCall,
  type UnaryCall,
} from "@layotto/grpc-transport";
import { type Codec, codecFor } from "@layotto/proto/codec";
import type { Logger } from "../logger.ts";
import type { MethodMetrics } from "../metrics/method-metrics.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { hasBytes } from "./has-bytes.ts";
import type { MethodImplementation, ServiceImplementation } from "./implement.ts";
import { toGrpcError, unparsableRequest } from "./to-grpc-error.ts";

/** The part of `GrpcServer` that services need; a fake suffices in tests. */
export type ServiceRegistry = Pick<GrpcServer, "addUnary" | "addStream">;

/** What serving needs beside the services. */
export interface ServeOptions {
  logger: Logger;
  metrics: Metrics;
}

/** Registers all methods of these services with a server. */
export function serve(
  server: ServiceRegistry,
  services: readonly ServiceImplementation[],
  options: ServeOptions,
): void {
  for (const service of services) {
    for (const method of service.methods) {
      const one = new ServedMethod(method, options);
      if (method.desc.methodKind === "unary")
        server.addUnary(method.path, (call, bytes) => one.unary(call, bytes));
      else server.addStream(method.path, (call) => one.stream(call));
    }
  }
}

/** One method: decode, handle, encode, count. The unary path makes no promise and no closure unless the handler does. */
class ServedMethod {
  readonly #method: MethodImplementation;
  readonly #logger: Logger;
  readonly #metrics: MethodMetrics;
  readonly #request: Codec<Message>;
  readonly #reply: Codec<Message, MessageInitShape<DescMessage>>;
  readonly #copies: boolean;
  readonly #handler: MethodImplementation["handler"];

  constructor(method: MethodImplementation, { logger, metrics }: ServeOptions) {
    this.#method = method;
    this.#logger = logger;
    this.#metrics = metrics.method(method.path);
    this.#request = codecFor(method.desc.input);
    this.#reply = codecFor(method.desc.output);
    this.#copies = hasBytes(method.desc.input) && !method.views;
    this.#handler = method.handler;
  }

  unary(call: UnaryCall, bytes: Buffer): void {
    const startedAt = this.#metrics.begin();
    this.#metrics.received(bytes.length);
    let result: unknown;
    try {
      result = this.#handler(this.#decode(bytes), call);
      if (!isPromise(result)) {
        this.#send(call, result, startedAt);
        return;
      }
    } catch (error) {
      this.#fail(call, error, startedAt);
      return;
    }
    void this.#later(call, result, startedAt);
  }

  async stream(call: StreamCall): Promise<void> {
    const startedAt = this.#metrics.begin();
    let code: number = Status.OK;
    try {
      await this.#run(call);
    } catch (error) {
      const failure = this.#convert(error, call);
      code = failure.code;
      throw failure;
    } finally {
      this.#metrics.end(code, startedAt);
    }
  }

  async #run(call: StreamCall): Promise<void> {
    const { methodKind } = this.#method.desc;
    if (methodKind === "client_streaming") {
      await this.#sendOne(call, await this.#handler(this.#requests(call), call));
      return;
    }
    const request =
      methodKind === "server_streaming" ? await this.#only(call) : this.#requests(call);
    const replies = this.#handler(request, call) as AsyncIterable<unknown>;
    for await (const reply of replies) await this.#sendOne(call, reply);
  }

  async *#requests(call: StreamCall): AsyncGenerator<Message> {
    for await (const bytes of call) {
      this.#metrics.received(bytes.length);
      yield this.#decode(bytes);
    }
  }

  async #only(call: StreamCall): Promise<Message> {
    for await (const request of this.#requests(call)) return request;
    throw unparsableRequest(
      new Error(`Cannot answer: there was no ${this.#method.desc.input.typeName}`),
    );
  }

  async #sendOne(call: StreamCall, reply: unknown): Promise<void> {
    const bytes = this.#encode(reply);
    this.#metrics.sent(bytes.length);
    await call.send(bytes);
  }

  async #later(call: UnaryCall, result: Promise<unknown>, startedAt: number): Promise<void> {
    try {
      this.#send(call, await result, startedAt);
    } catch (error) {
      this.#fail(call, error, startedAt);
    }
  }

  #send(call: UnaryCall, reply: unknown, startedAt: number): void {
    const bytes = this.#encode(reply);
    this.#metrics.sent(bytes.length);
    this.#metrics.end(Status.OK, startedAt);
    call.reply(bytes);
  }

  #fail(call: UnaryCall, error: unknown, startedAt: number): void {
    const failure = this.#convert(error, call);
    this.#metrics.end(failure.code, startedAt);
    call.fail(failure);
  }

  #convert(error: unknown, call: UnaryCall | StreamCall): GrpcError {
    // A client library often turns an abort into an error of its own: the reason of the call is what counts.
    if (call.cancelled && isAbortOf(error, call))
      return toGrpcError(call.signal.reason, this.#logger);
    return toGrpcError(error, this.#logger);
  }

  #decode(bytes: Uint8Array): Message {
    try {
      return this.#copies ? this.#request.decodeCopy(bytes) : this.#request.decode(bytes);
    } catch (error) {
      throw unparsableRequest(error);
    }
  }

  #encode(reply: unknown): Uint8Array {
    // Handlers are typed to return an object that fits; any message type will do for the codec.
    return this.#reply.encode(reply as MessageInitShape<DescMessage>);
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise;
}

function isAbortOf(error: unknown, call: UnaryCall | StreamCall): boolean {
  return error === call.signal.reason || (error instanceof Error && error.name === "AbortError");
}
