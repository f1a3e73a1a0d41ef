import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { activate, FakeHost, request, startGuest } from "../guest/testing/fake-host.ts";
import { out, out2, out3, outside, Probe } from "../guest/testing/probe.ts";
import { hostFunction, isKnownImport } from "./import-table.ts";

const preview1 = "args_get args_sizes_get clock_res_get clock_time_get environ_get environ_sizes_get fd_advise fd_allocate fd_close fd_datasync fd_fdstat_get fd_fdstat_set_flags fd_fdstat_set_rights fd_filestat_get fd_filestat_set_size fd_filestat_set_times fd_pread fd_prestat_dir_name fd_prestat_get fd_pwrite fd_read fd_readdir fd_renumber fd_seek fd_sync fd_tell fd_write path_create_directory path_filestat_get path_filestat_set_times path_link path_open path_readlink path_remove_directory path_rename path_symlink path_unlink_file poll_oneoff proc_exit proc_raise random_get sched_yield sock_accept sock_recv sock_send sock_shutdown".split(" "); // prettier-ignore

async function started(text: (p: Probe) => string, spec: Parameters<typeof startGuest>[2] = {}) {
  const host = new FakeHost();
  const p = new Probe();
  await startGuest(await p.module({ _initialize: text(p) }), host, spec);
  return host;
}

/** Pieces of a write: pointer and length of each. */
function pieces(p: Probe, ...texts: string[]): number {
  const numbers = texts.flatMap((text) => [p.place(Buffer.from(text)), Buffer.byteLength(text)]);
  return p.place(new Uint8Array(new Uint32Array(numbers).buffer));
}

describe("WASI preview 1", () => {
  test("every function is there, under both names of the module", () => {
    for (const name of preview1) {
      assert.ok(isKnownImport("wasi_snapshot_preview1", name), name);
      assert.ok(isKnownImport("wasi_unstable", name), name);
    }
    assert.equal(isKnownImport("wasi_snapshot_preview1", "fd_frobnicate"), false);
    assert.equal(isKnownImport("wasi_snapshot_preview1", "constructor"), false);
  });

  test("files, sockets and signals are not supported", async () => {
    const names = preview1.filter((name) => /^(path_|sock_|fd_p?(write|read)|proc_raise|fd_(advise|allocate|renumber|readdir))/u.test(name) && !["fd_write", "fd_read"].includes(name)); // prettier-ignore
    const host = await started((p) =>
      names
        .map((name) => {
          const args = (hostFunction("wasi_unstable", name)?.params ?? "")
            .split("")
            .map((letter) => (letter === "I" ? 0n : 0));
          return p.call(`wasi:${name}`, ...args);
        })
        .join(" "),
    );
    assert.deepEqual(host.reports(), names.map(() => "52")); // prettier-ignore
  });

  test("fd_write logs lines, and the rest when the activation is over", async () => {
    const host = await started(
      (
        p,
      ) => `${p.call("wasi:fd_write", 1, pieces(p, "one\ntw", "o\nthr"), 2, out)} ${p.showNumber(out)}
      ${p.call("wasi:fd_write", 2, pieces(p, "bad\n"), 1, out)}`,
    );
    assert.deepEqual(
      host.lines.filter(({ level }) => level !== 5),
      [
        { level: 2, text: "one" },
        { level: 2, text: "two" },
        { level: 4, text: "bad" },
        { level: 2, text: "thr" },
      ],
    );
    assert.deepEqual(host.reports(), ["00", "11", "00"]);
  });

  test("fd_write refuses other files, bad pointers and too many pieces", async () => {
    const host = await started(
      (
        p,
      ) => `${p.call("wasi:fd_write", 3, pieces(p, "x"), 1, out)} ${p.call("wasi:fd_write", 1, outside, 1, out)}
      ${p.call("wasi:fd_write", 1, pieces(p, "x"), 1, outside)} ${p.call("wasi:fd_write", 1, 0, 0x7fff_ffff, out)}`,
    );
    assert.deepEqual(host.reports(), ["08", "21", "21", "28"]);
  });

  test("fd_write takes at most 64 KiB at once, however often it is pointed at the same octets", async () => {
    const host = await started((p) => {
      const piece = new Uint32Array(1000 * 2).map((_value, index) =>
        index % 2 === 0 ? 1024 : 60_000,
      );
      return `${p.call("wasi:fd_write", 1, p.place(new Uint8Array(piece.buffer)), 1000, out)}
        (call $report (i32.eq (i32.load (i32.const ${out})) (i32.const 65536)))`;
    });
    assert.deepEqual(host.reports(), ["00", "01"]);
  });

  test("the standard streams are devices, and the only files", async () => {
    const host = await started(
      (
        p,
      ) => `${p.call("wasi:fd_fdstat_get", 1, out)} (call $report (i32.load8_u (i32.const ${out})))
      ${p.call("wasi:fd_fdstat_get", 3, out)} ${p.call("wasi:fd_prestat_get", 3, out)} ${p.call("wasi:fd_close", 1)} ${p.call("wasi:fd_close", 4)}
      ${p.call("wasi:fd_seek", 1, 0n, 0, out)} ${p.call("wasi:fd_filestat_get", 0, out)} ${p.call("wasi:fd_read", 0, out, 0, out2)} ${p.showNumber(out2)}`,
    );
    assert.deepEqual(host.reports(), ["00", "02", "08", "08", "00", "08", "70", "00", "00", "00"]);
  });

  test("the environment is that of the definition, with no arguments", async () => {
    const host = await started(
      (
        p,
      ) => `${p.call("wasi:environ_sizes_get", out, out2)} ${p.showNumber(out)} ${p.showNumber(out2)}
      ${p.call("wasi:environ_get", 512, 600)} (i32.store (i32.const ${out}) (i32.load (i32.const 516))) ${p.show(out, out3)}
      (i32.store (i32.const ${out3}) (i32.const 4)) ${p.show(out, out3)}
      ${p.call("wasi:args_sizes_get", out, out2)} ${p.showNumber(out)} ${p.showNumber(out2)} ${p.call("wasi:args_get", 0, 0)}
      ${p.call("wasi:environ_get", outside, 600)} ${p.call("wasi:environ_sizes_get", outside, out)} ${p.call("wasi:args_sizes_get", out, outside)}`,
      {
        environment: { A: "1", BC: "2" },
      },
    );
    assert.deepEqual(host.reports(), [
      "00",
      "02",
      "09",
      "00",
      "",
      "BC=2",
      "00",
      "00",
      "00",
      "00",
      "21",
      "21",
      "21",
    ]);
  });

  test("clocks and randomness", async () => {
    const host = await started(
      (
        p,
      ) => `${p.call("wasi:clock_time_get", 1, 0n, out)} ${p.call("wasi:clock_time_get", 2, 0n, out)}
      ${p.call("wasi:clock_time_get", 0, 0n, outside)} ${p.call("wasi:clock_res_get", 0, out)} ${p.call("wasi:clock_res_get", 7, out)}
      ${p.call("wasi:random_get", out, 8)} (call $report (i64.ne (i64.load (i32.const ${out})) (i64.const 0)))
      ${p.call("wasi:random_get", outside, 8)} ${p.call("wasi:sched_yield")}`,
    );
    assert.deepEqual(host.reports(), ["00", "58", "21", "00", "58", "00", "01", "21", "00"]);
  });

  test("poll_oneoff wakes for the clock that is due first, and at once for streams", async () => {
    const subscriptions = (...each: readonly (readonly [kind: number, ns: bigint])[]): Buffer =>
      Buffer.concat(
        each.map(([kind, ns], index) => {
          const bytes = Buffer.alloc(48);
          bytes.writeBigUInt64LE(BigInt(index + 1));
          bytes.writeUInt8(kind, 8);
          bytes.writeUInt32LE(1, 16);
          bytes.writeBigUInt64LE(ns, 24);
          return bytes;
        }),
      );
    const host = await started(
      (
        p,
      ) => `${p.call("wasi:poll_oneoff", p.place(subscriptions([0, 900_000_000n], [0, 1_000_000n])), 1500, 2, out)}
      ${p.showNumber(out)} ${p.showNumber(1500)} (call $report (i32.load8_u (i32.const 1510)))
      ${p.call("wasi:poll_oneoff", p.place(subscriptions([0, 900_000_000n], [2, 0n])), 1500, 2, out)} ${p.showNumber(1500)}
      ${p.call("wasi:poll_oneoff", outside, 1500, 1, out)} ${p.call("wasi:poll_oneoff", 0, 1500, 0, out)} ${p.call("wasi:poll_oneoff", 0, 1500, 9999, out)}`,
    );
    assert.deepEqual(host.reports(), ["00", "01", "02", "00", "00", "02", "21", "28", "28"]);
  });

  test("proc_exit ends the guest with its code", async () => {
    const p = new Probe();
    const guest = await startGuest(
      await p.module({ proxy_on_request_headers: p.run("wasi:proc_exit", 3) }),
      new FakeHost(),
    );
    const [output] = await activate(guest, guest.open(1, request()));
    assert.deepEqual(output?.fault, {
      kind: "exit",
      message: "exit code 3 in proxy_on_request_headers",
    });
    assert.equal(guest.fault, output?.fault);
  });
});
