import { BlockList, isIP, isIPv4 } from "node:net";

/** Networks that are not the public internet (IANA special-purpose address registries, RFC 6890). */
const special: readonly (readonly [network: string, bits: number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

const inside = new BlockList();
for (const [network, bits] of special) inside.addSubnet(network, bits, "ipv4");
/** The only global unicast network of IPv6. */
const globalUnicast = new BlockList();
globalUnicast.addSubnet("2000::", 3, "ipv6");
/** What is inside of it for other purposes: Teredo and protocol assignments, documentation, 6to4 (it carries IPv4). */
const specialV6 = new BlockList();
specialV6.addSubnet("2001::", 23, "ipv6");
specialV6.addSubnet("2001:db8::", 32, "ipv6");
specialV6.addSubnet("2002::", 16, "ipv6");
specialV6.addSubnet("3fff::", 20, "ipv6");

/** Whether an IP address belongs to the public internet: not private, local to link or machine, multicast or reserved. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !inside.check(address, "ipv4");
  // IPv4 inside of IPv6 (::ffff:a.b.c.d, 64:ff9b::/96 …) is outside of global unicast, hence refused whatever it carries.
  if (isIP(address) === 0 || address.includes("%")) return false;
  return globalUnicast.check(address, "ipv6") && !specialV6.check(address, "ipv6");
}
