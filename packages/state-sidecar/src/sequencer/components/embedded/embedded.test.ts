import { Environment } from "../../../embedded/environment.ts";
import { runScript } from "../../../testing/child.ts";
import { temporaryDirectory } from "../../../testing/temporary.ts";
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
        const line = await runScript("embedded-process", "take", directory.path, key, `${count}`);
        return JSON.parse(line) as number[]; // what the script prints
      },
      close: () => Promise.resolve(directory.remove()),
    });
  },
  { spansProcesses: true },
);
