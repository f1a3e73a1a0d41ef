import { runSidecar } from "@layotto/sidecar-kit";
import { helloSidecar } from "./sidecar.ts";

await runSidecar(helloSidecar);
