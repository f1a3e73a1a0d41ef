import { BinaryReader } from "@bufbuild/protobuf/wire";
import type { HostConfig } from "../../model/host.ts";
import { type ReadContext, ResourceFault } from "../resource.ts";
import { readLbEndpoint } from "./endpoint.ts";
import { readWrapped } from "./wire.ts";
import { LabelReader } from "./labels-on-wire.ts";
import { type HostDraft, spreadWeights } from "./weights.ts";

/** A group of hosts in one place, its hosts not yet read. */
interface Locality {
  zone: string;
  priority: number;
  weight: number | undefined;
  readonly endpoints: Uint8Array[];
}

/**
 * Reads the hosts of a `ClusterLoadAssignment`. This is the one message that is large and frequent, so it is read
 * straight from the wire, in slices.
 *
 * @throws ResourceFault
 */
export async function readAssignment(
  bytes: Uint8Array,
  { slices }: Pick<ReadContext, "slices">,
): Promise<readonly HostConfig[]> {
  const seen = new Set<string>();
  const labels = new LabelReader();
  const groups: { weight: number | undefined; priority: number; hosts: HostDraft[] }[] = [];
  for (const { weight, priority, zone, endpoints } of readLocalities(bytes)) {
    const place = { zone, priority, labels };
    const hosts: HostDraft[] = [];
    for (const endpoint of endpoints) {
      if (slices.due) await slices.pause();
      const host = readLbEndpoint(endpoint, place);
      // An address may be listed once; the first counts.
      if (seen.has(host.address)) continue;
      seen.add(host.address);
      hosts.push(host);
    }
    groups.push({ weight, priority, hosts });
  }
  return spreadWeights(groups);
}

function readLocalities(bytes: Uint8Array): Locality[] {
  const reader = new BinaryReader(bytes);
  const localities: Locality[] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 2 && wireType === 2) localities.push(readLocality(reader.bytes()));
    else reader.skip(wireType, field);
  }
  return localities;
}

function readLocality(bytes: Uint8Array): Locality {
  const reader = new BinaryReader(bytes);
  const locality: Locality = { zone: "", priority: 0, weight: undefined, endpoints: [] };
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1) locality.zone = readZone(reader);
    else if (field === 2) locality.endpoints.push(reader.bytes());
    else if (field === 3) locality.weight = readWrapped(reader);
    else if (field === 5) locality.priority = reader.uint32();
    else if (field === 7 || field === 8) {
      throw new ResourceFault("endpoints of a locality must be given in lb_endpoints");
    } else reader.skip(wireType, field);
  }
  if (locality.priority > 128) throw new ResourceFault("priority must be at most 128");
  return locality;
}

/** The zone, or the region where no zone is named. */
function readZone(reader: BinaryReader): string {
  const end = reader.uint32() + reader.pos;
  let [region, zone] = ["", ""];
  while (reader.pos < end) {
    const [field, wireType] = reader.tag();
    if (field === 1) region = reader.string();
    else if (field === 2) zone = reader.string();
    else reader.skip(wireType, field);
  }
  return zone === "" ? region : zone;
}
