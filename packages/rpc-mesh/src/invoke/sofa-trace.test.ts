import assert from "node:assert/strict";
import { test } from "node:test";
import { withTraceNames } from "./sofa-trace.ts";

test("withTraceNames spells the keys that SOFARPC knows, and leaves all others alone", () => {
  const headers = [
    ["service", "s"],
    ["rpc_trace_context.sofatraceid", "1"],
    ["rpc_trace_context.samp", "true"],
    ["rpc_trace_context.syspenattrs", ""],
    ["sofatraceid", "2"],
  ] as const;
  assert.deepEqual(withTraceNames(headers), [
    ["service", "s"],
    ["rpc_trace_context.sofaTraceId", "1"],
    ["rpc_trace_context.samp", "true"],
    ["rpc_trace_context.sysPenAttrs", ""],
    ["sofatraceid", "2"],
  ]);
  const without = [["service", "s"]] as const;
  assert.equal(withTraceNames(without), without);
});
