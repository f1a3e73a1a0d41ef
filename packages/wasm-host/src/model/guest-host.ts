import type { Answer, HostCaller } from "../host/host-caller.ts";
import type { HostCall } from "./host-calls.ts";

/** Who answers guests on the main thread. */
export interface GuestHost {
  /** Answers exactly once, at once or later; never throws. */
  handle(caller: HostCaller, call: HostCall, answer: Answer): void;
  /** An instance is gone: what is under way for it ends. */
  release(caller: HostCaller): void;
}
