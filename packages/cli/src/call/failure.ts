import { fromBinary } from "@bufbuild/protobuf";
import { type GrpcError, statusName } from "@layotto/grpc-transport";

/** A status other than OK as lines for stderr: name, number and message, then reason and facts if the peer sent them. */
export async function describeFailure(error: GrpcError): Promise<string> {
  const head = `${statusName(error.code)} (${error.code}): ${error.message}`;
  const details = error.statusDetails;
  return details === undefined ? head : [head, ...(await readDetails(details))].join("\n");
}

async function readDetails(bytes: Uint8Array): Promise<string[]> {
  const { StatusSchema } = await import("@layotto/proto/google/rpc/status");
  const { ErrorInfoSchema } = await import("@layotto/proto/google/rpc/error_details");
  try {
    return fromBinary(StatusSchema, bytes).details.map(({ typeUrl, value }) => {
      if (!typeUrl.endsWith(`/${ErrorInfoSchema.typeName}`)) return `detail: ${typeUrl}`;
      const { reason, domain, metadata } = fromBinary(ErrorInfoSchema, value);
      const facts = Object.entries(metadata).map(([key, fact]) => ` ${key}=${fact}`);
      return `reason: ${reason}${domain === "" ? "" : ` (${domain})`}${facts.join("")}`;
    });
  } catch {
    return ["its details cannot be read"];
  }
}
