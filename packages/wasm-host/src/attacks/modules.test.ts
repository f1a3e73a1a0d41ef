import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Writer } from "../module/writer.ts";
import { threadCpuMs } from "../pool/thread-cpu.ts";
import { callOnce, definitionOf, textOf } from "../testing/engine.ts";
import { Arena, long, say } from "./testing/arena.ts";

/**
 * Processor time that the main thread may take for a module, ms, and for each ms that it takes altogether: the watchdog
 * looks meanwhile. How long the event loop stands still is no measure: a busy machine gives the thread no processor.
 */
const MAIN_MS = 60;
const MAIN_PART = 0.05;
/** Processor time that all threads of the process may take for a module, ms. V8 compiles on threads that nobody can stop. */
const ALL_MS = 8000;
/** A module is refused or loaded within, ms. */
const LOAD_MS = 30_000;

interface Parts {
  /** Parameters of the function 0, which the bodies call. Default none. */
  readonly parameters?: number;
  readonly imports?: Writer;
  readonly globals?: Writer;
  /** Further exports: how many names of function 0. */
  readonly exports?: number;
  readonly data?: Writer;
  /** Bodies of functions `() -> ()`, without their size. */
  readonly bodies: readonly Uint8Array[];
}

function section(out: Writer, id: number, write: (content: Writer) => void): void {
  const content = new Writer(1024);
  write(content);
  out.u8(id);
  out.sized(content.view());
}

/** A module of functions without parameters and results; its memory is exported. */
function moduleOf({ parameters = 0, imports, globals, exports = 0, data, bodies }: Parts): Uint8Array {
  const out = new Writer(1024);
  out.raw(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  section(out, 1, (types) => {
    types.raw(2, 0x60, 0, 0, 0x60);
    types.sized(new Uint8Array(parameters).fill(0x7f));
    types.u8(0);
  });
  if (imports !== undefined) section(out, 2, (content) => content.bytes(imports.view()));
  section(out, 3, (functions) => {
    functions.u32(bodies.length);
    for (const [index] of bodies.entries()) functions.u32(index === 0 && parameters > 0 ? 1 : 0);
  });
  section(out, 5, (memories) => memories.raw(1, 0, 1));
  if (globals !== undefined) section(out, 6, (content) => content.bytes(globals.view()));
  section(out, 7, (names) => {
    names.u32(exports + 2);
    for (const [name, kind] of [["memory", 2], ["proxy_abi_version_0_2_1", 0]] as const) {
      names.sized(new TextEncoder().encode(name));
      names.raw(kind, 0);
    }
    for (let i = 0; i < exports; i++) {
      names.sized(new TextEncoder().encode(`e${i}`));
      names.raw(0, 0);
    }
  });
  section(out, 10, (code) => {
    code.u32(bodies.length);
    for (const body of bodies) code.sized(body);
  });
  if (data !== undefined) section(out, 11, (content) => content.bytes(data.view()));
  return out.view().slice();
} // prettier-ignore

/** No locals, the instructions, the end. */
function body(write: (out: Writer) => void): Uint8Array {
  const out = new Writer(64);
  out.u8(0);
  write(out);
  out.u8(0x0b);
  return out.view().slice();
}

const empty = body(() => {});

function repeated(times: number, ...octets: number[]): Uint8Array {
  return Uint8Array.from(
    { length: times * octets.length },
    (_, index) => octets[index % octets.length] ?? 0,
  );
}

function counted(count: number, entry: (out: Writer, index: number) => void): Writer {
  const out = new Writer(1024);
  out.u32(count);
  for (let index = 0; index < count; index++) entry(out, index);
  return out;
}

/** (drop (i32.const 1)) */
const drop = [0x41, 1, 0x1a];

/** Calls of function 0 that nobody reaches: all parameters of each are looked at. */
function callsOf(parameters: number): Uint8Array {
  const calls = body((out) => {
    out.u8(0);
    out.bytes(repeated(3_800_000, 0x10, 0));
  });
  return moduleOf({ parameters, bodies: [empty, calls, calls] });
}

const bombs: Readonly<Record<string, () => Uint8Array>> = {
  "10 MB of small functions": () =>
    moduleOf({
      bodies: Array<Uint8Array>(95_000).fill(body((out) => out.bytes(repeated(33, ...drop)))),
    }),
  "more functions than are allowed": () =>
    moduleOf({ bodies: Array<Uint8Array>(100_001).fill(empty) }),
  "one function of 7 MB": () =>
    moduleOf({ bodies: [body((out) => out.bytes(repeated(2_500_000, ...drop)))] }),
  "one function above the largest size": () =>
    moduleOf({ bodies: [body((out) => out.bytes(repeated(8_000_000, 1)))] }),
  "100 000 nested blocks": () =>
    moduleOf({
      bodies: [
        body((out) => {
          out.bytes(repeated(100_000, 0x02, 0x40));
          out.bytes(repeated(100_000, 0x0b));
        }),
      ],
    }),
  "2 000 000 nested blocks": () =>
    moduleOf({
      bodies: [
        body((out) => {
          out.bytes(repeated(2_000_000, 0x02, 0x40));
          out.bytes(repeated(2_000_000, 0x0b));
        }),
      ],
    }),
  "a giant br_table": () =>
    moduleOf({
      bodies: [
        body((out) => {
          out.raw(0x41, 0, 0x0e);
          out.u32(60_000);
          out.bytes(new Uint8Array(60_001));
        }),
      ],
    }),
  "a br_table without end": () =>
    moduleOf({
      bodies: [
        body((out) => {
          out.raw(0x41, 0, 0x0e);
          out.u32(0xffff_ffff);
        }),
      ],
    }),
  "100 br_tables in loops": () =>
    moduleOf({
      bodies: Array<Uint8Array>(100).fill(
        body((out) => {
          out.raw(0x03, 0x40, 0x41, 0, 0x0e);
          out.u32(50_000);
          out.bytes(new Uint8Array(50_001));
          out.u8(0x0b);
        }),
      ),
    }),
  "100 000 imports": () =>
    moduleOf({
      bodies: [empty],
      imports: counted(100_000, (out) => {
        out.sized(new TextEncoder().encode("env"));
        out.sized(new TextEncoder().encode("proxy_done"));
        out.raw(0, 0);
      }),
    }),
  "100 000 exports": () => moduleOf({ bodies: [empty], exports: 100_000 }),
  "1 000 000 globals": () =>
    moduleOf({
      bodies: [empty],
      globals: counted(1_000_000, (out) => out.raw(0x7f, 1, 0x41, 0, 0x0b)),
    }),
  "100 000 globals": () =>
    moduleOf({
      bodies: [empty],
      globals: counted(100_000, (out) => out.raw(0x7f, 1, 0x41, 0, 0x0b)),
    }),
  "a data segment of 15 MB outside of its memory": () =>
    moduleOf({
      bodies: [empty],
      data: counted(1, (out) => {
        out.raw(0, 0x41, 0, 0x0b);
        out.sized(new Uint8Array(15_000_000));
      }),
    }),
  "100 000 data segments": () =>
    moduleOf({
      bodies: [empty],
      data: counted(100_000, (out) => {
        out.raw(0, 0x41, 0, 0x0b);
        out.sized(new Uint8Array(8));
      }),
    }),
  "calls of a function with 128 parameters": () => callsOf(128),
  "calls of a function with 1000 parameters": () => callsOf(1000),
  "50 000 locals in each of 50 000 functions": () =>
    moduleOf({
      bodies: Array<Uint8Array>(50_000).fill(Uint8Array.of(1, 0xcf, 0x86, 3, 0x7f, 0x0b)),
    }),
};

describe("modules that are bombs", () => {
  let arena: Arena;
  const histogram = monitorEventLoopDelay({ resolution: 5 });
  afterEach(() => arena.close());

  test("each is refused or loaded in bounded time, and the main thread goes on", async () => {
    arena = new Arena("atomics");
    const neighbour = await arena.neighbour();
    for (const [what, make] of Object.entries(bombs)) {
      for (const fuel of long ? [0, 1_000_000] : [0]) {
        const bytes = make();
        await new Promise((resolve) => setTimeout(resolve, 10));
        histogram.enable();
        histogram.reset();
        const [mainBefore, allBefore] = [threadCpuMs(process.pid), process.cpuUsage()];
        const begun = performance.now();
        const loading = arena.engine.load(bytes, definitionOf(what, { limits: { fuel, timeoutMs: 15_000 } }));
        const outcome = await loading.then(
          async (version) => {
            const first = await callOnce(arena.engine, version, "x");
            await arena.engine.unload(version);
            return first.fault?.message ?? "loaded";
          },
          (error: unknown) => `refused: ${String(error).slice(0, 90)}`,
        );
        const ms = performance.now() - begun;
        histogram.disable();
        const mainMs = (threadCpuMs(process.pid) ?? 0) - (mainBefore ?? 0);
        const allMs = process.cpuUsage(allBefore).user / 1000;
        say(`${what}${fuel > 0 ? ", counted" : ""}: ${Math.round(ms)} ms, event loop ≤ ${(histogram.max / 1e6).toFixed(0)} ms, processor ${allMs.toFixed(0)} ms, of the main thread ${mainMs.toFixed(0)} ms, ${outcome}`);
        assert.ok(ms < LOAD_MS, `${what}: ${ms} ms`);
        assert.ok(mainMs < MAIN_MS + ms * MAIN_PART, `${what}: ${mainMs} ms on the main thread`);
        assert.ok(allMs < ALL_MS, `${what}: ${allMs} ms of processor time`);
        assert.equal(textOf(await callOnce(arena.engine, neighbour, "x")), "x");
      }
    }
  });
}); // prettier-ignore
