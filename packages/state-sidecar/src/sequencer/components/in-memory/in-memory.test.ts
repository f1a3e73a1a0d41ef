import { sequencerConformance } from "../../conformance.ts";
import { InMemorySequencer } from "./in-memory.ts";

sequencerConformance("in-memory", () => {
  const store = new InMemorySequencer();
  return Promise.resolve({
    open: () => Promise.resolve(store),
    close: () => store.close(),
  });
});
