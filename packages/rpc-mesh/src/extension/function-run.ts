import type { MessageStream } from "@layotto/grpc-transport";
import { ExtensionRun } from "@layotto/sidecar-kit/extension";
import type { ListenerFunction } from "./listener-function.ts";

/** A function of a listener beside one call. */
export class FunctionRun extends ExtensionRun {
  readonly owner: ListenerFunction;
  /** It was cancelled: nothing more is to be asked. */
  abandoned = false;

  constructor(owner: ListenerFunction) {
    super(owner.extension);
    this.owner = owner;
  }

  /** Whether the call goes on without it, from its first phase on. */
  get skips(): boolean {
    if (this.hasBegun || !this.owner.rests) return false;
    this.owner.counters.skipped++;
    this.cancel();
    return true;
  }

  override cancel(): void {
    this.abandoned = true;
    super.cancel();
  }

  protected override open(): MessageStream {
    const { config, tools } = this.owner;
    return tools.client.open(config.onFailure === "closed", this);
  }
}
