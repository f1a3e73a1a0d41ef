import assert from "node:assert/strict";
import { it } from "node:test";
import { Counted } from "./testing/counted.ts";
import { inspectModule } from "./inspect.ts";
import { kernelNames, kernels, kernelsMissing } from "./testing/kernels.ts";

const skip = kernelsMissing ?? false;

it("counted modules of a compiler compute what they did before", { skip }, () => {
  const bytes = kernels();
  assert.match(inspectModule(bytes).producers.join(), /clang/u);
  const plain = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  const counted = new Counted(bytes);
  for (const name of kernelNames) {
    const original = plain[name];
    assert.ok(typeof original === "function");
    for (const n of [0, 1, 2, 17, 22])
      assert.equal(counted.call(name, n), original(n), `${name}(${n})`);
    assert.equal(counted.cost(name, 20), counted.cost(name, 20), `${name} costs the same again`);
    assert.ok(counted.cost(name, 22) > counted.cost(name, 15), `${name} costs more for more`);
  }
});
