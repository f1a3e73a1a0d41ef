import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Greeter } from "./component.ts";

/** What a component type must offer to be tested. */
export interface GreeterSubject {
  /** Opens a greeter that says `greeting`. */
  open(greeting: string): Promise<Greeter>;
}

/** The contract of a greeter, as tests. Each component type's test runs it. */
export function greeterConformance(type: string, subject: GreeterSubject): void {
  describe(`greeter contract: ${type}`, () => {
    it("says the greeting alone when the name is empty", async () => {
      const greeter = await subject.open("good morning");
      assert.equal(await greeter.greet(""), "good morning");
      await greeter.close();
    });

    it("puts the name behind the greeting", async () => {
      const greeter = await subject.open("greeting");
      assert.equal(await greeter.greet("eva"), "greeting, eva");
      await greeter.close();
    });

    it("takes a new greeting while it runs, if it can be changed at all", async () => {
      const greeter = await subject.open("greeting");
      greeter.reconfigure?.({ hello: "goodbye" });
      const expected = greeter.reconfigure === undefined ? "greeting, eva" : "goodbye, eva";
      assert.equal(await greeter.greet("eva"), expected);
      await greeter.close();
    });
  });
}
