import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HostAnswer } from "../model/host-calls.ts";
import { WasmStatus } from "../model/host-calls.ts";
import type { HostCaller } from "./host-caller.ts";
import { SharedData } from "./shared-data.ts";
import { fakeCaller, textOf } from "./testing/fake-caller.ts";

const limits = { keys: 3, bytes: 2000, totalBytes: 3000 };

function store(data = new SharedData(limits)) {
  const { get_shared_data, set_shared_data } = data.handlers();
  let last: HostAnswer | undefined;
  const answer = (got: HostAnswer) => (last = got);
  const result = () => last ?? assert.fail("no answer");
  return {
    data,
    get(caller: HostCaller, key: string) {
      get_shared_data(caller, [key], answer);
      return result();
    },
    set(caller: HostCaller, key: string, value: string | Uint8Array, cas = 0) {
      set_shared_data(caller, [key, Buffer.from(value), cas], answer);
      return result().status;
    },
  };
}

describe("SharedData", () => {
  it("is shared by the instances of a function, not by functions", () => {
    const { get, set } = store();
    const shop = fakeCaller();
    assert.equal(set(shop, "k", "v"), WasmStatus.OK);
    assert.equal(textOf(get(fakeCaller(), "k")), "v");
    assert.equal(get(fakeCaller({}, { name: "other" }), "k").status, WasmStatus.NOT_FOUND);
  });

  it("changes a value only when the CAS number fits", () => {
    const { get, set } = store();
    const caller = fakeCaller();
    set(caller, "k", "1");
    const { extra: first } = get(caller, "k");
    assert.notEqual(first, 0);
    assert.equal(set(caller, "k", "2", first), WasmStatus.OK);
    assert.equal(set(caller, "k", "3", first), WasmStatus.CAS_MISMATCH);
    assert.equal(textOf(get(caller, "k")), "2");
    assert.notEqual(get(caller, "k").extra, first);
    assert.equal(set(caller, "k", "4"), WasmStatus.OK);
    assert.equal(set(caller, "absent", "1", first), WasmStatus.CAS_MISMATCH);
  });

  it("keeps an empty value apart from none", () => {
    const { get, set } = store();
    const caller = fakeCaller();
    set(caller, "k", "");
    assert.equal(get(caller, "k").status, WasmStatus.OK);
    assert.equal(get(caller, "k").value.length, 0);
  });

  it("refuses more keys than a function may have, and still changes those it has", () => {
    const { set } = store();
    const caller = fakeCaller();
    for (const key of ["a", "b", "c"]) assert.equal(set(caller, key, "1"), WasmStatus.OK);
    assert.equal(set(caller, "d", "1"), WasmStatus.INTERNAL_FAILURE);
    assert.equal(set(caller, "a", "2"), WasmStatus.OK);
  });

  it("refuses octets above the limits of a function and of all, until there is room", () => {
    const { data, get, set } = store();
    const big = new Uint8Array(1500);
    const shop = fakeCaller();
    const other = fakeCaller({}, { name: "other" });
    assert.equal(set(shop, "a", big), WasmStatus.OK);
    assert.equal(set(shop, "b", big), WasmStatus.INTERNAL_FAILURE);
    assert.equal(get(shop, "b").status, WasmStatus.NOT_FOUND);
    assert.equal(set(other, "a", big), WasmStatus.INTERNAL_FAILURE);
    data.forget("shop");
    assert.equal(get(shop, "a").status, WasmStatus.NOT_FOUND);
    assert.equal(set(other, "a", big), WasmStatus.OK);
    assert.equal(set(other, "a", "small"), WasmStatus.OK);
    assert.equal(set(shop, "a", big), WasmStatus.OK);
  });
});
