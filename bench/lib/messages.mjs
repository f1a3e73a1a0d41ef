import { codecFor } from "@layotto/proto/codec";
import {
  GetNextIdRequestSchema,
  GetStateRequestSchema,
  InvokeServiceRequestSchema,
  PublishEventRequestSchema,
  SaveStateRequestSchema,
  SayHelloRequestSchema,
} from "@layotto/proto/spec/proto/runtime/v1/runtime";

const RUNTIME = "/spec.proto.runtime.v1.Runtime";

/** Of `HTTPExtension.Verb`. */
const POST = 3;

/** The value that is stored and read: 1 KB, as in the figures of the originals. */
export const value = Buffer.alloc(1_024, "0123456789abcdef");
export const KEY = "bench";
/** The event that is published: 256 bytes of JSON. */
const order = Buffer.from(JSON.stringify({ orderId: "A-1234", note: "x".repeat(229) }));
/** The key of the n-th write, where many keys are written. */
export const keyOf = (n) => `bench-${n % 10_000}`;

export const methods = {
  sayHello: `${RUNTIME}/SayHello`,
  getState: `${RUNTIME}/GetState`,
  saveState: `${RUNTIME}/SaveState`,
  getNextId: `${RUNTIME}/GetNextId`,
  publishEvent: `${RUNTIME}/PublishEvent`,
  invokeService: `${RUNTIME}/InvokeService`,
};

export const requests = {
  sayHello: (serviceName) => codecFor(SayHelloRequestSchema).encode({ serviceName, name: "bench" }),
  getState: (storeName) => codecFor(GetStateRequestSchema).encode({ storeName, key: KEY }),
  saveState: (storeName, key = KEY) =>
    codecFor(SaveStateRequestSchema).encode({ storeName, states: [{ key, value }] }),
  publish: (pubsubName, topic) =>
    codecFor(PublishEventRequestSchema).encode({
      pubsubName,
      topic,
      data: order,
      dataContentType: "application/json",
    }),
  publishText: (pubsubName, topic, text) =>
    codecFor(PublishEventRequestSchema).encode({ pubsubName, topic, data: Buffer.from(text) }),
  invoke: (method, bytes) =>
    codecFor(InvokeServiceRequestSchema).encode({
      id: "echo",
      message: {
        method,
        contentType: "application/json",
        data: { typeUrl: "", value: Buffer.alloc(bytes, "x") },
        httpExtension: { verb: POST, querystring: "" },
      },
    }),
  getNextId: (storeName) => codecFor(GetNextIdRequestSchema).encode({ storeName, key: KEY }),
};
