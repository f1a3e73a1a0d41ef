import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatDuration, formatMemory, formatMs, renderTable } from "./table.ts";

describe("renderTable()", () => {
  it("aligns columns and leaves no blanks at the end", () => {
    const rows = [
      ["gateway", "7", ""],
      ["st", "4711", "why"],
    ];
    assert.equal(
      renderTable(["PROCESS", "PID", "REASON"], rows, new Set(["PID"])),
      "PROCESS   PID  REASON\ngateway     7\nst       4711  why\n",
    );
  });
});

describe("formatDuration()", () => {
  it("shows the two largest units", () => {
    const shown = [999, 12_000, 60_000, 3_725_000, 93_600_000].map(formatDuration);
    assert.deepEqual(shown, ["0s", "12s", "1m", "1h 2m", "1d 2h"]);
  });
});

describe("formatMemory() and formatMs()", () => {
  it("round to what matters", () => {
    assert.equal(formatMemory(61_000_000), "58 MB");
    assert.deepEqual([0.123, 4.56, 78.9].map(formatMs), ["0.12 ms", "4.6 ms", "79 ms"]);
  });
});
