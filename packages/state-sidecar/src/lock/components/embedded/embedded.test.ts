import { Environment } from "@layotto/embedded-store";
import {
  ManualClock,
  firstLine,
  realWait,
  startScript,
  temporaryDirectory,
} from "@layotto/sidecar-kit/testing";
import { lockConformance } from "../../conformance.ts";
import { EmbeddedLock } from "./embedded.ts";

lockConformance("embedded", () => start(new ManualClock()), { stepsClock: true });
lockConformance("embedded, real time", () => start(), { spansProcesses: true });

function start(clock?: ManualClock): ReturnType<Parameters<typeof lockConformance>[1]> {
  const directory = temporaryDirectory();
  const options = { directory: directory.path, installation: "test", ...(clock && { clock }) };
  return Promise.resolve({
    open: () =>
      Promise.resolve(
        new EmbeddedLock(Environment.open(options), { name: "s", durability: "sync" }),
      ),
    advance: (ms) => (clock === undefined ? realWait(ms) : clock.advance(ms)),
    stepWall: (ms) => clock?.stepWall(ms),
    lockAndKill: async (key, owner, expireSeconds) => {
      const args = [directory.path, key, owner, `${expireSeconds}`];
      const child = startScript(
        import.meta.url,
        "../../../testing/embedded-process",
        "lock",
        ...args,
      );
      await firstLine(child);
      await child.kill();
    },
    close: () => Promise.resolve(directory.remove()),
  });
}
