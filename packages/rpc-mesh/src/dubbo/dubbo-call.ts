import type { Output } from "@layotto/grpc-transport/socket";
import type { CallOptions } from "../call/governed-call.ts";
import type { MeshRuntime } from "../call/runtime.ts";
import type { Verdict } from "../call/verdict.ts";
import type { Protocol } from "../model/host.ts";
import type { Exchange } from "../multiplex/exchange.ts";
import { MuxCall } from "../multiplex/mux-call.ts";
import type { Wire } from "../multiplex/wire.ts";
import type { DubboFrame } from "./dubbo-frame.ts";
import type { DubboRequest } from "./dubbo-request.ts";
import { dubboVerdict } from "./dubbo-verdict.ts";
import { dubbo } from "./dubbo-wire.ts";
import { forwardDubbo } from "./write-dubbo.ts";

/**
 * A Dubbo call. Its body goes to the host as it came, in whatever serialization, so changes of headers that a route asks
 * for have no place in it.
 */
export abstract class DubboCall extends MuxCall<DubboFrame> {
  protected readonly request: DubboRequest;

  constructor(mesh: MeshRuntime, options: CallOptions, request: DubboRequest) {
    super(mesh, options);
    this.request = request;
  }

  write(exchange: Exchange<DubboFrame>, output: Output): number {
    return forwardDubbo(output, this.request.frame, 0, exchange.id);
  }

  protected get oneway(): boolean {
    return this.request.oneway;
  }

  protected wireFor(protocol: Protocol): Wire<DubboFrame> | undefined {
    return protocol === "dubbo" ? dubbo : undefined;
  }

  protected get contentBytes(): number {
    return this.request.frame.end - this.request.frame.bodyAt;
  }

  protected verdictOf(frame: DubboFrame): Verdict {
    return dubboVerdict(frame.status);
  }
}
