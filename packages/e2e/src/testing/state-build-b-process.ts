import { runStateBuild } from "./state-build.ts";

await runStateBuild("1.0.0-b", "fullDuplexCall", "emptyCall");
