import { runSidecar } from "@layotto/sidecar-kit";
import { pubsubSidecar } from "./sidecar.ts";

await runSidecar(pubsubSidecar);
