// What a child process runs: programs with the SDK, one at a time, as its parent orders.
import { CommandRunner } from "./command-runner.ts";
import type { ChildOrder, ChildReport } from "./protocol.ts";

if (process.send === undefined) throw new Error("this module runs in child processes only");

function report(report: ChildReport): void {
  if (process.connected) process.send?.(report);
}

function leave(): void {
  process.kill(process.pid, "SIGKILL");
}

// Nobody is there any more whom it could matter to.
process.on("disconnect", leave);
// Signals for the whole group (Ctrl-C) are the parent's business: it lets calls end first.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});

const runner = new CommandRunner(report);
process.on("message", (order: ChildOrder) => {
  if (order.t === "load") void runner.load(order);
  else void runner.run(order);
});
