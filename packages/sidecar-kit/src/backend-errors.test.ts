import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Status } from "@layotto/grpc-transport";
import { backendErrors, withMessage } from "./backend-errors.ts";

describe("withMessage", () => {
  it("keeps code and reason, and gives domain and message of the capability", () => {
    const cause = backendErrors.BACKEND_LIMIT("full");
    const error = withMessage("lock", cause, (text) => `cannot lock: ${text}`);
    assert.deepEqual(
      [error.code, error.reason, error.domain, error.message, error.cause],
      [Status.RESOURCE_EXHAUSTED, "BACKEND_LIMIT", "lock", "cannot lock: full", cause],
    );
  });

  it("anything else becomes INTERNAL", () => {
    for (const thrown of [new Error("no"), "no"]) {
      const error = withMessage("lock", thrown);
      assert.deepEqual(
        [error.code, error.reason, error.domain, error.message],
        [Status.INTERNAL, "BACKEND_FAILED", "lock", "no"],
      );
    }
  });
});
