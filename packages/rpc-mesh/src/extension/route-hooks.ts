import type { ProcessResponse } from "@layotto/proto/sidecar/v1/extension";
import type { Timer } from "@layotto/sidecar-kit";
import type { ExtensionQuestion } from "@layotto/sidecar-kit/extension";
import type { RouteDecision, RouteHooks } from "../call/call-hooks.ts";
import { headersOf, theirLines } from "../call/changed-request.ts";
import type { MeshFailure } from "../call/failure.ts";
import type { RequestView } from "../call/request.ts";
import { wrongLine } from "./answer.ts";
import { FunctionChain, propertyOf, type ChainTask } from "./function-chain.ts";
import type { ListenerFunction } from "./listener-function.ts";
import { commonProperties, wrongTarget } from "./request-parts.ts";

/** Property with the cluster that a call is to go to. */
export const CLUSTER = "layotto.cluster";

/** Asks the functions of a listener where calls go. */
export class FunctionRouteHooks implements RouteHooks {
  private readonly functions: readonly ListenerFunction[];

  constructor(functions: readonly ListenerFunction[]) {
    this.functions = functions;
  }

  ask(request: RequestView, leftMs: number | undefined, done: (decision: RouteDecision) => void): Timer {
    const runs = this.functions.map((each) => each.start());
    return new FunctionChain(runs, new RouteTask(request, this.functions[0]?.listener ?? "", done), leftMs, true).start();
  } // prettier-ignore
}

class RouteTask implements ChainTask {
  private readonly request: RequestView;
  private readonly done: (decision: RouteDecision) => void;
  private readonly properties: readonly string[];
  private headers: readonly string[];
  private changed = false;
  private cluster: string | undefined;

  constructor(request: RequestView, listener: string, done: (decision: RouteDecision) => void) {
    this.request = request;
    this.done = done;
    this.headers = headersOf(request);
    this.properties = commonProperties(request, listener, "route");
  }

  question(): ExtensionQuestion {
    const { headers, properties, cluster } = this;
    const told = cluster === undefined ? properties : [...properties, CLUSTER, cluster];
    return { phase: "request", headers, bodyFollows: true, properties: told };
  }

  take(response: ProcessResponse): string | undefined {
    if (response.headersChanged) {
      const isHttp = this.request.method !== "";
      const wrong = wrongLine(theirLines(response.headers)) ?? (isHttp ? wrongTarget(response.headers) : undefined); // prettier-ignore
      if (wrong !== undefined) return wrong;
      this.headers = response.headers;
      this.changed = true;
    }
    const cluster = propertyOf(response, CLUSTER);
    if (cluster !== undefined && cluster !== "") this.cluster = cluster;
    return undefined;
  }

  end(failure: MeshFailure | undefined): void {
    const headers = this.changed ? this.headers : undefined;
    this.done(failure === undefined ? { headers, cluster: this.cluster } : { failure });
  }
}
