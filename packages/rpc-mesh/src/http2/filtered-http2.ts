import type { ProcessResponse } from "@layotto/proto/sidecar/v1/extension";
import { hasNoBody } from "@layotto/http1";
import type { ExtensionQuestion } from "@layotto/sidecar-kit/extension";
import { headersOf, theirLines, valueOf } from "../call/changed-request.ts";
import type { MeshFailure } from "../call/failure.ts";
import type { CallOptions } from "../call/governed-call.ts";
import type { MeshRuntime } from "../call/runtime.ts";
import { wrongLine } from "../extension/answer.ts";
import { FunctionChain, type ChainTask } from "../extension/function-chain.ts";
import type { FunctionRun } from "../extension/function-run.ts";
import type { ListenerFunction } from "../extension/listener-function.ts";
import { commonProperties, wrongTarget } from "../extension/request-parts.ts";
import type { Http2Call } from "./http2-call.ts";
import { GovernedHttp2 } from "./http2-governed.ts";

/** What functions have made of headers: all of them if they have changed, or why the call ends. */
export type OnHeaders = (headers: readonly string[] | undefined, failure: MeshFailure | undefined) => void; // prettier-ignore

/** The engine's side of a call whose headers go through functions. */
export class FilteredHttp2 extends GovernedHttp2 {
  private readonly runs: readonly FunctionRun[];
  private readonly listener: string;

  constructor(
    call: Http2Call,
    mesh: MeshRuntime,
    options: CallOptions,
    filters: readonly ListenerFunction[],
  ) {
    super(call, mesh, options);
    this.runs = filters.map((filter) => filter.start());
    this.listener = filters[0]?.listener ?? "";
  }

  /** Asks about the headers of an answer: `:status` first. Cancelled with the call. */
  askAnswer(headers: readonly string[], hasBody: boolean, done: OnHeaders): void {
    const runs = this.runs.filter(({ abandoned }) => !abandoned).toReversed();
    const question = { phase: "response", bodyFollows: hasBody, properties: [] } as const;
    const wrong = (now: readonly string[]): string | undefined => wrongStatus(now, hasBody);
    const task = new HeadersTask(headers, question, wrong, (changed, failure) => {
      if (!this.over) done(changed, failure);
    });
    this.timing.hold(new FunctionChain(runs, task, this.timing.leftMs, true).start());
  }

  protected override beforeRoute(): void {
    const { request } = this.options;
    const properties = commonProperties(request, this.listener, "filter");
    const question = { phase: "request", bodyFollows: !this.call.isWhole, properties } as const;
    const task = new HeadersTask(headersOf(request), question, wrongTarget, (headers, failure) => {
      if (this.over) return;
      if (failure !== undefined) return this.finish(failure);
      if (headers !== undefined) this.changeHeaders(headers);
      super.beforeRoute();
    });
    this.timing.hold(new FunctionChain(this.runs, task, this.timing.leftMs, false).start());
  }

  protected override ended(): void {
    for (const run of this.runs) run.cancel();
  }
}

/** Headers on their way through functions. */
class HeadersTask implements ChainTask {
  private headers: readonly string[];
  private changed = false;
  private readonly about: Omit<ExtensionQuestion, "headers">;
  private readonly wrong: (headers: readonly string[]) => string | undefined;
  private readonly done: OnHeaders;

  constructor(
    headers: readonly string[],
    about: Omit<ExtensionQuestion, "headers">,
    wrong: (headers: readonly string[]) => string | undefined,
    done: OnHeaders,
  ) {
    this.headers = headers;
    this.about = about;
    this.wrong = wrong;
    this.done = done;
  }

  question(): ExtensionQuestion {
    return { ...this.about, headers: this.headers };
  }

  take({ headersChanged, headers }: ProcessResponse): string | undefined {
    if (!headersChanged) return undefined;
    const wrong = wrongLine(theirLines(headers)) ?? this.wrong(headers);
    if (wrong !== undefined) return wrong;
    this.headers = headers;
    this.changed = true;
    return undefined;
  }

  end(failure: MeshFailure | undefined): void {
    this.done(this.changed ? this.headers : undefined, failure);
  }
}

function wrongStatus(headers: readonly string[], hasBody: boolean): string | undefined {
  const status = valueOf(headers, ":status");
  if (status === undefined) return undefined;
  if (!/^[2-5]\d\d$/u.test(status)) return `its status ${JSON.stringify(status)} must be 200 to 599`;
  return hasBody && hasNoBody(Number(status)) ? `its status ${status} allows no body, and there is one` : undefined;
} // prettier-ignore
