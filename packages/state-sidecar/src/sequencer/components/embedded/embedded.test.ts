import { Environment } from "@layotto/embedded-store";
import { runScript, temporaryDirectory } from "@layotto/sidecar-kit/testing";
import { sequencerConformance } from "../../conformance.ts";
import { EmbeddedSequencer } from "./embedded.ts";

sequencerConformance(
  "embedded",
  () => {
    const directory = temporaryDirectory();
    const options = { directory: directory.path, installation: "test" };
    const settings = { name: "s", durability: "sync" } as const;
    return Promise.resolve({
      open: () => Promise.resolve(new EmbeddedSequencer(Environment.open(options), settings)),
      takeElsewhere: async (key, count) => {
        const line = await runScript(
          import.meta.url,
          "../../../testing/embedded-process",
          "take",
          directory.path,
          key,
          `${count}`,
        );
        return JSON.parse(line) as number[]; // what the script prints
      },
      close: () => Promise.resolve(directory.remove()),
    });
  },
  { spansProcesses: true },
);
