/** What a host does to every call. */
export const faults = ["refuse", "hang", "reset", "trickle", "errors", "lies", "garbage"] as const;

export type Fault = (typeof faults)[number];

/** Protocols that every host speaks, each on a port of its own. */
export const hostProtocols = ["http", "grpc", "bolt"] as const;

export type HostProtocol = (typeof hostProtocols)[number];

/** To the process of the hosts; each is answered by one {@link HostsReply}. */
export type HostsCommand =
  /** Opens the hosts. */
  | { type: "open"; hosts: number }
  /** From now on these hosts have the fault, all others none. */
  | { type: "fault"; hosts: readonly number[]; fault: Fault }
  /** Nothing is answered any more on the connections that are open now, as when a firewall has forgotten them. */
  | { type: "deafen" }
  /** What they have seen so far. */
  | { type: "report" };

/** What the hosts have seen. */
export interface HostsReport {
  /** Calls that came in, of each protocol. */
  readonly seen: Readonly<Record<HostProtocol, number>>;
  /** Different ids that must be seen once at most. */
  readonly once: number;
  /** Those of them that were seen again. */
  readonly repeated: readonly string[];
}

/** The answer to a command. */
export type HostsReply =
  | { type: "opened"; ports: readonly Readonly<Record<HostProtocol, number>>[] }
  | { type: "changed" }
  | { type: "report"; report: HostsReport };

/** Ids that begin so must not be seen twice. */
export const ONCE = "once-";

/** What a host answers to the call with this id. */
export function answerTo(id: string): string {
  return `re:${id}`;
}

/** gRPC methods of the hosts; the message is the id. */
export const grpcPaths = { get: "/test.Hosts/Get", create: "/test.Hosts/Create" } as const;
