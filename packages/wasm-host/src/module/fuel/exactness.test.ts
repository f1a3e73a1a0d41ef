import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { wat } from "../../testing/wat.ts";
import { Counted } from "../testing/counted.ts";
import { Interpreter, moduleText, program } from "../testing/random-program.ts";

it("counted code executes random programs as they are and counts every instruction exactly", async () => {
  await fc.assert(
    fc.asyncProperty(
      program,
      fc.array(fc.integer(), { minLength: 1, maxLength: 5 }),
      async (statements, inputs) => {
        const guest = new Counted(await wat(moduleText(statements)));
        for (const x of inputs) {
          const { result, cost } = Interpreter.run(statements, x);
          const before = guest.fuel;
          assert.equal(guest.call("run", x), result);
          assert.equal(before - guest.fuel, cost);
        }
      },
    ),
    { numRuns: 1000 },
  );
});
