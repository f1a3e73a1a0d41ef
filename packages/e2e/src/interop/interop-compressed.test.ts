/** The compressed interop cases, with grpc-js as the client that accepts and sends gzip; directly and through the gateway. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { fromBinary } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import {
  SimpleRequestSchema,
  SimpleResponseSchema,
  StreamingInputCallRequestSchema,
  StreamingInputCallResponseSchema,
  StreamingOutputCallRequestSchema,
  StreamingOutputCallResponseSchema,
} from "@layotto/proto/grpc/testing/messages";

import { type Peer, type PeerKind, peerKinds } from "./peers.ts";
import { encode, testMethods } from "./test-service.ts";

const identity = (bytes: Buffer): Buffer => bytes;
const gzip = { "grpc.default_compression_algorithm": grpc.compressionAlgorithms.gzip };
const REQUEST_BYTES = 271_828;
const REPLY_BYTES = 314_159;

for (const kind of peerKinds) describe(`grpc.testing.TestService ${kind.name}`, () => cases(kind));

function cases(kind: PeerKind): void {
  let peer: Peer;
  let plain: grpc.Client;
  let packing: grpc.Client;
  before(async () => {
    peer = await kind.start();
    const credentials = grpc.credentials.createInsecure();
    plain = new grpc.Client(`127.0.0.1:${peer.port}`, credentials);
    packing = new grpc.Client(`127.0.0.1:${peer.port}`, credentials, gzip);
  });
  after(async () => {
    plain.close();
    packing.close();
    await peer.close();
  });

  it("passes client_compressed_unary", async () => {
    assert.equal(await unaryReplyBytes(packing, false), REPLY_BYTES);
    assert.equal(await unaryReplyBytes(plain, false), REPLY_BYTES);
  });

  it("passes server_compressed_unary", async () => {
    assert.equal(await unaryReplyBytes(plain, true), REPLY_BYTES);
    assert.equal(await unaryReplyBytes(plain, false), REPLY_BYTES);
  });

  it("passes client_compressed_streaming", async () => {
    assert.equal(await sumOf(packing, [27_182, 45_904]), 73_086);
  });

  it("passes server_compressed_streaming", async () => {
    const sizes = [31_415, 92_653];
    assert.deepEqual(await streamedSizes(plain, sizes, [true, false]), sizes);
    assert.deepEqual(await streamedSizes(plain, sizes, [false, true]), sizes);
  });
}

async function unaryReplyBytes(client: grpc.Client, compressed: boolean): Promise<number> {
  const request = encode(SimpleRequestSchema, {
    responseCompressed: { value: compressed },
    responseSize: REPLY_BYTES,
    payload: { body: new Uint8Array(REQUEST_BYTES) },
  });
  const reply = await new Promise<Buffer>((resolve, reject) => {
    const done: grpc.requestCallback<Buffer> = (error, value) =>
      error === null ? resolve(value ?? Buffer.alloc(0)) : reject(error);
    client.makeUnaryRequest(testMethods.unary, identity, identity, Buffer.from(request), done);
  });
  return fromBinary(SimpleResponseSchema, reply).payload?.body.length ?? 0;
}

async function sumOf(client: grpc.Client, sizes: readonly number[]): Promise<number> {
  const reply = await new Promise<Buffer>((resolve, reject) => {
    const call = client.makeClientStreamRequest<Buffer, Buffer>(
      testMethods.input,
      identity,
      identity,
      (error, value) => (error === null ? resolve(value ?? Buffer.alloc(0)) : reject(error)),
    );
    for (const size of sizes) {
      const message = { payload: { body: new Uint8Array(size) } };
      call.write(Buffer.from(encode(StreamingInputCallRequestSchema, message)));
    }
    call.end();
  });
  return fromBinary(StreamingInputCallResponseSchema, reply).aggregatedPayloadSize;
}

async function streamedSizes(
  client: grpc.Client,
  sizes: readonly number[],
  compressed: readonly boolean[],
): Promise<number[]> {
  const responseParameters = sizes.map((size, index) => {
    return { size, compressed: { value: compressed[index] ?? false } };
  });
  const request = encode(StreamingOutputCallRequestSchema, { responseParameters });
  const call = client.makeServerStreamRequest<Buffer, Buffer>(
    testMethods.output,
    identity,
    identity,
    Buffer.from(request),
  );
  const received: number[] = [];
  for await (const message of call) {
    const reply = fromBinary(StreamingOutputCallResponseSchema, message as Buffer); // untyped stream
    received.push(reply.payload?.body.length ?? 0);
  }
  return received;
}
