import type {
  DescMessage,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { type CallOptions, GrpcClient, GrpcError, Status } from "@layotto/grpc-transport";
import { codecFor } from "@layotto/proto/codec";
import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import type { ListenAddress } from "./process/address.ts";
import { join } from "node:path";
import type { ProcessContext } from "./context.ts";
import { client } from "./service/client.ts";
import { methodPath } from "./service/implement.ts";

/** The Runtime API as another sidecar sees it: through the gateway, on its internal socket. */
export interface RuntimeClient {
  /** Typed methods; calls wait until the gateway can be reached, up to their own deadline. */
  readonly api: RuntimeApi;
  /**
   * A unary method in callback form, for callers to whom a promise per call is too dear, e.g.
   * `runtime.unary(Runtime.method.getState)`. Make it once and keep it.
   */
  unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
  ): UnaryMethod<I, O>;
  close(): Promise<void>;
}

type RuntimeApi = ReturnType<typeof runtimeApi>;

/**
 * Calls a method; `done` gets its outcome once, perhaps before this returns: the reply, or why there is none. `bytes` of
 * a reply may be views into what was received.
 */
export type UnaryMethod<I extends DescMessage, O extends DescMessage> = (
  request: MessageInitShape<I>,
  options: CallOptions,
  done: (error: GrpcError | undefined, reply: MessageShape<O> | undefined) => void,
) => void;

/** Connects a sidecar to the Runtime API. Connecting happens with the first call. */
export function connectRuntime(
  context: Pick<ProcessContext, "runDir">,
  address?: ListenAddress,
): RuntimeClient {
  const target = address ?? { path: join(context.runDir, "gateway.internal.sock") };
  const connection = new GrpcClient(target);
  return {
    api: runtimeApi(connection),
    unary: (method) => unaryMethod(connection, method),
    close: () => connection.close(),
  };
}

function runtimeApi(connection: GrpcClient) {
  return client(Runtime, connection);
}

function unaryMethod<I extends DescMessage, O extends DescMessage>(
  connection: GrpcClient,
  method: DescMethodUnary<I, O>,
): UnaryMethod<I, O> {
  const path = methodPath(method);
  const requests = codecFor(method.input);
  const replies = codecFor(method.output);
  return (request, options, done) => {
    const encoded = attempt(() => requests.encode(request));
    if (encoded instanceof GrpcError) return done(encoded, undefined);
    connection.unaryCallback(path, encoded, options, (error, reply) => {
      if (reply === undefined)
        return done(error ?? new GrpcError(Status.INTERNAL, "no reply"), undefined);
      const decoded = attempt(() => replies.decode(reply.message));
      if (decoded instanceof GrpcError) done(decoded, undefined);
      else done(undefined, decoded);
    });
  };
}

function attempt<T>(convert: () => T): T | GrpcError {
  try {
    return convert();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return new GrpcError(Status.INTERNAL, text, { cause: error });
  }
}
