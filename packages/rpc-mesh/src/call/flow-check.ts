import type { MeshFailure } from "./failure.ts";
import type { RequestView } from "./request.ts";

/** Flow rules, ready to be asked. */
export interface FlowCheck {
  /** Which rules are in force; 0: none act. */
  readonly generation: number;
  /** 0: pass; more: wait so many ms; less: refused. */
  check(request: RequestView): number;
  /** A request that passed is over. */
  done(request: RequestView, generation: number): void;
  /** The answer to what is refused. */
  failure(): MeshFailure;
}
