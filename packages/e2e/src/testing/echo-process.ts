/** A sidecar for tests: serves `grpc.testing.TestService`, or crashes at start when its section says so. */
import { defineSidecar, runSidecar } from "@layotto/sidecar-kit";
import { z } from "zod";
import { testService } from "./echo-service.ts";

const config = z.object({ echo: z.looseObject({ crash: z.string().optional() }).optional() });

await runSidecar(
  defineSidecar({
    name: "echo-sidecar",
    capability: "echo",
    version: "1.0.0",
    sections: ["echo"],
    config,
    methods: [],
    create({ config: { echo } }) {
      if (echo?.crash !== undefined) throw new Error(echo.crash);
      return { components: [], services: [testService] };
    },
  }),
);
