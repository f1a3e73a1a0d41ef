import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConnectionError } from "../connection/connection-error.ts";
import { ErrorCode, Setting } from "./constants.ts";
import { applySettings, encodeSettings, initialPeerSettings } from "./settings.ts";

function apply(pairs: readonly (readonly [number, number])[], fromServer = false) {
  const settings = initialPeerSettings();
  const payload = encodeSettings(pairs);
  const shifted = Buffer.concat([Buffer.from("xyz"), payload, Buffer.from("z")]);
  applySettings(settings, shifted, 3, 3 + payload.length, fromServer);
  return settings;
}

describe("applySettings", () => {
  test("takes all settings, the last value of each, and ignores unknown ones", () => {
    const settings = apply([
      [Setting.HEADER_TABLE_SIZE, 1],
      [Setting.ENABLE_PUSH, 1],
      [Setting.MAX_CONCURRENT_STREAMS, 0xffff_ffff],
      [Setting.INITIAL_WINDOW_SIZE, 1],
      [Setting.INITIAL_WINDOW_SIZE, 0x7fff_ffff],
      [Setting.MAX_FRAME_SIZE, 16_777_215],
      [Setting.MAX_HEADER_LIST_SIZE, 5],
      [0xabcd, 7],
    ]);
    assert.deepEqual(settings, {
      headerTableBytes: 1,
      maxConcurrentStreams: 0xffff_ffff,
      initialWindowBytes: 0x7fff_ffff,
      maxFrameBytes: 16_777_215,
      maxHeaderListBytes: 5,
    });
  });

  const faults: readonly (readonly [number, number, number, boolean])[] = [
    [Setting.ENABLE_PUSH, 2, ErrorCode.PROTOCOL_ERROR, false],
    [Setting.ENABLE_PUSH, 1, ErrorCode.PROTOCOL_ERROR, true],
    [Setting.INITIAL_WINDOW_SIZE, 0x8000_0000, ErrorCode.FLOW_CONTROL_ERROR, false],
    [Setting.MAX_FRAME_SIZE, 16_383, ErrorCode.PROTOCOL_ERROR, false],
    [Setting.MAX_FRAME_SIZE, 16_777_216, ErrorCode.PROTOCOL_ERROR, false],
  ];
  for (const [id, value, code, fromServer] of faults) {
    test(`refuses ${id} = ${value} from a ${fromServer ? "server" : "client"}`, () => {
      assert.throws(
        () => apply([[id, value]], fromServer),
        (error) => error instanceof ConnectionError && error.code === code,
      );
    });
  }
});
