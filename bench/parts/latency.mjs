import { call } from "../lib/call.mjs";
import { latency } from "../lib/measure.mjs";
import { methods, requests } from "../lib/messages.mjs";
import { SINGLE_GATEWAY, SINGLE_P50, SINGLE_TO_GRPC_JS } from "../lib/rows.mjs";
import { stop } from "../lib/processes.mjs";
import { counted } from "../lib/statuses.mjs";
import { startReference } from "./reference.mjs";

const single = { clients: 1, streams: 1 };
const row = { method: methods.getState, request: requests.getState("memory") };

/**
 * One call at a time (`h2load -c1 -m1`) through the gateway and to the sidecar's own socket, by turns; the best of the
 * rounds counts. The gateway's share is the difference of both medians.
 */
export async function measureLatency({ result, options }, system) {
  await call(system.address, methods.saveState, requests.saveState("memory"));
  const through = { port: system.gatewayPort };
  const direct = { path: system.socket("state") };
  const calls = options.ci ? 5_000 : 20_000;
  const rounds = 3;
  const reference = await startReference("grpc-js");
  const alone = { port: reference.port };
  const run = async () => {
    const best = { gateway: undefined, sidecar: undefined, reference: undefined };
    for (const target of [through, direct, alone]) await latency(target, row, single, calls);
    for (let round = 0; round < rounds; round++) {
      best.reference = better(best.reference, await latency(alone, row, single, calls));
      best.gateway = better(best.gateway, await latency(through, row, single, calls));
      best.sidecar = better(best.sidecar, await latency(direct, row, single, calls));
    }
    return { ...best, calls: (rounds + 1) * calls };
  };
  const { statuses, failed, ...best } = await counted(system, row.method, run);
  await stop(reference.process);
  result.latency["GetState in-memory, one at a time, through the gateway"] = best.gateway;
  result.latency["GetState in-memory, one at a time, the sidecar's socket"] = best.sidecar;
  result.latency["GetState in-memory, one at a time, grpc-js alone"] = best.reference;
  if (failed)
    result.add({
      name: "GetState, one at a time",
      load: "1 × 1",
      perSecond: 0,
      cpu: {},
      statuses,
      failed,
    });
  else checkShare(result, best);
  if (options.ci) return;
  const load = { clients: 8, streams: 16 };
  result.latency["GetState in-memory, 8 × 16"] = await latency(through, row, load, 200_000);
}

function checkShare(result, { gateway, sidecar, reference }) {
  const share = gateway.p50 - sidecar.p50;
  result.check("GetState in-memory, one at a time, p50 µs", gateway.p50, SINGLE_P50);
  result.check("… of which the gateway's share, µs", share, SINGLE_GATEWAY);
  const ratio = gateway.p50 / reference.p50;
  result.check("one at a time, p50 through the gateway ÷ grpc-js alone", ratio, SINGLE_TO_GRPC_JS, {
    shown: ratio.toFixed(2),
    slack: 0.3,
  });
}

function better(best, found) {
  return best === undefined || found.p50 < best.p50 ? found : best;
}
