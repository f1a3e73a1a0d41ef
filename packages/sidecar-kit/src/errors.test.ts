import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Status } from "@layotto/grpc-transport";
import { RpcError, defineErrors } from "./errors.ts";

describe("defineErrors", () => {
  const errors = defineErrors("state", {
    STORE_NOT_FOUND: {
      code: Status.INVALID_ARGUMENT,
      message: (store: string) => `state store ${store} is not found`,
    },
  });

  it("makes errors with code, reason, domain and message of the table", () => {
    const error = errors.STORE_NOT_FOUND("orders");
    assert.ok(error instanceof RpcError);
    const { code, reason, domain, message } = error;
    assert.deepEqual(
      { code, reason, domain, message },
      {
        code: 3,
        reason: "STORE_NOT_FOUND",
        domain: "state",
        message: "state store orders is not found",
      },
    );
  });
});
