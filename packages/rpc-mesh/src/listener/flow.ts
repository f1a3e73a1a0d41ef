import { FlowControl, resourceOf, type FlowSettings } from "@layotto/flow-control";
import type { Labels, MetricFamily } from "@layotto/sidecar-kit";
import { Reason, type MeshFailure } from "../call/failure.ts";
import type { FlowCheck } from "../call/flow-check.ts";
import type { RequestView } from "../call/request.ts";

/** Header in which a caller names itself, for rules that tell callers apart; otherwise its address does. */
const CALLER_HEADER = "x-caller-app";

/** Flow rules of one listener. */
export class ListenerFlow implements FlowCheck {
  readonly control: FlowControl;
  private readonly refusal: MeshFailure;

  constructor(settings: FlowSettings) {
    this.control = new FlowControl(settings);
    const { status, body } = settings.action;
    this.refusal = { reason: Reason.RATE_LIMITED, message: body, status };
  }

  get generation(): number {
    return this.control.generation;
  }

  check(request: RequestView): number {
    return this.control.check(this.resourceOf(request), callerOf(request));
  }

  done(request: RequestView, generation: number): void {
    this.control.done(this.resourceOf(request), callerOf(request), generation);
  }

  /** What the rules have counted. */
  families(labels: Labels): MetricFamily[] {
    return this.control.families(labels);
  }

  failure(): MeshFailure {
    return this.refusal;
  }

  private resourceOf({ path }: RequestView): string {
    return resourceOf(this.control.settings.limit_key_type, path);
  }
}

function callerOf(request: RequestView): string {
  return request.header(CALLER_HEADER) ?? request.peerAddress;
}
