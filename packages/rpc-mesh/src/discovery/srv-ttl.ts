import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";
import { splitAddress } from "./address.ts";

const DNS_PORT = 53;
const HEADER_BYTES = 12;
const TYPE_SRV = 33;
const CLASS_IN = 1;
/** RFC 1035, 4.1.1: please look it up for me. */
const RECURSION_DESIRED = 0x0100;
/** The two highest bits of a length: the rest of the name is elsewhere (RFC 1035, 4.1.4). */
const POINTER = 0xc0;
const TIMEOUT_MS = 1000;

/**
 * Asks a DNS server for the time to live of a name's SRV records, which `node:dns` keeps to itself. It is a hint: undefined
 * when the server does not say. Never rejects.
 *
 * @param server `ip`, `ip:port` or `[v6]:port`, as `Resolver.getServers` lists them
 */
export function srvTtlSeconds(name: string, server: string): Promise<number | undefined> {
  const { host, port } = splitAddress(server) ?? { host: server, port: DNS_PORT };
  const id = randomInt(0x1_0000);
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
    let isOpen = true;
    const finish = (ttl: number | undefined): void => {
      if (!isOpen) return;
      isOpen = false;
      clearTimeout(timer);
      socket.close();
      resolve(ttl);
    };
    const timer = setTimeout(() => finish(undefined), TIMEOUT_MS).unref();
    socket.on("error", () => finish(undefined));
    socket.on("message", (message) => {
      if (message.length >= HEADER_BYTES && message.readUInt16BE(0) === id) finish(ttlOf(message));
    });
    // Connected, so that nobody else is heard.
    socket.connect(port, host, () => {
      if (isOpen) socket.send(question(id, name));
    });
  });
}

function question(id: number, name: string): Buffer {
  const labels = name.split(".").filter((label) => label !== "");
  const parts = labels.map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)]));
  const head = words(id, RECURSION_DESIRED, 1, 0, 0, 0);
  return Buffer.concat([head, ...parts, Buffer.of(0), words(TYPE_SRV, CLASS_IN)]);
}

/** The shortest of all SRV answers. */
function ttlOf(message: Buffer): number | undefined {
  try {
    let at = HEADER_BYTES;
    for (let left = message.readUInt16BE(4); left > 0; left -= 1) at = afterName(message, at) + 4;
    let shortest: number | undefined;
    for (let left = message.readUInt16BE(6); left > 0; left -= 1) {
      const record = afterName(message, at);
      const ttl = message.readUInt32BE(record + 4);
      if (message.readUInt16BE(record) === TYPE_SRV) shortest = Math.min(ttl, shortest ?? ttl);
      at = record + 10 + message.readUInt16BE(record + 8);
    }
    return shortest;
  } catch {
    return undefined; // cut off
  }
}

function afterName(message: Buffer, at: number): number {
  for (let next = at; ;) {
    const length = message.readUInt8(next);
    if (length === 0) return next + 1;
    if (length >= POINTER) return next + 2;
    next += 1 + length;
  }
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2);
  return bytes;
}
