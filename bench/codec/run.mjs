// What encoding and decoding costs: straight-line codecs beside protobuf-es, on the messages of the hot path.
//   npm run build && node bench/codec/run.mjs [--json]
// Prints the best of nine rounds in ns per message. Other work on the machine shows: compare columns of one run.
import assert from "node:assert/strict";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { codecFor } from "@layotto/proto/codec";
import {
  GetNextIdResponseSchema,
  GetStateRequestSchema,
  GetStateResponseSchema,
  PublishEventRequestSchema,
  SaveStateRequestSchema,
} from "@layotto/proto/spec/proto/runtime/v1/runtime";

const rounds = 9;
const callsPerRound = 50_000;
const value = Buffer.alloc(1024, "v");
const metadata = { contentType: "text/plain", ttlInSeconds: "60" };
const item = { key: "order-000123", value, etag: { value: "17" }, options: { concurrency: 1 } };

const cases = [
  ["GetStateRequest", GetStateRequestSchema, { storeName: "orders", key: "order-000123" }],
  ["GetStateResponse, 1 KB", GetStateResponseSchema, { data: value, etag: "17" }],
  ["… with 2 metadata", GetStateResponseSchema, { data: value, etag: "17", metadata }],
  ["SaveStateRequest, 1 KB", SaveStateRequestSchema, { storeName: "orders", states: [item] }],
  ["PublishEventRequest, 1 KB", PublishEventRequestSchema, { topic: "orders", data: value }],
  ["GetNextIdResponse", GetNextIdResponseSchema, { nextId: "123456" }],
];

/** Keeps results alive, so that nothing is optimised away. */
let sink;

function nanosecondsPerCall(call) {
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < callsPerRound; i++) sink = call();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / callsPerRound);
  }
  return Math.round(best);
}

function measure([name, schema, init]) {
  const codec = codecFor(schema);
  const message = create(schema, init);
  const bytes = Buffer.from(toBinary(schema, message));
  const own = codec.decode(bytes);
  assert.deepEqual(Buffer.from(codec.encode(own)), bytes);
  return {
    message: name,
    bytes: bytes.length,
    "encode protobuf-es": nanosecondsPerCall(() => toBinary(schema, message)),
    "encode straight": nanosecondsPerCall(() => codec.encode(own)),
    "decode protobuf-es": nanosecondsPerCall(() => fromBinary(schema, bytes)),
    "decode straight": nanosecondsPerCall(() => codec.decode(bytes)),
  };
}

const results = cases.map(measure);
assert.ok(sink !== undefined);
if (process.argv.includes("--json")) {
  console.log(JSON.stringify({ node: process.version, unit: "ns", results }));
} else {
  console.log(`Node ${process.version}, ns per message, best of ${rounds} rounds`);
  console.table(Object.fromEntries(results.map(({ message, ...row }) => [message, row])));
}
