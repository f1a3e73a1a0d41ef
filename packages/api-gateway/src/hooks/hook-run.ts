import type { MessageStream } from "@layotto/grpc-transport";
import { ExtensionRun } from "@layotto/sidecar-kit/extension";
import type { ExtensionTarget } from "./extension-target.ts";
import type { Hook } from "./hook.ts";

/** The function of a hook beside one call. A hook that must not fail waits for its sidecar. */
export class HookRun extends ExtensionRun {
  readonly hook: Hook;
  readonly #target: ExtensionTarget;
  #waiting: AbortController | undefined;

  constructor(hook: Hook, target: ExtensionTarget) {
    super(hook.extension);
    this.hook = hook;
    this.#target = target;
  }

  protected override open(timeoutMs: number): MessageStream | undefined {
    const { function: name, on_failure: policy } = this.hook.config;
    const stream = this.#target.open(name, this);
    if (stream !== undefined) return stream;
    if (policy === "open") this.fail(this.#absence());
    else void this.#openLater(name, timeoutMs);
    return undefined;
  }

  protected override onOver(): void {
    this.#waiting?.abort();
  }

  async #openLater(name: string, timeoutMs: number): Promise<void> {
    this.#waiting = new AbortController();
    const { signal } = this.#waiting;
    try {
      const stream = await this.#target.openLater(name, this, { timeoutMs, signal });
      if (stream === undefined) this.fail(this.#absence());
      else this.opened(stream);
    } catch (error) {
      this.fail(this.#absence(error));
    }
  }

  #absence(error?: unknown): string {
    const upstream = this.#target.upstream(this.hook.config.function);
    if (upstream === undefined) return "no sidecar runs functions (is wasm-host configured?)";
    return `the ${upstream.name} sidecar cannot be reached: ${upstream.reason || String(error)}`;
  }
}
