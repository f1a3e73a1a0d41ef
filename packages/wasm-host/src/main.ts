import { runSidecar } from "@layotto/sidecar-kit";
import { wasmHost } from "./sidecar.ts";

await runSidecar(wasmHost);
