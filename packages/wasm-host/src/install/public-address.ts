import { BlockList, isIPv4 } from "node:net";
import { readNetwork } from "../config/read-network.ts";

/** IPv4 that is not the public Internet (IANA special-purpose address registry, and multicast). */
const special4 = listOf([
  "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
  "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
  "224.0.0.0/4", "240.0.0.0/4",
]); // prettier-ignore

/** Of IPv6 only this is public; IPv4 in disguise (mapped, NAT64) is outside of it. */
const global6 = listOf(["2000::/3"]);

/** What is in it and is not: Teredo, documentation, 6to4. */
const special6 = listOf(["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"]);

const loopback = listOf(["127.0.0.0/8", "::1"]);

/** Whether an address belongs to the public Internet. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !special4.check(address, "ipv4");
  const plain = withoutZone(address);
  return global6.check(plain, "ipv6") && !special6.check(plain, "ipv6");
}

/** Whether an address is this machine. */
export function isLoopbackAddress(address: string): boolean {
  return isIn(loopback, address);
}

/** Whether an address is in one of the networks. */
export function isIn(networks: BlockList, address: string): boolean {
  return networks.check(withoutZone(address), isIPv4(address) ? "ipv4" : "ipv6");
}

/** Networks like `10.0.0.0/8`; what is none is left out. */
export function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const each of networks) readNetwork(list, each);
  return list;
}

function withoutZone(address: string): string {
  return address.split("%", 1)[0] ?? "";
}
