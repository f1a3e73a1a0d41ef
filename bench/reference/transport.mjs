/**
 * The same as `grpc-js.mjs` on our transport: GetState of an in-memory store, one process, no
 * gateway and no sidecar kit. Says `{ port }` over IPC, and `{ replies }` when asked.
 */
import { GrpcServer } from "@layotto/grpc-transport";
import { codecFor } from "@layotto/proto/codec";
import {
  GetStateRequestSchema,
  GetStateResponseSchema,
} from "@layotto/proto/spec/proto/runtime/v1/runtime";

import { KEY, methods, value } from "../lib/messages.mjs";

const request = codecFor(GetStateRequestSchema);
const response = codecFor(GetStateResponseSchema);
const store = new Map([[`memory||${KEY}`, { data: value, etag: "1", metadata: {} }]]);
const nothing = { data: new Uint8Array(0), etag: "", metadata: {} };
let replies = 0;
const server = new GrpcServer();

server.addUnary(methods.getState, (call, bytes) => {
  const { storeName, key } = request.decode(bytes);
  replies++;
  call.reply(response.encode(store.get(`${storeName}||${key}`) ?? nothing));
});
const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
process.send({ port });
process.on("message", () => process.send({ replies }));
process.once("disconnect", () => process.exit(0));
