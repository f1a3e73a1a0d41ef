import assert from "node:assert/strict";
import { test } from "node:test";
import { hostFunction, hostFunctionNames } from "../abi/import-table.ts";
import { activate, FakeHost, hostModes, request, startGuest } from "./testing/fake-host.ts";
import { Probe } from "./testing/probe.ts";

const values = [
  0, 1, 2, 3, 64, 4096, 65_535, 65_536, 131_071, 131_072, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0,
  0xffff_ffff,
];
const rounds = 12;

/** A generator of numbers that is the same in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Calls of every host function with whatever numbers, except those that end the guest and that sleep. */
function hostileCalls(p: Probe, seed: number): string {
  const random = numbers(seed);
  const calls: string[] = [];
  for (const { module, name } of hostFunctionNames()) {
    if (
      /^(abort|_abort_js|proc_exit|poll_oneoff|seed|trace|emscripten_(get|date)_now)$/u.test(name)
    )
      continue;
    for (let round = 0; round < rounds; round += 1) {
      const args = (hostFunction(module, name)?.params ?? "").split("").map((letter) => {
        const value = values[random(values.length)] ?? 0;
        return letter === "I" ? BigInt(value) : value;
      });
      calls.push(`(drop ${p.run(module === "env" ? name : `wasi:${name}`, ...args)})`);
    }
  }
  return calls.join("\n");
}

for (const [mode, skip] of hostModes)
  test(`no arguments of a guest become an exception, ${mode}`, { skip }, async () => {
    for (const seed of [1, 2, 3, 4]) {
      const host = new FakeHost(mode);
      host.answer = () => ({ value: Buffer.from("12345678"), extra: 1 });
      const p = new Probe();
      const callbacks = Object.fromEntries(["_initialize", "proxy_on_request_headers", "proxy_on_request_body", "proxy_on_response_headers", "proxy_on_log", "proxy_on_tick"].map((name, index) => [name, hostileCalls(p, seed * 100 + index)])); // prettier-ignore
      const guest = await startGuest(await p.module(callbacks), host);
      await activate(guest, guest.open(1, request({ body: "body" })));
      await activate(guest, guest.open(2, request({ mode: "function", body: "body" })));
      await activate(guest, guest.event({ kind: "tick" }));
      await activate(guest, guest.close(1));
      assert.equal(guest.fault, undefined);
    }
  });
