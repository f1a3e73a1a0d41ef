import { isIPv6 } from "node:net";

/** `host:port`, with brackets around IPv6. */
export function joinAddress(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

const form = /^(?:\[([0-9a-fA-F:.%]+)\]|([^\s:[\]/@]+)):(\d{1,5})$/;

/** Host and port of `host:port` or `[v6]:port`; undefined when it is neither. */
export function splitAddress(address: string): { host: string; port: number } | undefined {
  const [, v6, name, digits] = form.exec(address) ?? [];
  const host = v6 ?? name;
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65_535) return undefined;
  if (v6 !== undefined && !isIPv6(v6)) return undefined;
  return { host, port };
}
