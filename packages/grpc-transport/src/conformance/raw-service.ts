/**
 * One service of bytes in two builds, on grpc-js and on ours, so that each side of the transport
 * meets a peer which other people wrote. Messages are plain bytes.
 */
import * as grpc from "@grpc/grpc-js";

import { GrpcError, type GrpcServer, Status, type StreamCall } from "../index.ts";

/** Paths of the service. */
export const raw = {
  /** Unary: answers with the message; echoes `x-echo` and `x-echo-bin` as header and trailer. */
  echo: "/test.Raw/Echo",
  /** Unary: answers with the message, compressed; on our server only. */
  squeeze: "/test.Raw/Squeeze",
  /** Unary: fails with NOT_FOUND, a message beyond ASCII, details and a trailer. */
  fail: "/test.Raw/Fail",
  /** Unary: never answers. */
  sleep: "/test.Raw/Sleep",
  /** Client streaming: answers with the number of bytes received, as text. */
  sum: "/test.Raw/Sum",
  /** Server streaming: the request `<count>x<size>` is answered with so many messages of that size. */
  source: "/test.Raw/Source",
  /** Bidirectional: each message comes back. */
  chat: "/test.Raw/Chat",
} as const;

export const FAILURE_TEXT = "no café here: 100 % 😊\n";
export const FAILURE_DETAILS = Buffer.from([8, 5, 18, 2, 104, 105]);

/** What a server saw of the calls it was sent. */
export interface Sightings {
  /** Calls of `sleep` that arrived. */
  sleeping: number;
  cancelled: number;
  /** Deadlines as they arrived, ms since epoch. */
  readonly deadlines: number[];
}

/** Serializer and deserializer of grpc-js that leave bytes as they are. */
export const identity = (bytes: Buffer): Buffer => bytes;

function parseSource(request: Uint8Array): { count: number; message: Buffer } {
  const [count = 0, size = 0] = Buffer.from(request).toString().split("x").map(Number);
  return { count, message: Buffer.alloc(size, 3) };
}

/** Puts the service on our server. */
export function addRawService(server: GrpcServer): Sightings {
  const seen: Sightings = { sleeping: 0, cancelled: 0, deadlines: [] };
  server.addUnary(raw.echo, (call, message) => {
    const text = call.metadata.get("x-echo");
    const bytes = call.metadata.getBinary("x-echo-bin");
    if (text !== undefined) call.setHeader("x-echo", text);
    if (bytes !== undefined) call.setTrailer("x-echo-bin", bytes);
    if (call.deadlineMs !== undefined) seen.deadlines.push(call.deadlineMs);
    call.reply(Buffer.from(message));
  });
  server.addUnary(raw.squeeze, (call, message) => {
    call.compress = true;
    call.reply(Buffer.from(message));
  });
  server.addUnary(raw.fail, (call) => {
    call.setTrailer("x-reason", "lost");
    call.fail(new GrpcError(Status.NOT_FOUND, FAILURE_TEXT, { statusDetails: FAILURE_DETAILS }));
  });
  server.addUnary(raw.sleep, (call) => {
    seen.sleeping++;
    call.signal.addEventListener("abort", () => seen.cancelled++);
  });
  server.addStream(raw.sum, async (call) => {
    let bytes = 0;
    for await (const message of call) bytes += message.length;
    await call.send(Buffer.from(String(bytes)));
  });
  server.addStream(raw.source, sourceOf(seen));
  server.addStream(raw.chat, async (call) => {
    call.signal.addEventListener("abort", () => seen.cancelled++);
    for await (const message of call) await call.send(Buffer.from(message));
  });
  return seen;
}

function sourceOf(seen: Sightings): (call: StreamCall) => Promise<void> {
  return async (call) => {
    call.signal.addEventListener("abort", () => seen.cancelled++);
    for await (const request of call) {
      const { count, message } = parseSource(request);
      for (let sent = 0; sent < count && !call.cancelled; sent++) await call.send(message);
    }
  };
}

const definition = (requestStream: boolean, responseStream: boolean, path: string) => ({
  path,
  requestStream,
  responseStream,
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
});

const service: grpc.ServiceDefinition = {
  echo: definition(false, false, raw.echo),
  fail: definition(false, false, raw.fail),
  sleep: definition(false, false, raw.sleep),
  sum: definition(true, false, raw.sum),
  source: definition(false, true, raw.source),
  chat: definition(true, true, raw.chat),
};

type Unary = grpc.ServerUnaryCall<Buffer, Buffer>;
type Callback = grpc.sendUnaryData<Buffer>;

function echo(seen: Sightings): (call: Unary, callback: Callback) => void {
  return (call, callback) => {
    const header = new grpc.Metadata();
    const trailer = new grpc.Metadata();
    for (const value of call.metadata.get("x-echo")) header.add("x-echo", value);
    for (const value of call.metadata.get("x-echo-bin")) trailer.add("x-echo-bin", value);
    const deadline = call.getDeadline();
    if (deadline !== Infinity) seen.deadlines.push(Number(deadline));
    call.sendMetadata(header);
    callback(null, call.request, trailer);
  };
}

function fail(_call: Unary, callback: Callback): void {
  const metadata = new grpc.Metadata();
  metadata.set("x-reason", "lost");
  metadata.set("grpc-status-details-bin", FAILURE_DETAILS);
  callback({ code: grpc.status.NOT_FOUND, details: FAILURE_TEXT, metadata });
}

function sum(call: grpc.ServerReadableStream<Buffer, Buffer>, callback: Callback): void {
  let bytes = 0;
  call.on("data", (message: Buffer) => (bytes += message.length));
  call.on("end", () => callback(null, Buffer.from(String(bytes))));
}

function source(seen: Sightings): (call: grpc.ServerWritableStream<Buffer, Buffer>) => void {
  return (call) => {
    const { count, message } = parseSource(call.request);
    let sent = 0;
    const pump = () => {
      while (sent < count) {
        sent++;
        if (!call.write(message)) return void call.once("drain", pump);
      }
      call.end();
    };
    call.on("cancelled", () => seen.cancelled++);
    pump();
  };
}

function chat(seen: Sightings): (call: grpc.ServerDuplexStream<Buffer, Buffer>) => void {
  return (call) => {
    call.on("data", (message: Buffer) => call.write(message));
    call.on("end", () => call.end());
    call.on("cancelled", () => seen.cancelled++);
  };
}

/** A grpc-js server with the service, listening on a free loopback port. */
export interface ForeignServer {
  readonly port: number;
  readonly seen: Sightings;
  close(): void;
}

/** Starts the service on grpc-js. */
export async function startForeignServer(
  options: grpc.ServerOptions = {},
  port = 0,
): Promise<ForeignServer> {
  const seen: Sightings = { sleeping: 0, cancelled: 0, deadlines: [] };
  const server = new grpc.Server(options);
  server.addService(service, {
    echo: echo(seen),
    fail,
    sleep: (call: Unary) => {
      call.on("cancelled", () => seen.cancelled++);
      seen.sleeping++;
    },
    sum,
    source: source(seen),
    chat: chat(seen),
  });
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(
      `127.0.0.1:${port}`,
      grpc.ServerCredentials.createInsecure(),
      (error, bound) => (error === null ? resolve(bound) : reject(error)),
    );
  });
  return { port: bound, seen, close: () => server.forceShutdown() };
}
