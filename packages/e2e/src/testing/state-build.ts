import { runSidecar, type Sidecar } from "@layotto/sidecar-kit";
import { stateSidecar } from "@layotto/state-sidecar";
import { type EchoMethod, echoService } from "./echo-service.ts";

/** Runs the state sidecar as a build that also serves `methods`: as if a release had added or removed them. */
export function runStateBuild(version: string, ...methods: readonly EchoMethod[]): Promise<void> {
  const sidecar = stateSidecar as Sidecar; // its configuration goes to itself only
  return runSidecar({
    ...sidecar,
    version,
    async create(context) {
      const parts = await sidecar.create(context);
      return { ...parts, services: [...parts.services, echoService(...methods)] };
    },
  });
}
