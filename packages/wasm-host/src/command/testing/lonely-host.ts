// A process with an engine in which an endless program runs: what becomes of it when this one is killed?
import { once } from "node:events";
import { silentLogger } from "@layotto/sidecar-kit";
import { definitionOf, requestOf } from "../../testing/engine.ts";
import { forEver } from "../../testing/guest-text.ts";
import { wat } from "../../testing/wat.ts";
import { createCommandEngine } from "../command-engine.ts";
import { childrenOf } from "./processes.ts";

const engine = createCommandEngine({ logger: silentLogger });
const limits = { cpuMs: 60_000, timeoutMs: 60_000 };
const bytes = await wat(
  `(module (memory (export "memory") 1) (func (export "_start") ${forEver}))`,
);
const version = await engine.load(bytes, definitionOf("endless", { adapter: "wasi-command", limits })); // prettier-ignore
engine.open(version, requestOf(""), { onOutput() {} });
process.send?.(childrenOf(process.pid));
await once(process, "disconnect");
