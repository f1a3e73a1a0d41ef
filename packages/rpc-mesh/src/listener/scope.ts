import { AccessLog } from "./access-log.ts";
import type { CallOptions } from "../call/governed-call.ts";
import type { ListenerFlow } from "./flow.ts";
import type { RequestView } from "../call/request.ts";
import type { FunctionTools } from "../extension/listener-function.ts";
import { ListenerFunctions } from "../extension/listener-functions.ts";
import type { MeshRuntime } from "../call/runtime.ts";
import type { Protocol } from "../model/host.ts";
import type { ListenerConfig } from "../model/listener.ts";
import { parseIpAccess } from "../resilience/ip-access.ts";
import { Router } from "../routing/router.ts";

/** What the calls of one listener have in common. */
export class ListenerScope {
  readonly mesh: MeshRuntime;
  readonly config: ListenerConfig;
  readonly flow: ListenerFlow | undefined;
  /** Functions that take part in its calls; undefined: none. */
  readonly functions: ListenerFunctions | undefined;
  /** Undefined: calls are not logged. */
  readonly log: AccessLog | undefined;
  /** Counted by the protocols: connections that ended with a malformed message. */
  malformed = 0;
  private readonly nowhere: Router;
  private readonly allows: ((request: RequestView) => boolean) | undefined;

  constructor(
    mesh: MeshRuntime,
    config: ListenerConfig,
    flow: ListenerFlow | undefined,
    tools?: FunctionTools,
  ) {
    this.mesh = mesh;
    this.config = config;
    this.flow = flow;
    this.functions = ListenerFunctions.of(config, tools);
    this.log = config.accessLog === true ? new AccessLog(mesh.logger, config.name) : undefined;
    this.allows = allowsByHeader(config);
    this.nowhere = new Router({ name: config.router, virtualHosts: [] });
  }

  /** The routes as they are now. */
  get router(): Router {
    return this.mesh.routers.get(this.config.router) ?? this.nowhere;
  }

  /**
   * How a call of this listener is governed.
   *
   * @param protocol that the caller speaks; the listener may want another one upstream
   * @param deadlineMs the caller's own deadline, epoch ms
   */
  callOptions(
    request: RequestView,
    protocol: Protocol,
    deadlineMs: number | undefined,
  ): CallOptions {
    const { timeoutMs, fault, upstreamProtocol } = this.config;
    return {
      request,
      router: this.router,
      protocol: upstreamProtocol ?? protocol,
      timeoutMs,
      deadlineMs,
      fault,
      allows: this.allows,
      flow: this.flow,
      hooks: this.functions?.hooks,
      log: this.log,
    };
  }
}

/** Access rules for an address that a header names; without the header the caller's own counts. */
function allowsByHeader({
  ipAccess,
}: ListenerConfig): ((request: RequestView) => boolean) | undefined {
  const name = ipAccess?.header;
  if (ipAccess === undefined || name === undefined) return undefined;
  const access = parseIpAccess(ipAccess);
  return (request) => access.allows(request.header(name) ?? request.peerAddress);
}
