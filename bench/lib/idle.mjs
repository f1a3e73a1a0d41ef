import { connect } from "node:http2";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";

import { methods, requests } from "./messages.mjs";
import { memoryKib } from "./processes.mjs";

const headers = {
  ":method": "POST",
  ":path": methods.sayHello,
  "content-type": "application/grpc",
  te: "trailers",
};
const BATCH = 50;

/**
 * Memory that one idle HTTP/2 connection costs the process `pid`, in KiB of PSS. Each made one call and stays open. The
 * greater of two rounds: V8 may give back memory of its own meanwhile, which makes a round look better than it is.
 */
export async function idleConnectionKib(port, pid, connections = 1_000) {
  const first = await growth(port, pid, connections);
  await pause(1_000);
  return Math.max(first, await growth(port, pid, connections)) / connections;
}

async function growth(port, pid, connections) {
  const before = memoryKib(pid).pss;
  const sessions = [];
  while (sessions.length < connections) {
    sessions.push(...(await Promise.all(Array.from({ length: BATCH }, () => open(port)))));
  }
  await pause(2_000);
  const after = memoryKib(pid).pss;
  for (const session of sessions) session.destroy();
  return after - before;
}

async function open(port) {
  const session = connect(`http://127.0.0.1:${port}`);
  await once(session, "connect");
  const message = requests.sayHello("helloworld");
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  const stream = session.request(headers);
  stream.end(Buffer.concat([prefix, message]));
  const [[trailers]] = await Promise.all([
    once(stream, "trailers"),
    once(stream.resume(), "close"),
  ]);
  if (trailers["grpc-status"] !== "0")
    throw new Error(`SayHello: status ${trailers["grpc-status"]}`);
  return session;
}
