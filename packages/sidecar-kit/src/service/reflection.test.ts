import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import {
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
} from "@layotto/proto/grpc/reflection/v1/reflection";
import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { testContext } from "../testing/context.ts";
import { fakeServer } from "../testing/fake-server.ts";
import { descriptorSet } from "./descriptors.ts";
import { reflectionServices } from "./reflection.ts";
import { serve } from "./serve.ts";

type Question = ServerReflectionRequest["messageRequest"];

async function ask(version: string, ...questions: Question[]) {
  const server = fakeServer();
  const set = descriptorSet([{ typeName: Runtime.typeName, desc: Runtime }]);
  serve(
    server,
    reflectionServices(() => set),
    testContext(),
  );
  async function* requests() {
    for (const messageRequest of questions) {
      yield toBinary(
        ServerReflectionRequestSchema,
        create(ServerReflectionRequestSchema, { messageRequest }),
      );
    }
  }
  const answers = [];
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
  for await (const bytes of server.stream(path, requests())) {
    answers.push(fromBinary(ServerReflectionResponseSchema, bytes).messageResponse);
  }
  return answers;
}

describe("reflectionServices", () => {
  for (const version of ["v1", "v1alpha"]) {
    it(`lists services in ${version}`, async () => {
      const [answer] = await ask(version, { case: "listServices", value: "" });
      assert.equal(answer?.case, "listServicesResponse");
      assert.deepEqual(
        answer.value.service.map((each) => each.name),
        ["spec.proto.runtime.v1.Runtime"],
      );
    });
  }

  it("finds files by symbol with what they import, each once per stream", async () => {
    const symbol = (value: string): Question => ({ case: "fileContainingSymbol", value });
    const [method, message] = await ask(
      "v1",
      symbol("spec.proto.runtime.v1.Runtime.SayHello"),
      symbol("spec.proto.runtime.v1.SayHelloRequest"),
    );
    assert.equal(method?.case, "fileDescriptorResponse");
    const names = method.value.fileDescriptorProto.map(
      (bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name,
    );
    assert.ok(names.includes("google/protobuf/any.proto"));
    assert.equal(message?.case, "fileDescriptorResponse");
    assert.equal(message.value.fileDescriptorProto.length, 1);
  });

  it("answers NOT_FOUND for what is not served", async () => {
    const [answer] = await ask("v1", { case: "fileByFilename", value: "no.proto" });
    assert.equal(answer?.case, "errorResponse");
    assert.equal(answer.value.errorCode, 5);
  });
});
