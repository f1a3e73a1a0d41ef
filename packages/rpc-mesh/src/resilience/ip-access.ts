import { BlockList, isIP } from "node:net";
import type { IpAccessConfig } from "../model/listener.ts";

/** Who may connect. */
export interface IpAccess {
  /**
   * Whether an address may. IPv4 in IPv6 form (`::ffff:10.0.0.1`) is taken as IPv4, of a list (`X-Forwarded-For`) the
   * first entry counts. The empty address of unix sockets gets the default; what is no address is refused.
   */
  allows(address: string): boolean;
}

/** Verdicts that are remembered: reading an address costs more than finding it. */
const MAX_REMEMBERED = 4096;

/**
 * Reads access rules: the first rule that holds the address decides, otherwise the default (MOSN's `ip_access`).
 *
 * @throws Error when a range is not an address or `address/prefix`
 */
export function parseIpAccess(config: IpAccessConfig): IpAccess {
  const rules = config.rules.map(({ action, ranges }) => {
    return { allow: action === "allow", list: blockListOf(ranges) };
  });
  const byDefault = config.defaultAction === "allow";
  const remembered = new Map<string, boolean>();

  function decide(text: string): boolean {
    const address = bareAddress(text);
    if (address === "") return byDefault;
    const family = isIP(address);
    if (family === 0) return false;
    const rule = rules.find(({ list }) => list.check(address, family === 6 ? "ipv6" : "ipv4"));
    return rule?.allow ?? byDefault;
  }

  return {
    allows(address) {
      const known = remembered.get(address);
      if (known !== undefined) return known;
      const allowed = decide(address);
      if (remembered.size >= MAX_REMEMBERED) remembered.clear();
      if (address.length <= 64) remembered.set(address, allowed);
      return allowed;
    },
  };
}

function bareAddress(text: string): string {
  const first = (text.split(",", 1)[0] ?? "").trim();
  const bare = first.replace(/^\[(.*)\]$/, "$1").replace(/%.*$/, "");
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare;
}

function blockListOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) addRange(list, range);
  return list;
}

function addRange(list: BlockList, range: string): void {
  const [text = "", prefix, ...rest] = range.trim().split("/");
  const family = isIP(text);
  if (family === 0 || rest.length > 0) {
    throw new Error(`Cannot read the address range ${JSON.stringify(range)}: no IP address`);
  }
  const bits = family === 6 ? 128 : 32;
  const length = prefix === undefined ? bits : Number(prefix);
  if (prefix === "" || !Number.isInteger(length) || length < 0 || length > bits) {
    throw new Error(
      `Cannot read the address range ${JSON.stringify(range)}: the prefix must be 0 to ${bits}`,
    );
  }
  list.addSubnet(text, length, family === 6 ? "ipv6" : "ipv4");
}
