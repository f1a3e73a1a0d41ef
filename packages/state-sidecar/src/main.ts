import { runSidecar } from "@layotto/sidecar-kit";
import { stateSidecar } from "./sidecar.ts";

await runSidecar(stateSidecar);
