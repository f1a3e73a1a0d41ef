/** Functions around methods of the Runtime API, in a real gateway. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { GrpcError, Metadata, Status } from "@layotto/grpc-transport";
import { eventually, freeze } from "@layotto/sidecar-kit/testing";
import { bytes, runtime, text } from "../harness/calls.ts";
import { killHard } from "../harness/processes.ts";
import { Scope } from "../harness/scope.ts";
import { failsWith, reasonOf } from "./testing/errors.ts";
import { type Code, goOn, guest, out, pause, replacing } from "./testing/guest-text.ts";
import { type FunctionsWorld, logged, pidOf, startFunctions } from "./testing/world.ts";

/** Denies a call that has a header; others go on. */
const denying: Code = (texts) => `
  (if (result i32) (call $proxy_get_header_map_value (i32.const 0) ${texts("x-deny")} ${out})
    (then ${goOn})
    (else
      (drop (call $proxy_send_local_response (i32.const 403) ${texts("")} ${texts("not today")}
        (i32.const 0) (i32.const 0) (i32.const 7)))
      ${pause}))`;

/** Gives the reply a header of its own. */
const marking: Code = (texts) => `
  (drop (call $proxy_add_header_map_value (i32.const 2) ${texts("x-checked")} ${texts("yes")})) ${goOn}`;

const method = (name: string): string => `spec.proto.runtime.v1.Runtime/${name}`;
/** A busy machine is no failure of a function. */
const patient = "5s";

async function start(scope: Scope, hooks: readonly object[]): Promise<FunctionsWorld> {
  const rewriter = await guest({ imports: ["proxy_get_header_map_value", "proxy_send_local_response"], onRequestHeaders: denying, onRequestBody: replacing(0, "#", "*") });
  const unveiler = await guest({ imports: ["proxy_add_header_map_value"], onResponseHeaders: marking, onResponseBody: replacing(1, "!", "?") });
  return startFunctions(scope, {
    modules: { rewriter, unveiler },
    functions: { rewriter: { instance_num: 2 }, unveiler: { instance_num: 2 } },
    sections: { gateway: { hooks }, state: { orders: { type: "in-memory" } } },
  });
} // prettier-ignore

describe("hooks of a running gateway", () => {
  const scope = new Scope();
  let world: FunctionsWorld;
  before(async () => {
    world = await start(scope, [
      { method: method("SaveState"), function: "rewriter", timeout: patient },
      { method: method("GetState"), when: "after", function: "unveiler", timeout: patient },
      { method: method("DeleteState"), function: "nobody", timeout: patient },
    ]);
  });
  after(() => scope.close());

  const api = () => runtime(world.layotto.client());
  const save = (value: string, metadata?: Metadata) => {
    const request = { storeName: "orders", states: [{ key: "card", value: bytes(value) }] };
    return api().saveState(request, { ...(metadata === undefined ? {} : { metadata }) });
  };
  const get = async (): Promise<string> => text((await api().getState({ storeName: "orders", key: "card" })).data); // prettier-ignore

  it("one before SaveState rewrites the value that is stored", async () => {
    await save("4711-####-####");
    assert.equal(await get(), "4711-****-****");
  });

  it("one denies with the status of its choice, and nothing is stored", async () => {
    await save("before");
    const deny = Metadata.from([["x-deny", "1"]]);
    await assert.rejects(save("after", deny), failsWith(Status.PERMISSION_DENIED, "EXTENSION_DENIED", /^not today$/)); // prettier-ignore
    assert.equal(await get(), "before");
  });

  it("one after GetState changes the reply and its metadata", async () => {
    await save("really!");
    const { message, headers } = await world.layotto
      .client()
      .unary(
        `/${method("GetState")}`,
        Buffer.from([0x0a, 6, ...Buffer.from("orders"), 0x12, 4, ...Buffer.from("card")]),
      );
    assert.match(String(message), /really\?/);
    assert.equal(headers.get("x-checked"), "yes");
  });

  it("a function that is not installed fails the call that it guards, by name", async () => {
    const call = api().deleteState({ storeName: "orders", key: "card" });
    await assert.rejects(call, failsWith(Status.UNAVAILABLE, "EXTENSION_FAILED", /"nobody".*NOT_FOUND.*no function/)); // prettier-ignore
  });

  it("a function that is replaced takes effect with the next call", async () => {
    const other = await guest({ imports: [], onRequestBody: replacing(0, "#", "+") });
    world.place("rewriter", other);
    await eventually("the new version", async () => {
      await save("##");
      return (await get()) === "++";
    });
  });

  it("calls are counted in the metrics", async () => {
    const page = await (await fetch(`${world.layotto.actuator}/actuator/metrics`)).text();
    assert.match(page, /layotto_hook\w*\{[^}]*rewriter[^}]*\} [1-9]/);
  });
});

describe("hooks under load", () => {
  const scope = new Scope();
  let world: FunctionsWorld;
  before(async () => {
    world = await start(scope, [
      { method: method("SaveState"), function: "rewriter", timeout: patient },
    ]);
  });
  after(() => scope.close());

  /** Saves and reads with several callers as long as something is done; how many calls that were. */
  async function saving(what: (calls: () => Promise<void>) => Promise<void>): Promise<number> {
    const { saveState, getState } = runtime(world.layotto.client());
    let [isOn, saved] = [true, 0];
    const callers = Array.from({ length: 8 }, async (_, caller) => {
      const key = String(caller);
      while (isOn) {
        await saveState({ storeName: "orders", states: [{ key, value: bytes("#") }] });
        assert.match(text((await getState({ storeName: "orders", key })).data), /^[*+]$/);
        saved += 1;
      }
    });
    const done = what(async () => {
      const before = saved;
      await eventually("calls", () => saved > before + 50, 15_000);
    }).finally(() => (isOn = false));
    await Promise.all([...callers, done]);
    return saved;
  }

  it("versions of a function that take over fail no call, and none passes unseen", async (test) => {
    const plus = await guest({ onRequestBody: replacing(0, "#", "+") });
    const star = await guest({ onRequestBody: replacing(0, "#", "*") });
    const calls = await saving(async (someCalls) => {
      for (let i = 1; i <= 10; i += 1) {
        world.place("rewriter", i % 2 === 1 ? plus : star);
        const swapped = async (): Promise<boolean> =>
          (await world.stats())["rewriter"]?.swaps === i;
        await eventually(`swap ${i}`, swapped);
        await someCalls();
      }
    });
    test.diagnostic(`${calls} calls`);
  });

  it("an upgrade of wasm-host fails no call", { timeout: 60_000 }, async (test) => {
    const calls = await saving(async (someCalls) => {
      await someCalls();
      const { code, stderr } = await world.layotto.command("upgrade", "wasm");
      assert.equal(code, 0, stderr);
      await someCalls();
    });
    test.diagnostic(`${calls} calls`);
  });
});

describe("hooks whose wasm-host is killed", () => {
  const scope = new Scope();
  let world: FunctionsWorld;
  before(async () => {
    world = await start(scope, [
      { method: method("SaveState"), function: "rewriter", on_failure: "closed", timeout: "300ms" },
      { method: method("GetState"), when: "both", function: "unveiler", on_failure: "open", timeout: "300ms" },
    ]); // prettier-ignore
  });
  after(() => scope.close());

  const api = () => runtime(world.layotto.client());
  const save = () =>
    api().saveState({ storeName: "orders", states: [{ key: "a", value: bytes("#!") }] });
  const get = async (): Promise<string> =>
    text((await api().getState({ storeName: "orders", key: "a" })).data);

  async function worksAsBefore(): Promise<void> {
    await eventually("the hooks", async () => {
      const isSaved = await save().then(() => true, () => false);
      return isSaved && (await get()) === "*?";
    }, 30_000);
  } // prettier-ignore

  /** Calls both methods until the closed one has failed so often; how long it took, ms. */
  async function failing(times: number): Promise<number[]> {
    const took: number[] = [];
    while (took.length < times) {
      const began = performance.now();
      const error: unknown = await save().then(() => undefined, (reason: unknown) => reason);
      if (error === undefined) break;
      assert.ok(error instanceof GrpcError, "no GrpcError");
      assert.deepEqual([error.code, reasonOf(error)], [Status.UNAVAILABLE, "EXTENSION_FAILED"], error.message);
      assert.match(error.message, /^Cannot run function "rewriter" of a hook: /);
      assert.doesNotMatch(error.message, /NOT_FOUND/, "while functions are installed, calls wait");
      took.push(performance.now() - began);
      // The open one goes on, without what the function would have made of it.
      const value = await get();
      assert.ok(value === "*!" || value === "*?", value);
    }
    return took;
  } // prettier-ignore

  it("kill -9: closed fails at once by name, open goes on unchanged, then both work again", async (test) => {
    await worksAsBefore();
    const pid = pidOf(world.layotto, "wasm");
    killHard(pid);
    const took = await failing(20);
    test.diagnostic(
      `${took.length} calls failed, each in ${Math.round(Math.max(...took))} ms at most`,
    );
    assert.ok(took.length > 0, "no call failed");
    // A call whose hook does not answer ends by its time, 300 ms; without that it would not end.
    assert.ok(Math.max(...took) < 5000, "a call hung");
    await worksAsBefore();
    // The new process may answer before the line that tells its pid has come.
    await eventually("another process", () => pidOf(world.layotto, "wasm") !== pid);
    await logged(world.layotto, "hook failed", '"function":"rewriter"', '"policy":"closed"');
  });

  it("a process that stands still: closed fails when its time is over, open goes on", async (test) => {
    await worksAsBefore();
    const pid = pidOf(world.layotto, "wasm");
    await freeze(pid);
    try {
      const took = await failing(3);
      test.diagnostic(`${took.map(Math.round).join(", ")} ms`);
      assert.equal(took.length, 3);
      for (const ms of took) assert.ok(ms >= 250 && ms < 5000, `${ms} ms`);
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await worksAsBefore();
    assert.equal(pidOf(world.layotto, "wasm"), pid, "nobody killed it");
  });
});
