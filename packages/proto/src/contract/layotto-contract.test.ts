import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { describe, it } from "node:test";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import type { DescFile } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { file_spec_proto_extension_v1_cryption_cryption } from "../gen/spec/proto/extension/v1/cryption/cryption_pb.ts";
import { file_spec_proto_extension_v1_delay_queue_delay_queue } from "../gen/spec/proto/extension/v1/delay_queue/delay_queue_pb.ts";
import { file_spec_proto_extension_v1_email_email } from "../gen/spec/proto/extension/v1/email/email_pb.ts";
import { file_spec_proto_extension_v1_phone_phone } from "../gen/spec/proto/extension/v1/phone/phone_pb.ts";
import { file_spec_proto_extension_v1_s3_oss } from "../gen/spec/proto/extension/v1/s3/oss_pb.ts";
import { file_spec_proto_extension_v1_sms_sms } from "../gen/spec/proto/extension/v1/sms/sms_pb.ts";
import { file_spec_proto_pluggable_v1_common_common } from "../gen/spec/proto/pluggable/v1/common/common_pb.ts";
import { file_spec_proto_pluggable_v1_hello_hello } from "../gen/spec/proto/pluggable/v1/hello/hello_pb.ts";
import { file_spec_proto_runtime_v1_appcallback } from "../gen/spec/proto/runtime/v1/appcallback_pb.ts";
import { file_spec_proto_runtime_v1_lifecycle } from "../gen/spec/proto/runtime/v1/lifecycle_pb.ts";
import { file_spec_proto_runtime_v1_runtime } from "../gen/spec/proto/runtime/v1/runtime_pb.ts";
import { factsOf } from "./facts.ts";
import { layottoContract } from "./layotto-contract.ts";
import { factsOfNotation, filesOf } from "./notation.ts";

const files: DescFile[] = [
  file_spec_proto_runtime_v1_runtime,
  file_spec_proto_runtime_v1_appcallback,
  file_spec_proto_runtime_v1_lifecycle,
  file_spec_proto_pluggable_v1_common_common,
  file_spec_proto_pluggable_v1_hello_hello,
  file_spec_proto_extension_v1_cryption_cryption,
  file_spec_proto_extension_v1_delay_queue_delay_queue,
  file_spec_proto_extension_v1_email_email,
  file_spec_proto_extension_v1_phone_phone,
  file_spec_proto_extension_v1_s3_oss,
  file_spec_proto_extension_v1_sms_sms,
];

/** The lines of `left` that `right` does not have. */
function missingFrom(right: string[], left: string[]): string[] {
  const there = new Set(right);
  return left.filter((fact) => !there.has(fact));
}

/** The files that the npm package ships, compiled by buf. */
function npmFacts(): string[] {
  const require = createRequire(import.meta.url);
  const protos = path.join(path.dirname(require.resolve("layotto/package.json")), "proto");
  const buf = require.resolve("@bufbuild/buf/bin/buf");
  const set = execFileSync(process.execPath, [buf, "build", protos, "-o", "-#format=binpb"]);
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, set));
  const own = [...registry.files].filter((file) => file.proto.package.startsWith("spec.proto."));
  return factsOf(own);
}

describe("the protobuf contract", () => {
  it("equals the transcription of Layotto's, in every name, number and type", () => {
    const ours = factsOf(files);
    const transcribed = factsOfNotation(layottoContract);
    assert.deepEqual(missingFrom(ours, transcribed), []);
    assert.deepEqual(missingFrom(transcribed, ours), []);
    assert.equal(ours.length, transcribed.length);
  });

  it("is laid out in Layotto's files", () => {
    const names = files.map((file) => `${file.name}.proto`);
    assert.deepEqual(names.sort(), filesOf(layottoContract).sort());
  });

  it("has all that the npm package layotto ships", () => {
    const shipped = npmFacts();
    assert.ok(shipped.length > 500, `only ${shipped.length} facts`);
    assert.deepEqual(missingFrom(factsOf(files), shipped), []);
  });

  it("goes beyond the npm package only where Layotto does", () => {
    // The package is older than these. They are held by the transcription alone.
    const newer = [
      /spec\.proto\.extension\.v1\.sms\./,
      /spec\.proto\.pluggable\.v1\./,
      /spec\.proto\.runtime\.v1\.(Runtime\/)?SubscribeTopicEvents/,
      /^field spec\.proto\.extension\.v1\.s3\.ListObjectsInput\.fetch_owner = 10: bool /,
      /^field spec\.proto\.extension\.v1\.s3\.Object\.type = 7: string /,
    ];
    const beyond = missingFrom(npmFacts(), factsOf(files));
    assert.deepEqual(
      beyond.filter((fact) => !newer.some((pattern) => pattern.test(fact))),
      [],
    );
  });
});
