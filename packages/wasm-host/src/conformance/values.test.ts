import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { StreamInput, StreamOutput } from "../model/streams.ts";
import { type Arg, GuestWriter, out, out2, out3, outside } from "./testing/guest-writer.ts";
import { Harness, octets } from "./testing/harness.ts";

/** Octets that are no text in UTF-8, as characters. */
const raw = "\x80\xff\xc3\xa9";
const append = 0xffff_ffff;
const memoryBytes = 4 * 65_536;

describe("values", () => {
  let harness: Harness;
  let guests = 0;
  before(async () => {
    harness = await Harness.open("atomics");
  });
  after(() => harness.close());

  /** Runs the body of proxy_on_request_body. @returns what it reported, and what came of the phase */
  async function run(
    body: (w: GuestWriter) => string,
    input: Partial<StreamInput> = {},
  ): Promise<{ line: string; output: StreamOutput }> {
    const w = new GuestWriter();
    const text = w.text({ proxy_on_request_body: body(w) });
    const name = `values${(guests += 1)}`;
    const output = await harness.once(text, name, { body: octets("body"), ...input });
    const [line = ""] = await harness.reported("request_body ");
    return { line: line.slice("request_body ".length), output };
  }

  /** What a host function has returned, as an argument of another one. */
  const returned: readonly Arg[] = [{ at: out }, { at: out2 }];
  const bodyOf = ({ body }: StreamOutput): string => Buffer.from(body ?? []).toString("latin1");

  test("of headers are octets, in both directions and in properties", async () => {
    const { output } = await run(
      (w) =>
        w.quietly("proxy_get_header_map_value", 0, "x-raw", out, out2) +
        w.quietly("proxy_add_header_map_value", 0, "x-copy", ...returned) +
        w.quietly("proxy_get_property", "request\0headers\0x-raw", out, out2) +
        w.quietly("proxy_add_header_map_value", 0, "x-property", ...returned) +
        w.quietly("proxy_get_property", "request\0query", out, out2) +
        w.quietly("proxy_add_header_map_value", 0, "x-query", ...returned),
      { headers: [":path", `/?q=${raw}`, "x-raw", raw] },
    );
    assert.deepEqual(output.headers?.slice(4), ["x-copy", raw, "x-property", raw, "x-query", `q=${raw}`]); // prettier-ignore
  });

  test("of maps go through a guest unchanged", async () => {
    const headers = [":path", "/", "a", raw, "a", "", "b", "2"];
    const { output } = await run(
      (w) =>
        w.quietly("proxy_get_header_map_pairs", 0, out, out2) +
        w.quietly("proxy_set_header_map_pairs", 0, ...returned),
      { headers },
    );
    assert.deepEqual(output.headers, headers);
  });

  test("of maps are serialized as the specification says", async () => {
    const { output } = await run(
      (w) =>
        w.quietly("proxy_get_header_map_pairs", 0, out, out2) +
        w.quietly("proxy_set_buffer_bytes", 0, 0, append, ...returned),
      { headers: ["a", "1", "b", "22"] },
    );
    const lengths = [1, 1, 1, 2].map((length) => `${String.fromCharCode(length)}\0\0\0`).join("");
    assert.equal(bodyOf(output), `\x02\0\0\0${lengths}a\x001\0b\x0022\0`);
  });

  test("of properties that a guest sets are octets", async () => {
    const { output } = await run(
      (w) =>
        w.quietly("proxy_set_property", "own\0number", new Uint8Array([0xc8, 0, 0xff, 0])) +
        w.quietly("proxy_get_property", "own\0number", out, out2) +
        w.quietly("proxy_set_buffer_bytes", 0, 0, append, ...returned),
    );
    assert.equal(bodyOf(output), "\xc8\0\xff\0");
  });

  test("of keys of shared data are octets", async () => {
    const [one, other] = [new Uint8Array([0xff]), new Uint8Array([0xfe])];
    const { line } = await run(
      (w) =>
        w.quietly("proxy_set_shared_data", one, "one", 0) +
        w.quietly("proxy_set_shared_data", other, "other", 0) +
        w.status("proxy_get_shared_data", one, out, out2, out3) +
        w.show(),
    );
    assert.equal(line, "00[one]");
  });

  test("empty maps are nothing or one NUL", async () => {
    const { line, output } = await run(
      (w) =>
        w.status("proxy_set_header_map_pairs", 0, new Uint8Array([0])) +
        w.status("proxy_get_header_map_size", 0, out3) +
        w.number("(i32.load (i32.const 72))") +
        w.status("proxy_set_header_map_pairs", 0, "") +
        w.status("proxy_get_header_map_pairs", 0, out, out2) +
        w.show(),
    );
    assert.equal(line, "00" + "0000" + "00" + "00[]");
    assert.deepEqual(output.headers, []);
  });

  test("of a header with several lines are joined; replacing leaves one, adding one more", async () => {
    const value = (w: GuestWriter, name: string) =>
      w.status("proxy_get_header_map_value", 0, name, out, out2) + w.show();
    const { line, output } = await run(
      (w) =>
        value(w, "A") +
        w.status("proxy_add_header_map_value", 0, "A", "3") +
        value(w, "a") +
        w.status("proxy_replace_header_map_value", 0, "a", "4") +
        value(w, "a") +
        w.status("proxy_replace_header_map_value", 0, "b", "5") +
        w.status("proxy_add_header_map_value", 0, ":path", "/other"),
      { headers: [":path", "/", "a", "1", "a", "2"] },
    );
    assert.equal(line, "00[1, 2]" + "00" + "00[1, 2, 3]" + "00" + "00[4]" + "00" + "00");
    assert.deepEqual(output.headers, [":path", "/other", "a", "4", "b", "5"]);
  });

  test("of a buffer are put in front, behind, in between, in place, and taken out", async () => {
    const set = (w: GuestWriter, start: number, size: number, value: string) =>
      w.quietly("proxy_set_buffer_bytes", 0, start, size, value);
    const steps: readonly (readonly [number, number, string, string])[] = [
      [0, 0, "<", "<body"],
      [append, append, ">", "<body>"],
      [3, 0, "--", "<bo--dy>"],
      [1, 2, "B", "<B--dy>"],
      [2, 2, "", "<Bdy>"],
      [3, append, "!", "<Bd!"],
      [0, append, "new", "new"],
    ];
    const { line, output } = await run((w) =>
      steps
        .map(([start, size, value]) => set(w, start, size, value) + w.quietly("proxy_get_buffer_bytes", 0, 0, 99, out, out2) + w.show())
        .join(" "),
    ); // prettier-ignore
    assert.equal(line, steps.map(([, , , becomes]) => `[${becomes}]`).join(""));
    assert.equal(bodyOf(output), "new");
  });

  test("of a buffer are read in parts, and nothing is behind its end", async () => {
    const get = (w: GuestWriter, start: number, max: number) =>
      w.status("proxy_get_buffer_bytes", 0, start, max, out, out2) + w.show();
    const { line } = await run(
      (w) => get(w, 0, append) + get(w, 1, 2) + get(w, 3, 99) + get(w, 4, 1) + get(w, 99, 1) + get(w, 0, 0),
    ); // prettier-ignore
    assert.equal(line, "00[body]00[od]00[y]00[]00[]00[]");
  });

  test("are taken up to the last octet of the memory, and not behind it", async () => {
    const { line } = await run((w) =>
      [[memoryBytes - 1, 1], [memoryBytes, 0], [memoryBytes - 1, 2], [memoryBytes, 1], [outside, 0x20], [-1, -1], [-0x8000_0000, 1]]
        .map(([pointer = 0, length = 0]) => w.status("proxy_log", 0, pointer, length))
        .join(" "),
    ); // prettier-ignore
    assert.equal(line, "0000" + "0606060606");
    const written = await run((w) =>
      [memoryBytes - 4, memoryBytes - 3, memoryBytes, -4]
        .map((pointer) => w.status("proxy_get_header_map_size", 0, pointer))
        .join(" "),
    );
    assert.equal(written.line, "00" + "060606");
  });

  test("that are optional results of a foreign function are not written to address 0", async () => {
    const two = Buffer.from("\x02\0\0\0\x01\0\0\0\x01\0\0\0sk");
    const { line } = await run(
      (w) =>
        w.status("proxy_call_foreign_function", "layotto.get_state", two, 0, 0) +
        w.number("(i32.load (i32.const 0))"),
    );
    assert.equal(line, "1000");
  });
});
