import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { ClientStream, GrpcClient } from "@layotto/grpc-transport";
import {
  GetFileResponseSchema,
  GetStateRequestSchema,
  GetStateResponseSchema,
  PutFileRequestSchema,
} from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { callMethod } from "./call-method.ts";
import { readRequests } from "./requests.ts";
import { findMethod, listMethods } from "./services.ts";

type Channel = Pick<GrpcClient, "unary" | "stream">;

/** A channel that answers with given messages and keeps what was sent. */
function channel(replies: Uint8Array[]) {
  const sent: { path: string; messages: Uint8Array[]; halfClosed: boolean } = {
    path: "",
    messages: [],
    halfClosed: false,
  };
  const stream = {
    async send(message: Uint8Array) {
      sent.messages.push(message);
      return Promise.resolve();
    },
    halfClose: () => (sent.halfClosed = true),
    cancel: () => undefined,
    async *[Symbol.asyncIterator]() {
      for (const reply of replies) yield await Promise.resolve(reply);
    },
  };
  const fake = {
    unary(path: string, message: Uint8Array) {
      Object.assign(sent, { path, messages: [message] });
      return Promise.resolve({ message: replies[0] });
    },
    stream(path: string) {
      sent.path = path;
      return stream as unknown as ClientStream;
    },
  };
  // Headers and trailers are of no interest here.
  return { sent, client: fake as unknown as Channel };
}

async function call(client: Channel, name: string, ...requests: string[]): Promise<string[]> {
  const printed: string[] = [];
  await callMethod(client, await findMethod(name), Readable.from(requests), {}, (json) =>
    printed.push(json),
  );
  return printed;
}

describe("callMethod()", () => {
  it("sends JSON as protobuf and prints the reply, bytes as base64", async () => {
    const reply = create(GetStateResponseSchema, { data: Buffer.from("hi"), etag: "1" });
    const { sent, client } = channel([toBinary(GetStateResponseSchema, reply)]);
    const printed = await call(client, "Runtime/GetState", '{"storeName":"s","key":"k"}');
    assert.deepEqual(
      printed.map((json) => JSON.parse(json) as object),
      [{ data: "aGk=", etag: "1" }],
    );
    assert.equal(sent.path, "/spec.proto.runtime.v1.Runtime/GetState");
    const request = fromBinary(GetStateRequestSchema, sent.messages[0] ?? new Uint8Array());
    assert.deepEqual([request.storeName, request.key], ["s", "k"]);
  });

  it("prints every message of a stream as a line", async () => {
    const chunk = (text: string) =>
      toBinary(GetFileResponseSchema, create(GetFileResponseSchema, { data: Buffer.from(text) }));
    const { sent, client } = channel([chunk("a"), chunk("b")]);
    assert.deepEqual(await call(client, "runtime/getfile", "{}"), [
      '{"data":"YQ=="}',
      '{"data":"Yg=="}',
    ]);
    assert.equal(sent.halfClosed, true);
  });

  it("sends every line of a client stream", async () => {
    const { sent, client } = channel([new Uint8Array()]);
    await call(client, "Runtime/PutFile", '{"storeName":"f","data":"YQ=="}', '{"data":"Yg=="}');
    const data = sent.messages.map((m) => Buffer.from(fromBinary(PutFileRequestSchema, m).data));
    assert.equal(Buffer.concat(data).toString(), "ab");
  });

  it("says what is wrong with the request", async () => {
    const { client } = channel([]);
    await assert.rejects(call(client, "Runtime/GetState", '{"store":1}'), {
      exitCode: 2,
      message:
        /^Cannot read the request: .*"store".*\nIt must be a spec\.proto\.runtime\.v1\.GetStateRequest as JSON$/s,
    });
    await assert.rejects(call(client, "Runtime/GetState", "{"), /Cannot read the request/);
  });
});

describe("findMethod()", () => {
  it("takes full and short names in any case", async () => {
    for (const name of ["spec.proto.runtime.v1.Runtime/GetState", "/runtime/getState"])
      assert.equal((await findMethod(name)).name, "GetState");
    assert.equal((await findMethod("Health/Check")).parent.typeName, "grpc.health.v1.Health");
  });

  it("names what there is when it is not there", async () => {
    await assert.rejects(findMethod("Runtime"), /must be Service\/Method/);
    await assert.rejects(
      findMethod("Runtme/X"),
      /"Runtme" is unknown; there are Runtime, Lifecycle/,
    );
    await assert.rejects(findMethod("Runtime/Get"), /Runtime has SayHello, /);
  });
});

describe("listMethods()", () => {
  it("names every method and how it streams", async () => {
    const all = await listMethods();
    assert.ok(all.includes("Runtime/SayHello"));
    assert.ok(all.includes("Runtime/PutFile (client streams)"));
  });
});

describe("readRequests()", () => {
  const read = async (operand: string | undefined, text: string, streams: boolean) => {
    const requests: string[] = [];
    for await (const one of readRequests(operand, Readable.from([text]), streams))
      requests.push(one);
    return requests;
  };

  it("takes the operand before stdin, and lines of a stream", async () => {
    assert.deepEqual(await read("{}", "x", false), ["{}"]);
    assert.deepEqual(await read("-", '{\n"a":1}\n', false), ['{\n"a":1}\n']);
    assert.deepEqual(await read(undefined, "{}", true), ["{}"]);
    assert.deepEqual(await read("-", "{}\n\n{}\n", true), ["{}", "{}"]);
    assert.deepEqual(await read("{}\n{}", "", true), ["{}", "{}"]);
    assert.deepEqual(await read(undefined, "x", false), []);
  });
});
