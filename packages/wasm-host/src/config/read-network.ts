import { type BlockList, isIPv4, isIPv6 } from "node:net";

/** Adds an address or a network (`10.0.0.0/8`) to a list. Returns whether it is one. */
export function readNetwork(list: BlockList, text: string): boolean {
  const [address = "", bits] = text.split("/", 2);
  const family = isIPv4(address) ? "ipv4" : isIPv6(address) ? "ipv6" : undefined;
  if (family === undefined || address.includes("%")) return false;
  if (bits === undefined) {
    list.addAddress(address, family);
    return true;
  }
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > (family === "ipv4" ? 32 : 128)) return false;
  list.addSubnet(address, Number(bits), family);
  return true;
}
