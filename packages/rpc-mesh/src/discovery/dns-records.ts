import type { SrvRecord } from "node:dns";
import { lookup, type Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import type { HostConfig } from "../model/host.ts";
import { joinAddress } from "./address.ts";
import { srvShares } from "./srv-shares.ts";
import { srvTtlSeconds } from "./srv-ttl.ts";

/** What a name means now. */
export interface DnsAnswer {
  readonly hosts: readonly HostConfig[];
  /** Seconds for which that holds. */
  readonly ttlSeconds: number;
}

/** Addresses of a name. */
interface Addresses {
  readonly list: readonly string[];
  readonly ttlSeconds: number;
}

/** Names of the hosts file and of search lists have no TTL. */
const LOOKUP_TTL_SECONDS = 5;
/** Where the TTL of SRV records cannot be found out. */
const SRV_TTL_SECONDS = 10;

/** What DNS says about names that do not exist, or not with this kind of record. */
const NEGATIVE: ReadonlySet<string> = new Set(["ENOTFOUND", "ENODATA"]);

/** Whether an error is DNS's own word that there is nothing, and no failure to ask it. */
export function isNegative(error: unknown): boolean {
  return NEGATIVE.has(codeOf(error));
}

function codeOf(error: unknown): string {
  return String(Reflect.get(Object(error), "code"));
}

/**
 * Addresses of a name with a port.
 *
 * @param asSystem names that DNS does not know are looked up as other programs do: hosts file, search list
 */
export async function resolveHosts(
  resolver: Resolver,
  name: string,
  { port, record, asSystem }: { port: number; record: "A" | "AAAA"; asSystem: boolean },
): Promise<DnsAnswer> {
  const { list, ttlSeconds } = await addressesOf(resolver, name, record, asSystem);
  const hosts = list.map((ip) => ({ address: joinAddress(ip, port), hostname: bare(name) }));
  return { hosts, ttlSeconds };
}

/** Hosts of an SRV record: priorities become ranks, weights shares of the load. */
export async function resolveService(
  resolver: Resolver,
  name: string,
  asSystem: boolean,
): Promise<DnsAnswer> {
  const records = (await resolver.resolveSrv(name)).filter(isOffered);
  const ownTtl = srvTtlSeconds(name, resolver.getServers()[0] ?? "");
  const targets = await Promise.all(
    records.map(async (record) => ({ record, ...(await targetOf(resolver, record, asSystem)) })),
  );
  const ttls = targets.map((target) => target.ttlSeconds);
  const ttlSeconds = Math.min((await ownTtl) ?? SRV_TTL_SECONDS, ...ttls);
  return { hosts: srvShares(targets), ttlSeconds };
}

/** RFC 2782: the target "." says that the service is decidedly not there. */
function isOffered({ name }: SrvRecord): boolean {
  return name !== "" && name !== ".";
}

/** A target that does not exist has no addresses; a failure to ask is a failure of the whole answer. */
async function targetOf(
  resolver: Resolver,
  { name }: SrvRecord,
  asSystem: boolean,
): Promise<Addresses> {
  for (const record of ["A", "AAAA"] as const) {
    try {
      return await addressesOf(resolver, name, record, asSystem);
    } catch (error) {
      if (!isNegative(error)) throw error;
    }
  }
  return { list: [], ttlSeconds: SRV_TTL_SECONDS }; // it may come
}

async function addressesOf(
  resolver: Resolver,
  name: string,
  record: "A" | "AAAA",
  asSystem: boolean,
): Promise<Addresses> {
  if (isIP(name) !== 0) return { list: [name], ttlSeconds: Infinity };
  const options = { ttl: true } as const;
  try {
    const found = await (record === "A"
      ? resolver.resolve4(name, options)
      : resolver.resolve6(name, options));
    const ttlSeconds = Math.min(...found.map(({ ttl }) => ttl));
    return { list: found.map(({ address }) => address), ttlSeconds };
  } catch (error) {
    const isUnknown = isNegative(error) || codeOf(error) === "ECONNREFUSED";
    if (!asSystem || !isUnknown) throw error;
    const found = await lookup(name, { all: true, family: record === "A" ? 4 : 6 });
    return { list: found.map(({ address }) => address), ttlSeconds: LOOKUP_TTL_SECONDS };
  }
}

/** Without the dot of a complete name, which certificates and Host headers do not have. */
function bare(name: string): string {
  return name.endsWith(".") ? name.slice(0, -1) : name;
}
