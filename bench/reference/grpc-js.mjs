/**
 * The reference of the ratios: GetState of an in-memory store on grpc-js alone, one process, no
 * gateway, with the same codec as ours. Says `{ port }` over IPC, and `{ replies }` when asked.
 */
import * as grpc from "@grpc/grpc-js";
import { codecFor } from "@layotto/proto/codec";
import {
  GetStateRequestSchema,
  GetStateResponseSchema,
} from "@layotto/proto/spec/proto/runtime/v1/runtime";

import { KEY, methods, value } from "../lib/messages.mjs";

const request = codecFor(GetStateRequestSchema);
const response = codecFor(GetStateResponseSchema);
const store = new Map([[`memory||${KEY}`, { data: value, etag: "1", metadata: {} }]]);
const server = new grpc.Server();
let replies = 0;
const identity = (bytes) => bytes;

server.addService(
  {
    getState: {
      path: methods.getState,
      requestStream: false,
      responseStream: false,
      requestSerialize: identity,
      requestDeserialize: (bytes) => request.decode(bytes),
      responseSerialize: (message) => Buffer.from(response.encode(message)),
      responseDeserialize: identity,
    },
  },
  {
    getState(call, callback) {
      const { storeName, key } = call.request;
      replies++;
      callback(null, store.get(`${storeName}||${key}`) ?? { data: new Uint8Array(0), etag: "" });
    },
  },
);

server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.send({ port });
});
process.on("message", () => process.send({ replies }));
process.once("disconnect", () => process.exit(0));
