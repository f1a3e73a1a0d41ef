import { lookup } from "node:dns/promises";
import * as net from "node:net";
import { getSystemErrorName } from "node:util";
import { addressText, portHolder } from "@layotto/sidecar-kit/process";
import { ExitCode } from "../exit-codes.ts";
import { UserError } from "../user-error.ts";
import type { ListenerSpec, ProcessSpec } from "./process-spec.ts";

/** A TCP socket that is bound, owned by the supervisor and handed to each generation of a process. */
export interface OpenListener {
  name: string;
  /** `host:port` with the real port, also when 0 was asked for. */
  address: string;
  /** What `server.listen` and `child.send` take. */
  handle: unknown;
  close(): void;
}

interface RawHandle {
  getsockname(out: { address?: string; port?: number }): number;
  close(): void;
}

type CreateHandle = (
  host: string,
  port: number,
  addressType: 4 | 6,
  fd: number,
  flags: number,
) => RawHandle | number;

/**
 * Binds the TCP addresses of a process, so that every generation of it can be given the same sockets and a
 * replacement refuses no connection. Node.js does the same for its cluster workers; where that function is missing,
 * the result is empty and each process listens by itself.
 *
 * @throws {UserError} when an address is taken, naming it and, if it can be found, who holds it
 */
export async function openListeners(spec: ProcessSpec): Promise<OpenListener[]> {
  const create = handleFactory();
  if (create === undefined) return [];
  const open: OpenListener[] = [];
  const faults: string[] = [];
  for (const listener of spec.listeners) {
    const result = await bind(create, listener);
    if (typeof result === "string") faults.push(`${result} (${spec.name}, ${listener.name})`);
    else open.push(result);
  }
  if (faults.length === 0) return open;
  for (const listener of open) listener.close();
  throw new UserError(faults.join("\n"), ExitCode.unavailable);
}

/** `net._createServerHandle`, if this Node.js has it. */
function handleFactory(): CreateHandle | undefined {
  const candidate = (net as unknown as Record<string, unknown>)["_createServerHandle"];
  return typeof candidate === "function" ? (candidate as CreateHandle) : undefined;
}

async function bind(
  create: CreateHandle,
  { name, host, port }: ListenerSpec,
): Promise<OpenListener | string> {
  const shown = addressText({ host, port });
  const ip = net.isIP(host) === 0 ? await resolve(host) : host;
  if (ip === undefined) return `Cannot listen on "${shown}": the host name cannot be resolved`;
  const handle = create(ip, port, net.isIPv6(ip) ? 6 : 4, -1, 0);
  if (typeof handle === "number") return describeFault(shown, port, handle);
  const bound: { address?: string; port?: number } = {};
  // A busy port is reported here and not by bind: libuv keeps that error for the next call.
  const fault = handle.getsockname(bound);
  if (fault !== 0) {
    handle.close();
    return describeFault(shown, port, fault);
  }
  const address = addressText({ host, port: bound.port ?? port });
  return { name, address, handle, close: () => handle.close() };
}

async function resolve(host: string): Promise<string | undefined> {
  try {
    return (await lookup(host, { order: "ipv4first" })).address;
  } catch {
    return undefined;
  }
}

function describeFault(address: string, port: number, errno: number): string {
  const code = getSystemErrorName(errno);
  if (code !== "EADDRINUSE") return `Cannot listen on "${address}": ${code}`;
  const holder = portHolder(port);
  const by = holder === undefined ? "" : ` by ${holder}`;
  return `Cannot listen on "${address}": the port is in use${by}`;
}
