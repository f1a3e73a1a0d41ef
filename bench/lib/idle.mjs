import { connect } from "node:net";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";

import { memoryKib } from "./processes.mjs";

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", "latin1");

/** Memory that one idle HTTP/2 connection costs the process `pid`, in KiB of PSS. */
export async function idleConnectionKib(port, pid, connections = 2_000) {
  const before = memoryKib(pid).pss;
  const sockets = [];
  for (let opened = 0; opened < connections; opened += 100) {
    const batch = Array.from({ length: 100 }, () => connect(port, "127.0.0.1"));
    await Promise.all(batch.map((socket) => once(socket, "connect")));
    for (const socket of batch)
      socket
        .on("error", () => undefined)
        .resume()
        .write(PREFACE);
    sockets.push(...batch);
  }
  await pause(2_000);
  const after = memoryKib(pid).pss;
  for (const socket of sockets) socket.destroy();
  return (after - before) / connections;
}
