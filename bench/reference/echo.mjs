/**
 * Upstreams that cost next to nothing: answers of 256 bytes from raw sockets, in HTTP/1.1, bolt and dubbo-like framing,
 * and an echo over gRPC. One process; prints its ports as JSON over IPC.
 *
 *     node bench/reference/echo.mjs
 */
import { once } from "node:events";
import { createServer } from "node:net";
import { GrpcServer } from "@layotto/grpc-transport";

const BODY = Buffer.alloc(256, "0123456789abcdef");
const HTTP_ANSWER = Buffer.concat([
  Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: ${BODY.length}\r\n\r\n`,
  ),
  BODY,
]);
const HEAD_END = "\r\n\r\n";

/** Counts whole requests by their blank lines and lengths; answers each. */
function http(socket) {
  let rest = "";
  socket.on("data", (chunk) => {
    rest += chunk.toString("latin1");
    let answers = 0;
    for (;;) {
      const end = rest.indexOf(HEAD_END);
      if (end < 0) break;
      const length = Number(/content-length: (\d+)/i.exec(rest.slice(0, end))?.[1] ?? 0);
      const whole = end + HEAD_END.length + length;
      if (rest.length < whole) break;
      rest = rest.slice(whole);
      answers++;
    }
    if (answers === 1) socket.write(HTTP_ANSWER);
    else if (answers > 1) socket.write(Buffer.concat(Array(answers).fill(HTTP_ANSWER)));
  });
}

const REQUEST_HEAD = 22;
const RESPONSE_HEAD = 20;

/** Answers bolt v1 requests with status 0 and 256 bytes; heartbeats are acknowledged. */
function bolt(socket) {
  let rest = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const answers = [];
    let at = 0;
    while (rest.length - at >= REQUEST_HEAD) {
      const length =
        REQUEST_HEAD +
        rest.readUInt16BE(at + 14) +
        rest.readUInt16BE(at + 16) +
        rest.readUInt32BE(at + 18);
      if (rest.length - at < length) break;
      answers.push(boltAnswer(rest, at));
      at += length;
    }
    rest = rest.subarray(at);
    if (answers.length > 0) socket.write(Buffer.concat(answers));
  });
}

function boltAnswer(request, at) {
  const isHeartbeat = request.readUInt16BE(at + 2) === 0;
  const body = isHeartbeat ? Buffer.alloc(0) : BODY;
  const answer = Buffer.alloc(RESPONSE_HEAD + body.length);
  answer[0] = 1;
  answer.writeUInt16BE(isHeartbeat ? 0 : 2, 2);
  answer[4] = 1;
  request.copy(answer, 5, at + 5, at + 9);
  answer[9] = request[at + 9];
  answer.writeUInt32BE(body.length, 16);
  body.copy(answer, RESPONSE_HEAD);
  return answer;
}

async function listen(onConnection) {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => {});
    onConnection(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server.address().port;
}

const grpc = new GrpcServer();
grpc.addUnary("/bench.Echo/Echo", (call, message) => call.reply(Buffer.from(message)));
const { port } = await grpc.listen({ host: "127.0.0.1", port: 0 });
process.send({ http: await listen(http), bolt: await listen(bolt), grpc: port });
