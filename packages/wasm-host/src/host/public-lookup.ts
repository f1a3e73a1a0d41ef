import { lookup as systemLookup, type LookupAddress, type LookupOptions } from "node:dns";
import type { BlockList, LookupFunction } from "node:net";
import { isIPv4 } from "node:net";
import { isPublicAddress } from "./public-address.ts";

/** Resolves all addresses of a name. */
export type Resolve = (
  name: string,
  options: LookupOptions & { all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * A `lookup` for sockets that finds only public addresses and those in listed networks: what a name means is decided
 * by whoever owns it, and the address that was checked is the one that is connected to.
 */
export function publicLookup(listed: BlockList, resolve: Resolve = systemLookup): LookupFunction {
  return (name, options, done) => {
    resolve(name, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return done(error, []);
      const usable = addresses.filter(({ address }) => isUsable(address, listed));
      const [first] = usable;
      if (first === undefined) return done(new Error(`"${name}" has only private addresses`), []);
      if (options.all === true) done(null, usable);
      else done(null, first.address, first.family);
    });
  };
}

function isUsable(address: string, listed: BlockList): boolean {
  if (isPublicAddress(address)) return true;
  return listed.check(address, isIPv4(address) ? "ipv4" : "ipv6");
}
