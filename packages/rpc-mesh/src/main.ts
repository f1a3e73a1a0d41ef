import { runSidecar } from "@layotto/sidecar-kit";
import { rpcMesh } from "./sidecar.ts";

await runSidecar(rpcMesh);
