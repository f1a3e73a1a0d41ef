import { GrpcClient } from "@layotto/grpc-transport";
import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import type { ListenAddress } from "./process/address.ts";
import { join } from "node:path";
import type { ProcessContext } from "./context.ts";
import { client } from "./service/client.ts";

/** The Runtime API as another sidecar sees it: through the gateway, on its internal socket. */
export interface RuntimeClient {
  /** Typed methods; calls wait until the gateway can be reached, up to their own deadline. */
  readonly api: RuntimeApi;
  close(): Promise<void>;
}

type RuntimeApi = ReturnType<typeof runtimeApi>;

/** Connects a sidecar to the Runtime API. Connecting happens with the first call. */
export function connectRuntime(
  context: Pick<ProcessContext, "runDir">,
  address?: ListenAddress,
): RuntimeClient {
  const target = address ?? { path: join(context.runDir, "gateway.internal.sock") };
  const connection = new GrpcClient(target);
  return { api: runtimeApi(connection), close: () => connection.close() };
}

function runtimeApi(connection: GrpcClient) {
  return client(Runtime, connection);
}
