import type { RpcError } from "@layotto/sidecar-kit";
import type { CallHooks } from "../call/call-hooks.ts";
import type { CallLog } from "../call/call-log.ts";
import type { FlowCheck } from "../call/flow-check.ts";
import type { MeshRuntime } from "../call/runtime.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { FaultConfig } from "../model/route.ts";
import type { Router } from "../routing/router.ts";

/** A call of InvokeService, as channels get it. */
export interface Invocation {
  /** The service: `id` of the request, or what a filter made of it. */
  readonly id: string;
  /** The method: a path for HTTP. */
  readonly method: string;
  /** HTTP verb. */
  readonly verb: string;
  /** Without the question mark. */
  readonly query: string;
  /** To be copied by who keeps it after `invoke` has returned. */
  readonly data: Uint8Array;
  readonly contentType: string;
  /** Lower-case names; hop-by-hop headers, `content-length` and what belongs to gRPC itself are gone. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Total time unless the route says something else, ms. */
  readonly timeoutMs: number;
  /** Total time that the call itself asks for, ms: no route makes it longer. */
  readonly limitMs?: number | undefined;
  /** The caller's own deadline, epoch ms. */
  readonly deadlineMs: number | undefined;
  /** No answer is awaited (bolt, dubbo). */
  readonly oneway: boolean;
  /** `host:port` to call directly. */
  readonly target: string | undefined;
}

/** The answer of a service. */
export interface InvocationReply {
  /** Valid during the callback. */
  readonly data: Uint8Array;
  readonly contentType: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** Gets the outcome: an error, or the reply. Called once. */
export type OnReply = (error: RpcError | undefined, reply: InvocationReply | undefined) => void;

/** Calls services in one protocol. */
export interface Channel {
  /** Calls back, perhaps before it returns. Returns how to give up: nothing is called back then. */
  invoke(invocation: Invocation, done: OnReply): () => void;
}

/** Where the calls of a channel go. */
export interface ChannelRoute {
  /** A router, or one host. */
  readonly router: Router | undefined;
  readonly cluster: Cluster | undefined;
  /** Flow rules and faults of the listener that the channel leads to. */
  readonly flow?: FlowCheck | undefined;
  readonly fault?: FaultConfig | undefined;
  /** Functions of that listener. */
  readonly hooks?: CallHooks | undefined;
  /** Access log of that listener. */
  readonly log?: CallLog | undefined;
}

/** What every channel is made with. */
export interface ChannelOptions {
  readonly mesh: MeshRuntime;
  /** Where a call goes now; `target` is the address that the call itself names. */
  readonly route: (target: string | undefined) => ChannelRoute;
  /** Layotto's flat error codes instead of finer ones. */
  readonly flatErrors: boolean;
  /** Larger answers are refused, bytes. */
  readonly maxReplyBytes: number;
  /** bolt: class of requests. */
  readonly requestClass: string;
  /** bolt: version of the protocol. */
  readonly version: "bolt" | "boltv2";
}
