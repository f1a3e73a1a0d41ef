import type { SrvRecord } from "node:dns";
import type { HostConfig } from "../model/host.ts";
import { joinAddress } from "./address.ts";

/** A target of an SRV record with its addresses. */
export interface SrvTarget {
  readonly record: SrvRecord;
  readonly list: readonly string[];
}

/** The largest weight of a host. */
const MAX_WEIGHT = 10_000;

/**
 * Hosts of SRV records. Distinct priorities become 0, 1, 2 …; the weight of a target is shared by its addresses, scaled
 * into what a host may have. When all weights of a priority are 0, as RFC 2782 has it where nobody cares, none is set.
 */
export function srvShares(targets: readonly SrvTarget[]): HostConfig[] {
  const priorities = [...new Set(targets.map(({ record }) => record.priority))];
  priorities.sort((a, b) => a - b);
  return priorities.flatMap((priority, rank) => {
    return hostsOf(targets.filter(({ record }) => record.priority === priority), rank); // prettier-ignore
  });
}

function hostsOf(targets: readonly SrvTarget[], priority: number): HostConfig[] {
  const weights = weightsOf(targets);
  return targets.flatMap(({ record: { name, port }, list }, index) => {
    const weight = weights?.[index];
    return list.map((ip) => ({
      address: joinAddress(ip, port),
      hostname: name,
      ...(weight !== undefined && { weight }),
      ...(priority > 0 && { priority }),
    }));
  });
}

/** Weight of each address of a target; undefined when all are alike. */
function weightsOf(targets: readonly SrvTarget[]): number[] | undefined {
  const shares = targets.map(({ record, list }) => record.weight / Math.max(1, list.length));
  const most = Math.max(...shares);
  if (most === 0) return undefined;
  const isPlain = most <= MAX_WEIGHT && shares.every((share) => Number.isInteger(share));
  if (isPlain) return shares;
  return shares.map((share) =>
    share === 0 ? 0 : Math.max(1, Math.round((share / most) * MAX_WEIGHT)),
  );
}
