import type { GuestSpec } from "../../model/guest-spec.ts";
import type { StreamOutput } from "../../model/streams.ts";
import { activate, FakeHost, request, startGuest } from "./fake-host.ts";
import { Probe, type ProbeCallbacks } from "./probe.ts";

/** Starts a probe and leads one exchange through its phases: what it reported of each, and what came of them. */
export async function runProbe(
  callbacks: (probe: Probe) => ProbeCallbacks,
  options: {
    input?: Parameters<typeof request>[0];
    response?: Parameters<typeof request>[0];
    spec?: Partial<GuestSpec>;
  } = {},
): Promise<{
  host: FakeHost;
  started: string[];
  reports: string[];
  output: StreamOutput | undefined;
  outputs: StreamOutput[];
}> {
  const host = new FakeHost();
  const probe = new Probe();
  const guest = await startGuest(await probe.module(callbacks(probe)), host, options.spec);
  const started = host.reports();
  const outputs = await activate(guest, guest.open(1, request(options.input)));
  if (options.response !== undefined)
    outputs.push(
      ...(await activate(
        guest,
        guest.resume(1, request({ phase: "response", ...options.response })),
      )),
    );
  await activate(guest, guest.close(1));
  return { host, started, reports: host.reports(), output: outputs[0], outputs };
}
