import { connect, type Socket } from "node:net";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { GrpcError, GrpcServer, Status } from "@layotto/grpc-transport";
import { type Answer, HostPort, lieOctets } from "./host-port.ts";
import { answerTo, grpcPaths } from "./hosts-messages.ts";
import { boltResponse, BoltFrames } from "./bolt-frames.ts";

/** Told of every call that comes in, before it is answered. */
export type Seen = (id: string) => void;

/** Serves `<any verb> /<anything>/<id>`. */
export function httpPort(seen: Seen): HostPort {
  const port = new HostPort((socket) => {
    let rest: Buffer = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      for (;;) {
        const end = rest.indexOf("\r\n\r\n");
        if (end < 0) return;
        const head = rest.toString("latin1", 0, end);
        const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
        if (rest.length < end + 4 + length) return;
        rest = rest.subarray(end + 4 + length);
        const id = /^\S+ \S*\/(\S+) /.exec(head)?.[1] ?? "";
        seen(id);
        port.answer(socket, httpAnswer(answerTo(id)));
      }
    });
  });
  return port;
}

function httpAnswer(body: string): Answer {
  const head = (status: string, length: number): string =>
    `HTTP/1.1 ${status}\r\ncontent-type: text/plain\r\ncontent-length: ${length}\r\n\r\n`;
  return {
    right: Buffer.from(head("200 OK", body.length) + body),
    error: Buffer.from(`${head("500 Internal Server Error", 6)}broken`),
    lie: Buffer.from(head("200 OK", body.length + lieOctets) + body),
  };
}

/** Serves bolt; the content of a request is the id. */
export function boltPort(seen: Seen): HostPort {
  const port = new HostPort((socket) => {
    const frames = new BoltFrames();
    socket.on("data", (chunk: Buffer) => {
      for (const { id, isHeartbeat, content } of frames.take(chunk)) {
        if (isHeartbeat) {
          if (port.fault === undefined && !port.isSpoilt(socket))
            socket.write(boltResponse(id, 0, ""));
          continue;
        }
        seen(content);
        const text = answerTo(content);
        port.answer(socket, {
          right: boltResponse(id, 0, text),
          error: boltResponse(id, 2, ""),
          lie: boltResponse(id, 0, text, lieOctets),
        });
      }
    });
  });
  return port;
}

/** Serves gRPC: a real server, and in front of it what spoils its answers. */
export async function grpcPort(seen: Seen, folder: string, name: string): Promise<HostPort> {
  const path = join(folder, `${name}.sock`);
  const server = new GrpcServer();
  const port = new HostPort((socket) => pipeTo(path, socket, port));
  for (const method of Object.values(grpcPaths)) {
    server.addUnary(method, (call, message) => {
      const id = message.toString();
      seen(id);
      if (port.fault === "hang") return;
      if (port.fault === "reset") return port.resetAll();
      if (port.fault === "errors") return call.fail(new GrpcError(Status.INTERNAL, "broken"));
      call.reply(Buffer.from(answerTo(id)));
    });
  }
  await server.listen({ path });
  return port;
}

function pipeTo(path: string, socket: Socket, port: HostPort): void {
  const inner = connect(path);
  inner.on("error", () => socket.destroy());
  inner.once("close", () => {
    if (!port.isSpoilt(socket)) socket.end();
  });
  socket.once("close", () => inner.destroy());
  socket.on("data", (chunk: Buffer) => inner.write(chunk));
  inner.on("data", (chunk: Buffer) => {
    if (port.isSpoilt(socket)) return;
    if (port.fault === "trickle") return port.trickle(socket, chunk);
    if (port.fault === "garbage") return void socket.write(randomBytes(chunk.length));
    const lie = port.fault === "lies" ? lyingAbout(chunk) : undefined;
    if (lie === undefined) socket.write(chunk);
    else port.lie(socket, lie);
  });
}

/** The octets up to the first gRPC message, whose DATA frame announces more than there is; undefined: there is none. */
function lyingAbout(chunk: Buffer): Buffer | undefined {
  const messageAt = chunk.indexOf("re:");
  const frameAt = messageAt - 5 - 9;
  if (frameAt < 0) return undefined;
  const lie = Buffer.from(chunk.subarray(0, messageAt + chunk.readUInt32BE(messageAt - 4)));
  lie.writeUIntBE(lie.readUIntBE(frameAt, 3) + lieOctets, frameAt, 3);
  return lie;
}
