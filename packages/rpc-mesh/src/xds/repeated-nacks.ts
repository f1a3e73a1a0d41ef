import { backoffMs, type Timer } from "@layotto/sidecar-kit";
import type { MeshClock } from "../clock.ts";
import type { SubscriptionRequest } from "./subscription.ts";

const backOff = { initialMs: 1000, maxMs: 30_000 };

interface Repeat {
  readonly version: string;
  readonly error: string | undefined;
  readonly times: number;
  timer: Timer | undefined;
}

/**
 * Holds back refusals of what was just refused. A server that sends its bad resources again as soon as they are refused
 * would otherwise keep both sides busy for ever.
 */
export class RepeatedNacks {
  private readonly repeats = new Map<string, Repeat>();
  private readonly clock: MeshClock;

  constructor(clock: MeshClock) {
    this.clock = clock;
  }

  /** Sends an answer to a response, now or after a pause that grows. */
  send(
    answer: SubscriptionRequest,
    version: string,
    send: (request: SubscriptionRequest) => void,
  ): void {
    const { typeUrl, error } = answer;
    const before = this.repeats.get(typeUrl);
    before?.timer?.cancel();
    const isSame = error !== undefined && before?.version === version && before.error === error;
    const times = isSame ? before.times + 1 : 0;
    const repeat: Repeat = { version, error, times, timer: undefined };
    this.repeats.set(typeUrl, repeat);
    if (times === 0) return send(answer);
    repeat.timer = this.clock.after(backoffMs(times, backOff), () => {
      repeat.timer = undefined;
      send(answer);
    });
  }

  /** A request that goes out meanwhile is the answer too, so it bears the refusal. */
  overtake(request: SubscriptionRequest): SubscriptionRequest {
    const repeat = this.repeats.get(request.typeUrl);
    if (repeat?.timer === undefined || repeat.error === undefined) return request;
    repeat.timer.cancel();
    repeat.timer = undefined;
    return { ...request, error: repeat.error };
  }

  /** A new stream begins. */
  clear(): void {
    for (const { timer } of this.repeats.values()) timer?.cancel();
    this.repeats.clear();
  }
}
