import type { Socket } from "node:net";
import { CallerConnection, type ConnectionKeeper, type Head } from "@layotto/http1";
import { Reason } from "../call/failure.ts";
import { meshFailure } from "../call/statuses.ts";
import type { ListenerScope } from "../listener/scope.ts";
import type { BodyBudget } from "./filters/body-budget.ts";
import { FilteredCall } from "./filters/filtered-call.ts";
import { HeadView } from "./head-view.ts";
import { failureAnswer } from "./own-answer.ts";
import { ProxyCall, tooLargeText } from "./proxy-call.ts";
import { forwardedBy, type ForwardedBy } from "./write-request.ts";

/** Who keeps the connections of a listener's callers. */
export interface ServerConnectionKeeper extends ConnectionKeeper {
  readonly scope: ListenerScope;
  /** For the bodies that functions see. */
  readonly budget: BodyBudget;
}

/** A connection of a caller: each of its requests is a proxied call. */
export class ServerConnection extends CallerConnection<ProxyCall> {
  readonly by: ForwardedBy;
  private readonly scope: ListenerScope;
  private readonly view: HeadView;
  private readonly budget: BodyBudget;

  constructor(socket: Socket, keeper: ServerConnectionKeeper, received: Buffer | undefined) {
    super(socket, keeper);
    this.scope = keeper.scope;
    this.budget = keeper.budget;
    this.by = forwardedBy(this.peerAddress, this.encrypted ? "https" : "http");
    this.view = new HeadView(this.reader.head, this.peerAddress);
    this.start(received);
  }

  protected openCall(head: Head): ProxyCall | undefined {
    const { scope } = this;
    const most = scope.config.limits.maxBodyBytes;
    if (most === 0 || head.contentLength <= most) {
      const options = scope.callOptions(this.view, "http1", undefined);
      const filters = scope.functions?.filters;
      if (filters === undefined || filters.length === 0) {
        return new ProxyCall(scope.mesh, options, this, most);
      }
      return new FilteredCall(scope.mesh, options, this, most, filters, this.budget);
    }
    this.answer(failureAnswer(meshFailure(Reason.BODY_TOO_LARGE, tooLargeText(most)), head), false);
    return undefined;
  }
}
