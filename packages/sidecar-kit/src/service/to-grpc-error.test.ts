import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GrpcError, Status } from "@layotto/grpc-transport";
import { testContext } from "../testing/context.ts";
import { toGrpcError } from "./to-grpc-error.ts";

const withCode = (code: string) =>
  Object.assign(new Error(`connect ${code} 10.0.0.1:6379`), { code });
const named = (name: string, message = "x") => Object.assign(new Error(message), { name });

describe("toGrpcError", () => {
  for (const [what, error, code] of [
    ["a GrpcError as it is", new GrpcError(Status.NOT_FOUND, "x"), Status.NOT_FOUND],
    ["an abort", new DOMException("aborted", "AbortError"), Status.CANCELLED],
    ["a timeout", new DOMException("late", "TimeoutError"), Status.DEADLINE_EXCEEDED],
    [
      "an abort whose cause is a deadline",
      new Error("x", { cause: new GrpcError(Status.DEADLINE_EXCEEDED, "d") }),
      Status.DEADLINE_EXCEEDED,
    ],
    ["ECONNREFUSED", withCode("ECONNREFUSED"), Status.UNAVAILABLE],
    [
      "ECONNRESET as a cause",
      new Error("failed", { cause: withCode("ECONNRESET") }),
      Status.UNAVAILABLE,
    ],
    ["one of several attempts", new AggregateError([withCode("ETIMEDOUT")]), Status.UNAVAILABLE],
    ["ioredis giving up", named("MaxRetriesPerRequestError"), Status.UNAVAILABLE],
    ["ioredis without connection", new Error("Connection is closed."), Status.UNAVAILABLE],
    ["ENOENT of a file", withCode("ENOENT"), Status.INTERNAL],
    ["anything else", new TypeError("x is not a function"), Status.INTERNAL],
    ["what is no error at all", "text", Status.INTERNAL],
  ] as const) {
    it(`converts ${what} to code ${code}`, () => {
      assert.equal(toGrpcError(error, testContext().logger).code, code);
    });
  }

  it("ends on errors that cause each other", () => {
    const a = new Error("a");
    a.cause = new Error("b", { cause: a });
    assert.equal(toGrpcError(a, testContext().logger).code, Status.INTERNAL);
  });
});
