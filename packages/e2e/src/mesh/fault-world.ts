import { freePort } from "@layotto/sidecar-kit/testing";
import { type Layotto, startLayotto } from "../harness/layotto.ts";
import type { Scope } from "../harness/scope.ts";
import { untilReady } from "../harness/wait.ts";
import { boltCaller, type Caller, grpcCaller, httpCaller, invokeCaller } from "./callers.ts";
import {
  clusterOf,
  listenerInside,
  listenerOn,
  type Part,
  recommendedCluster,
  recommendedRetry,
  routeTo,
  routerOf,
  rpcsOf,
} from "./config.ts";
import { Hosts } from "./hosts.ts";
import { grpcPaths, type HostProtocol } from "./hosts-messages.ts";

/** Hosts, the mesh before them, and a caller of each way through it. */
export interface FaultWorld {
  readonly hosts: Hosts;
  readonly layotto: Layotto;
  readonly ports: FrontPorts;
  readonly callers: readonly Caller[];
}

const hostCount = 5;
const total = { timeout: "3s", retry_policy: recommendedRetry };
/** HTTP tells by its verbs what may run twice; for the others it is said. */
const twice = { ...total, idempotent: true };

/** Ports of the listeners. */
export type FrontPorts = Readonly<Record<"http" | "grpc" | "bolt", number>>;

const byService = { headers: [{ name: "service", value: "hosts.Get:1.0" }] };

/**
 * The section `mesh` before some of the hosts.
 *
 * @param suffix of the names of all clusters
 * @param more for every router
 */
export function meshBefore(
  hosts: Hosts,
  ports: FrontPorts,
  { used = [0, 1, 2, 3, 4], suffix = "", more = {} }: { used?: readonly number[]; suffix?: string; more?: Part } = {},
): Part {
  const to = (name: string, options: Part): Part => routeTo(name + suffix, options);
  const cluster = (name: string, protocol: HostProtocol): Part => {
    const chosen = hosts.ports(protocol).filter((_, i) => used.includes(i));
    return clusterOf(name + suffix, chosen, recommendedCluster);
  };
  const router = (name: string, ...routes: readonly Part[]): Part => ({ ...routerOf(name, ...routes), ...more });
  return {
    listeners: [
      listenerOn("http", ports.http, "http1"),
      listenerOn("grpc", ports.grpc, "grpc"),
      listenerOn("bolt", ports.bolt, "bolt", { enable_bolt_goaway: true }),
      listenerInside("invoke", "http1"),
    ],
    routers: [
      router("http", to("http", total)),
      router("invoke", to("invoke", total)),
      router("grpc", to("grpc", { match: { path: grpcPaths.get }, ...twice }), to("grpc", total)),
      router("bolt", to("bolt", { match: byService, ...twice }), to("bolt", total)),
    ],
    clusters: [
      cluster("http", "http"),
      cluster("invoke", "http"),
      cluster("grpc", "grpc"),
      cluster("bolt", "bolt"),
    ],
  };
} // prettier-ignore

/** The section `rpcs` that goes with {@link meshBefore}. */
export const rpcsBefore = rpcsOf({ protocol: "http", listener: "invoke" });

/** Starts everything for one run; nothing is wrong with the hosts yet. */
export async function startFaultWorld(scope: Scope): Promise<FaultWorld> {
  const hosts = scope.use(await Hosts.start(hostCount));
  const ports = { http: await freePort(), grpc: await freePort(), bolt: await freePort() };
  const config = { rpcs: rpcsBefore, mesh: meshBefore(hosts, ports) };
  const layotto = scope.use(await startLayotto({ config }));
  await untilReady(layotto);
  const callers = [
    httpCaller(ports.http),
    invokeCaller(layotto.port),
    grpcCaller(ports.grpc),
    boltCaller(ports.bolt),
  ];
  for (const caller of callers) scope.use(caller);
  return { hosts, layotto, ports, callers };
}
