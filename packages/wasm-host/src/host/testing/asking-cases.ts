import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  activate,
  FakeHost,
  hostModes,
  request,
  startGuest,
} from "../../guest/testing/fake-host.ts";
import { out, out2, out3, outside, Probe } from "../../guest/testing/probe.ts";
import type { HostAnswer, HostCall } from "../../model/host-calls.ts";

/** One host function that asks the main thread: what it is called with, what comes of it. */
export interface AskingCase {
  readonly name: string;
  /** Texts and octets are passed as address and length; `out`, `out2` and `out3` are the addresses of results. */
  readonly args: readonly (number | bigint | string | Uint8Array)[];
  readonly asks: HostCall;
  readonly answer?: Partial<HostAnswer>;
  /** What the guest finds: a value at `out` and `out2`, or a number at this address. */
  readonly shows?: "value" | typeof out | typeof out3;
  /** The number, where it is not `extra`. */
  readonly number?: number;
}

/** Runs instructions in proxy_on_request_headers. @returns what the probe reports */
export async function runInProbe(host: FakeHost, probe: Probe, body: string): Promise<string[]> {
  const guest = await startGuest(await probe.module({ proxy_on_request_headers: body }), host);
  host.calls.length = 0;
  await activate(guest, guest.open(1, request()));
  assert.equal(guest.fault, undefined);
  return host.reports();
}

/** Tests of host functions, in both ways of asking. */
export function describeAsking(title: string, cases: readonly AskingCase[]): void {
  for (const [mode, skip] of hostModes) {
    describe(`${title}, ${mode}`, { skip }, () => {
      for (const each of cases) {
        it(`${each.name} asks the main thread and gives the guest the answer`, async () => {
          const [host, probe] = [new FakeHost(mode), new Probe()];
          host.answer = () => each.answer ?? {};
          const body = probe.call(each.name, ...each.args) + shown(probe, each);
          assert.deepEqual(await runInProbe(host, probe, body), ["00", ...expected(each)]);
          assert.deepEqual(host.calls, [each.asks]);
        });

        it(`${each.name} passes a failure on and writes nothing`, async () => {
          const [host, probe] = [new FakeHost(mode), new Probe()];
          host.answer = () => ({ status: 10, value: Buffer.from("no"), extra: 9 });
          const store = `(i32.store (i32.const ${out}) (i32.const 42))`;
          const body = store + probe.call(each.name, ...each.args) + probe.showNumber(out);
          assert.deepEqual(await runInProbe(host, probe, body), ["10", "42"]);
        });

        it(`${each.name} refuses addresses outside of the memory`, async () => {
          const host = new FakeHost(mode);
          host.answer = () => each.answer ?? {};
          for (const args of misplaced(each.args)) {
            const probe = new Probe();
            const body = probe.call(each.name, ...args);
            assert.deepEqual(
              await runInProbe(host, probe, body),
              ["06"],
              JSON.stringify(args, bigints),
            );
          }
        });
      }
    });
  }
}

function shown(probe: Probe, { shows }: AskingCase): string {
  if (shows === undefined) return "";
  return shows === "value" ? probe.show() : probe.showNumber(shows);
}

function expected({ answer, shows, number }: AskingCase): string[] {
  if (shows === undefined) return [];
  if (shows === "value") return [Buffer.from(answer?.value ?? []).toString()];
  return [String(number ?? answer?.extra).padStart(2, "0")];
}

/** The same arguments, each time with another address outside of the memory. */
function* misplaced(args: AskingCase["args"]): Generator<AskingCase["args"]> {
  for (const [index, arg] of args.entries()) {
    const isText = typeof arg === "string" || arg instanceof Uint8Array;
    if (isText) yield [...args.slice(0, index), outside, 4, ...args.slice(index + 1)];
    else if ([out, out2, out3].includes(Number(arg))) yield args.with(index, outside);
  }
}

function bigints(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
