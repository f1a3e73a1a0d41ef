import { fakeClock, type FakeClock } from "@layotto/sidecar-kit/testing";
import type { MeshClock } from "../clock.ts";

/** A mesh clock that stands still until a test moves it. */
export function fakeMeshClock(): FakeClock & MeshClock {
  const clock = fakeClock();
  const start = clock.now();
  return {
    now: clock.now,
    after: clock.after,
    advance: clock.advance,
    get pending() {
      return clock.pending;
    },
    monotonic: () => clock.now() - start + 1,
  };
}
