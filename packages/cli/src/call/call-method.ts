import type { DescMethod } from "@bufbuild/protobuf";
import type { CallOptions, GrpcClient } from "@layotto/grpc-transport";
import { jsonCodec } from "./json-messages.ts";

/**
 * Calls a method of any kind: requests as JSON texts in, replies as JSON texts out.
 *
 * @param requests one text for a unary or server-streaming method, any number otherwise
 * @param onReply takes each reply as one line of JSON
 * @throws {GrpcError} when the status is not OK
 */
export async function callMethod(
  client: Pick<GrpcClient, "unary" | "stream">,
  method: DescMethod,
  requests: AsyncIterable<string>,
  options: CallOptions,
  onReply: (json: string) => void,
): Promise<void> {
  const codec = jsonCodec(method);
  const path = `/${method.parent.typeName}/${method.name}`;
  if (method.methodKind === "unary") {
    const { message } = await client.unary(path, codec.encode(await first(requests)), options);
    return onReply(codec.decode(message));
  }
  const single = method.methodKind === "server_streaming";
  const messages = single ? [codec.encode(await first(requests))] : undefined;
  const stream = client.stream(path, options);
  const sending = send();
  for await (const reply of stream) onReply(codec.decode(reply));
  await sending;

  async function send(): Promise<void> {
    try {
      if (messages !== undefined) for (const message of messages) await stream.send(message);
      else for await (const json of requests) await stream.send(codec.encode(json));
      stream.halfClose();
    } catch (error) {
      stream.cancel();
      throw error;
    }
  }
}

/** The one request of a method that takes one; none at all is an empty message. */
async function first(requests: AsyncIterable<string>): Promise<string> {
  for await (const request of requests) return request;
  return "{}";
}
