import { GrpcError } from "@layotto/grpc-transport";
import { RpcError, silentLogger, toGrpcError } from "@layotto/sidecar-kit";

/** Some errors are one object for many calls; what is sent of them is made once. */
const made = new WeakMap<RpcError, GrpcError>();

/** What a caller gets of an error of the gateway. */
export function wireError(error: unknown): GrpcError {
  if (error instanceof GrpcError) return error;
  if (!(error instanceof RpcError)) return toGrpcError(error, silentLogger);
  let found = made.get(error);
  if (found === undefined) {
    found = toGrpcError(error, silentLogger);
    made.set(error, found);
  }
  return found;
}
