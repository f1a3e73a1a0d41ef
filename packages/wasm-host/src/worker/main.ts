// What a worker thread runs.
import { readlinkSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { Bridge } from "./bridge.ts";
import { Control } from "./control.ts";
import { GuestWorker } from "./guest-worker.ts";
import type { Order, Report, WorkerStart } from "./protocol.ts";

const { control: block, answers, jspi } = workerData as WorkerStart; // given by pool/worker-thread.ts
const port = parentPort;
if (port === null) throw new Error("this module runs on worker threads only");

let reports: Report[] = [];
let flushing = false;

function flush(): void {
  flushing = false;
  if (reports.length === 0) return;
  port?.postMessage(reports);
  reports = [];
}

/** Reports go out together, at the end of the orders that came together. */
function report(report: Report): void {
  reports.push(report);
  if (flushing) return;
  flushing = true;
  setImmediate(flush);
}

/** Sends a report at once, after those that wait. */
function send(report: Report): void {
  reports.push(report);
  flush();
}

/** Number of this thread to the operating system; undefined where it does not say. */
function threadNumber(): number | undefined {
  try {
    return Number(readlinkSync("/proc/thread-self").split("/").pop());
  } catch {
    return undefined;
  }
}

const control = new Control(block);
const worker = new GuestWorker(control, new Bridge(control, answers, send), report, { jspi, flush }); // prettier-ignore
port.on("message", (orders: Order[]) => {
  for (const order of orders) {
    // The guest that an answer wakes goes on when this turn is over: each has one of its own, to be seen to run in it.
    if (order.t === "answer") setImmediate(() => worker.take(order));
    else worker.take(order);
  }
  flush();
});
send({ t: "ready", threadId: threadNumber() });
