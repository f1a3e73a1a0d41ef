import type { DescriptorSet } from "@layotto/sidecar-kit/reflection";
import { isReserved } from "../routing/build-table.ts";
import type { Replica } from "../upstream/replica.ts";
import type { Upstream } from "../upstream/upstream.ts";

/**
 * The protobuf files of all upstreams and of the gateway itself, for reflection. An upstream that does not answer is
 * left out; one that is lost is known from before. The control contract is not for the public.
 *
 * @param upstreams asked once per generation
 * @param own files of the services that the gateway answers itself
 */
export async function gatherDescriptors(
  upstreams: readonly Upstream[],
  own: DescriptorSet,
): Promise<DescriptorSet> {
  const replicas = upstreams.flatMap((upstream) => bestReplica(upstream) ?? []);
  const results = await Promise.allSettled(replicas.map((replica) => replica.descriptors()));
  const found = results.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
  const services = found.flatMap((set) => set.services).filter((name) => !isReserved(`/${name}/`));
  return {
    files: [own, ...found].flatMap((set) => set.files),
    services: [...new Set([...own.services, ...services])],
  };
}

function bestReplica(upstream: Upstream): Replica | undefined {
  const described = upstream.replicas.filter((replica) => replica.description !== undefined);
  return described.find((replica) => replica.isUsable) ?? described[0];
}
