import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { wat } from "../testing/wat.ts";
import { inspectModule } from "./inspect.ts";
import { rawModule } from "./testing/raw-module.ts";
import { Writer } from "./writer.ts";

/** A module of functions `() -> ()` with so many locals each, in two groups. */
function withLocals(functions: number, locals: number): Uint8Array {
  const body = new Writer();
  body.u8(2);
  body.u32(locals - 1);
  body.raw(0x7f, 1, 0x7e, 0x0b);
  const [declared, code] = [new Writer(), new Writer()];
  declared.u32(functions);
  code.u32(functions);
  for (let index = 0; index < functions; index += 1) {
    declared.u8(0);
    code.sized(body.view());
  }
  return rawModule([1, [0x01, 0x60, 0x00, 0x00]], [3, declared.view()], [10, code.view()]);
}

describe("what compiling a module may take", () => {
  it("functions may have many locals, all together not too many", () => {
    const bytes = withLocals(100, 50_000);
    inspectModule(bytes);
    assert.ok(WebAssembly.validate(bytes));
    assert.throws(() => inspectModule(withLocals(101, 50_000)), {
      reason: "UNSUPPORTED_MODULE",
      message: /more than 5000000 locals together/u,
    });
    assert.throws(() => inspectModule(withLocals(1, 50_001)), {
      reason: "INVALID_MODULE",
      message: /more than 50000 locals/u,
    });
  });

  it("refuses locals of types that are not run here, and code that ends in its locals", () => {
    const one = (...body: number[]): Uint8Array =>
      rawModule([1, [0x01, 0x60, 0x00, 0x00]], [3, [1, 0]], [10, [1, body.length, ...body]]);
    assert.throws(() => inspectModule(one(1, 1, 0x63, 0x70, 0x0b)), /value type 0x63/u);
    assert.throws(() => inspectModule(one(1, 1)), { reason: "INVALID_MODULE" });
  });

  it("functions and blocks have no more parameters and results than anybody needs", async () => {
    const types = (count: number): Promise<Uint8Array> =>
      wat(`(module (func (param ${"i32 ".repeat(count)})))`);
    inspectModule(await types(128));
    const many = await types(129);
    assert.throws(() => inspectModule(many), /129 parameters, at most 128/u);
  });
});
