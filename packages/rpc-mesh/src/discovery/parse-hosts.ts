import type { HostConfig } from "../model/host.ts";
import { splitAddress } from "./address.ts";

const KEYS: ReadonlySet<string> = new Set([
  "address",
  "hostname",
  "weight",
  "zone",
  "priority",
  "metadata",
  "healthy",
]);

/**
 * Reads a list of hosts as a file holds it: a list, or a map with the key `hosts`. An entry is `"host:port"` or a map
 * with the keys of {@link HostConfig}.
 *
 * @throws Error that names the first faulty entry
 */
export function parseHosts(content: unknown): HostConfig[] {
  const list = isRecord(content) && Object.keys(content).length === 1 ? content["hosts"] : content;
  if (!Array.isArray(list)) throw new Error("must be a list of hosts, or a map with the key hosts");
  return list.map((entry: unknown, index) => {
    try {
      return parseHost(typeof entry === "string" ? { address: entry } : entry);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`Cannot read host ${index + 1}: ${why}`, { cause: error });
    }
  });
}

/**
 * Reads one host from a map with the keys of {@link HostConfig}.
 *
 * @throws Error that says what is wrong
 */
export function parseHost(entry: unknown): HostConfig {
  if (!isRecord(entry)) throw new Error('must be "host:port" or a map with an address');
  const unknown = Object.keys(entry).find((key) => !KEYS.has(key));
  if (unknown !== undefined) throw new Error(`unknown key "${unknown}"`);
  const address = entry["address"];
  if (typeof address !== "string" || splitAddress(address) === undefined) {
    throw new Error(`address must be host:port: got ${JSON.stringify(address)}`);
  }
  const hostname = text(entry, "hostname");
  const weight = whole(entry, "weight", 10_000);
  const zone = text(entry, "zone");
  const priority = whole(entry, "priority", 128);
  const metadata = textMap(entry["metadata"]);
  const healthy = entry["healthy"];
  if (healthy !== undefined && typeof healthy !== "boolean") {
    throw new Error("healthy must be true or false");
  }
  return {
    address,
    ...(hostname !== undefined && { hostname }),
    ...(weight !== undefined && { weight }),
    ...(zone !== undefined && { zone }),
    ...(priority !== undefined && { priority }),
    ...(metadata !== undefined && { metadata }),
    ...(healthy !== undefined && { healthy }),
  };
}

function text(entry: Record<string, unknown>, key: string): string | undefined {
  const value = entry[key];
  if (value !== undefined && typeof value !== "string") throw new Error(`${key} must be text`);
  return value;
}

function whole(entry: Record<string, unknown>, key: string, most: number): number | undefined {
  const value = entry[key];
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most) {
    return value;
  }
  throw new Error(`${key} must be a whole number from 0 to ${most}`);
}

/** Numbers and truth values are taken as what they look like, since YAML makes them of plain words. */
function textMap(value: unknown): Record<string, string> | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isRecord(value)) throw new Error("metadata must be a map");
  const entries = Object.entries(value).map(([key, each]): [string, string] => {
    if (typeof each === "object" && each !== null)
      throw new Error(`metadata "${key}" must be text`);
    return [key, String(each)];
  });
  return Object.fromEntries(entries);
}

/** Whether a value is a map (and neither null nor a list). */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
