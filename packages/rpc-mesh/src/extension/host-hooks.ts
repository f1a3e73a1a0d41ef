import type { ProcessResponse } from "@layotto/proto/sidecar/v1/extension";
import type { Timer } from "@layotto/sidecar-kit";
import type { ExtensionQuestion } from "@layotto/sidecar-kit/extension";
import type { HostDecision, HostHooks, HostQuestion } from "../call/call-hooks.ts";
import { headersOf } from "../call/changed-request.ts";
import type { MeshFailure } from "../call/failure.ts";
import { FunctionChain, propertyOf, type ChainTask } from "./function-chain.ts";
import type { ListenerFunction } from "./listener-function.ts";
import { commonProperties } from "./request-parts.ts";
import { CLUSTER } from "./route-hooks.ts";

/** Property with the host to try first. */
const HOST = "layotto.host";

/** Asks the functions of a listener which host a call goes to. */
export class FunctionHostHooks implements HostHooks {
  private readonly functions: readonly ListenerFunction[];

  constructor(functions: readonly ListenerFunction[]) {
    this.functions = functions;
  }

  ask(question: HostQuestion, done: (decision: HostDecision) => void): Timer {
    const runs = this.functions.map((each) => each.start());
    const task = new HostTask(question, this.functions[0]?.listener ?? "", done);
    return new FunctionChain(runs, task, question.leftMs, true).start();
  }
}

class HostTask implements ChainTask {
  private readonly asked: ExtensionQuestion;
  private readonly addresses: ReadonlySet<string>;
  private readonly done: (decision: HostDecision) => void;
  private host: string | undefined;

  constructor(
    { request, route, cluster, hosts }: HostQuestion,
    listener: string,
    done: (decision: HostDecision) => void,
  ) {
    const addresses = hosts.map(({ address }) => address);
    this.addresses = new Set(addresses);
    this.done = done;
    const properties = commonProperties(request, listener, "host");
    properties.push("layotto.route", route, CLUSTER, cluster.name);
    properties.push("layotto.hosts", addresses.join("\n"));
    const headers = headersOf(request);
    this.asked = { phase: "request", headers, bodyFollows: true, properties };
  }

  question(): ExtensionQuestion {
    return this.asked;
  }

  take(response: ProcessResponse, { counters }: ListenerFunction): string | undefined {
    const host = propertyOf(response, HOST);
    if (host === undefined || host === "") return undefined;
    if (this.addresses.has(host)) this.host = host;
    else counters.ignored++;
    return undefined;
  }

  end(failure: MeshFailure | undefined): void {
    this.done(failure === undefined ? { host: this.host } : { failure });
  }
}
