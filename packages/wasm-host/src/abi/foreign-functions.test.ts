import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeHost, hostModes } from "../guest/testing/fake-host.ts";
import { runInProbe } from "../host/testing/asking-cases.ts";
import { out, out2, outside, Probe } from "../guest/testing/probe.ts";
import type { HostAnswer, HostCall } from "../model/host-calls.ts";

const octets = (text: string) => new Uint8Array(Buffer.from(text));

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** Arguments in the form of foreign functions. */
function packed(...args: (string | Buffer)[]): Buffer {
  const parts = args.map((arg) => Buffer.from(arg));
  return Buffer.concat([
    number(parts.length),
    ...parts.map(({ length }) => number(length)),
    ...parts,
  ]);
}

const cases: readonly (readonly [string, Buffer, HostCall, Partial<HostAnswer>, string])[] = [
  ["get_state", packed("redis", "book1"), { op: "get_state", args: ["redis", "book1"] }, { value: octets("100") }, "100"],
  ["set_state", packed("redis", "k", "v"), { op: "save_state", args: ["redis", "k", octets("v")] }, {}, ""],
  ["delete_state", packed("redis", "k"), { op: "delete_state", args: ["redis", "k"] }, {}, ""],
  ["publish_event", packed("bus", "t", "text/plain", "hi"), { op: "publish_event", args: ["bus", "t", "text/plain", octets("hi")] }, {}, ""],
  ["try_lock", packed("redis", "r", "me", number(5)), { op: "try_lock", args: ["redis", "r", "me", 5] }, { extra: 1 }, "\x01\0\0\0"],
  ["unlock", packed("redis", "r", "me"), { op: "unlock", args: ["redis", "r", "me"] }, { extra: 2 }, "\x02\0\0\0"],
  ["get_next_id", packed("ids", "k"), { op: "get_next_id", args: ["ids", "k"] }, { value: octets("12345678") }, "12345678"],
  ["get_secret", packed("vault", "db"), { op: "get_secret", args: ["vault", "db"] }, { value: octets("map") }, "map"],
  ["get_configuration_item", packed("etcd", "k"), { op: "get_configuration", args: ["etcd", "k"] }, { value: octets("red") }, "red"],
  ["invoke_service", packed("id_2", "", "x"), { op: "invoke_service", args: ["id_2", "", octets("x")] }, { value: octets("y") }, "y"],
]; // prettier-ignore

for (const [mode, skip] of hostModes) {
  describe(`proxy_call_foreign_function, ${mode}`, { skip }, () => {
    for (const [name, args, asks, answer, result] of cases) {
      it(`knows layotto.${name}`, async () => {
        const [host, probe] = [new FakeHost(mode), new Probe()];
        host.answer = () => answer;
        const call = probe.call("proxy_call_foreign_function", `layotto.${name}`, args, out, out2);
        const reports = await runInProbe(host, probe, call + probe.show());
        assert.deepEqual(host.calls, [asks]);
        assert.deepEqual(reports, ["00", result]);
      });
    }

    it("does not know other names", async () => {
      for (const name of ["compress", "layotto.", "toString", "layotto.save_state", ""]) {
        const [host, probe] = [new FakeHost(mode), new Probe()];
        const call = probe.call("proxy_call_foreign_function", name, packed(), out, out2);
        assert.deepEqual(await runInProbe(host, probe, call), ["01"], name);
        assert.deepEqual(host.calls, []);
      }
    });

    it("refuses arguments in another form", async () => {
      const good = packed("redis", "book1");
      const wrongCount = Buffer.concat([number(3), good.subarray(4)]);
      const tooLong = Buffer.concat([number(2), number(0xffff_ffff), number(1), octets("abc")]);
      const forms = [octets(""), good.subarray(0, 11), good.subarray(0, -1), Buffer.concat([good, octets("x")]), packed("redis"), wrongCount, tooLong]; // prettier-ignore
      for (const form of forms) {
        const [host, probe] = [new FakeHost(mode), new Probe()];
        const call = probe.call(
          "proxy_call_foreign_function",
          "layotto.get_state",
          form,
          out,
          out2,
        );
        assert.deepEqual(await runInProbe(host, probe, call), ["02"], form.toString());
        assert.deepEqual(host.calls, []);
      }
      const [host, probe] = [new FakeHost(mode), new Probe()];
      const text = packed("redis", "r", "me", "5");
      const call = probe.call("proxy_call_foreign_function", "layotto.try_lock", text, out, out2);
      assert.deepEqual(await runInProbe(host, probe, call), ["02"]);
    });

    it("passes a failure on", async () => {
      const [host, probe] = [new FakeHost(mode), new Probe()];
      host.answer = () => ({ status: 10 });
      const call = probe.call(
        "proxy_call_foreign_function",
        "layotto.get_state",
        packed("s", "k"),
        out,
        out2,
      );
      assert.deepEqual(await runInProbe(host, probe, call), ["10"]);
    });

    it("needs no place for a result, and refuses one outside of the memory", async () => {
      const [host, probe] = [new FakeHost(mode), new Probe()];
      const args = packed("s", "k", "v");
      const none = probe.call("proxy_call_foreign_function", "layotto.set_state", args, 0, 0);
      const bad = probe.call(
        "proxy_call_foreign_function",
        "layotto.set_state",
        args,
        outside,
        out2,
      );
      assert.deepEqual(await runInProbe(host, probe, none + bad), ["00", "06"]);
    });
  });
}
