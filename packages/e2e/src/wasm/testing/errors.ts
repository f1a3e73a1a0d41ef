import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { GrpcError } from "@layotto/grpc-transport";
import { ErrorInfoSchema } from "@layotto/proto/google/rpc/error_details";
import { StatusSchema } from "@layotto/proto/google/rpc/status";

/** Matches a gRPC error by its code, the reason in its details and its text. */
export function failsWith(code: number, reason: string, message = /./): (error: unknown) => boolean {
  return (error) => {
    if (!(error instanceof GrpcError)) return false;
    return error.code === code && reasonOf(error) === reason && message.test(error.message);
  };
} // prettier-ignore

/** The reason in the details of an error; "": it has none. */
export function reasonOf({ statusDetails }: GrpcError): string {
  if (statusDetails === undefined) return "";
  const { details } = fromBinary(StatusSchema, statusDetails);
  const infos = details.map((any) => anyUnpack(any, ErrorInfoSchema));
  return infos.find((info) => info !== undefined)?.reason ?? "";
}
