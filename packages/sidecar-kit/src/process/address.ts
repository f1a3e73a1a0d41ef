import { isIPv4 } from "node:net";

/** Where a process listens: TCP, or a unix socket. */
export type ListenAddress = { host: string; port: number } | { path: string };

/**
 * Parses `host:port`, `[::1]:port` or `unix:/path`.
 *
 * @throws Error with a text for users
 */
export function parseAddress(text: string): ListenAddress {
  if (text.startsWith("unix:")) {
    const path = text.slice(5);
    if (path === "") throw new Error(`Cannot use address "${text}": the path is missing`);
    return { path };
  }
  const colon = text.lastIndexOf(":");
  const port = Number(text.slice(colon + 1));
  if (colon < 0 || !/^\d{1,5}$/.test(text.slice(colon + 1)) || port > 65_535) {
    throw new Error(`Cannot use address "${text}": it must be host:port or unix:/path`);
  }
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  return { host: host === "" ? "0.0.0.0" : host, port };
}

/** Returns an address as people write it. */
export function addressText(address: ListenAddress): string {
  if ("path" in address) return `unix:${address.path}`;
  return address.host.includes(":")
    ? `[${address.host}]:${address.port}`
    : `${address.host}:${address.port}`;
}

/** Whether only this machine can reach the address. A name other than localhost may mean anything, so it is not. */
export function isLocalAddress(address: ListenAddress): boolean {
  if ("path" in address) return true;
  const { host } = address;
  if (isIPv4(host)) return host.startsWith("127.");
  return host === "localhost" || host === "::1";
}
