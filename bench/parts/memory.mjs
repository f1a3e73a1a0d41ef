import { setTimeout as pause } from "node:timers/promises";

import { idleConnectionKib } from "../lib/idle.mjs";
import { runH2loadFor } from "../lib/h2load.mjs";
import { methods, requests } from "../lib/messages.mjs";
import { memoryKib } from "../lib/processes.mjs";
import { oneDigit } from "../lib/report.mjs";
import { GROWTH_MIB, IDLE_CONNECTION_KIB, IDLE_PSS_MIB } from "../lib/rows.mjs";
import { counted } from "../lib/statuses.mjs";

const MIB = 1024;
/** V8 gives memory back when a process has had nothing to do for some seconds. */
const IDLE_MS = 12_000;

/** Idle memory of every process, and what idle connections add to the gateway. Before any load. */
export async function measureIdle({ result, say }, system) {
  await pause(IDLE_MS);
  noteMemory(result, system, "idle");
  const { gateway, state, hello } = pss(system.pids);
  const sum = (gateway + state + hello) / MIB;
  result.check("idle PSS of gateway + state + hello, MiB", sum, IDLE_PSS_MIB, {
    shown: oneDigit(sum),
  });
  const kib = await idleConnectionKib(system.gatewayPort, system.pids.gateway);
  result.check("per idle client connection, KiB", kib, IDLE_CONNECTION_KIB, {
    shown: oneDigit(kib),
  });
  say(`idle: ${oneDigit(sum)} MiB, ${oneDigit(kib)} KiB per connection`);
}

/** PSS and RSS of all processes into the report. */
export function noteMemory(result, system, when) {
  for (const [name, pid] of Object.entries(system.pids)) {
    (result.memory[name] ??= {})[when] = memoryKib(pid);
  }
}

/**
 * Growth under a constant load of reads and writes: the mean of the last fifth against that of the second fifth, since
 * the first is warming up.
 */
export async function measureGrowth({ result, options, say }, system) {
  const seconds = options.growthSeconds;
  const samples = [];
  const load = { clients: 4, streams: 8, seconds };
  const target = { port: system.gatewayPort };
  const drive = (method, request) => runH2loadFor(target, method, request, load);
  const run = async () => {
    const done = Promise.all([
      drive(methods.getState, requests.getState("memory")),
      drive(methods.sayHello, requests.sayHello("helloworld")),
    ]);
    const end = performance.now() + seconds * 1_000;
    while (performance.now() < end) {
      samples.push(pss(system.pids));
      await pause(500);
    }
    await done;
    return {};
  };
  const { statuses, failed } = await counted(system, methods.getState, run);
  if (failed) {
    result.add({ name: "load for growth", load: "4 × 8", perSecond: 0, cpu: {}, statuses, failed });
  }
  noteMemory(result, system, `after ${seconds} s of load`);
  for (const name of Object.keys(system.pids)) {
    const grown = (meanOf(samples, name, 4) - meanOf(samples, name, 1)) / MIB;
    const title = `growth of ${name} over ${seconds} s of load, MiB PSS`;
    result.check(title, grown, GROWTH_MIB, { shown: oneDigit(grown) });
    say(`${title}: ${oneDigit(grown)}`);
  }
}

function meanOf(samples, name, fifth) {
  const size = Math.floor(samples.length / 5);
  const part = samples.slice(fifth * size, (fifth + 1) * size);
  return part.reduce((sum, sample) => sum + sample[name], 0) / part.length;
}

function pss(pids) {
  return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, memoryKib(pid).pss]));
}
