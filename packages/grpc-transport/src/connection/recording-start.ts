import { FRAME_HEADER_BYTES, Flag, FrameType, MAX_STREAM_ID, PREFACE } from "../frame/constants.ts";
import { writeFrameHeader } from "../frame/write.ts";

/** Stream of the header block that stands for the state of a connection; no client ever uses it. */
export const STATE_STREAM_ID = MAX_STREAM_ID;

/**
 * What has to stand before bytes of a connection that is under way, so that they can be read by themselves: preface,
 * SETTINGS, and a header block that fills the dynamic table.
 */
export function recordingStart(block: Buffer): Buffer {
  const settings = PREFACE.length;
  const headers = settings + FRAME_HEADER_BYTES;
  const start = Buffer.alloc(headers + FRAME_HEADER_BYTES + block.length);
  PREFACE.copy(start);
  writeFrameHeader(start, settings, 0, FrameType.SETTINGS, 0, 0);
  const flags = Flag.END_HEADERS | Flag.END_STREAM;
  writeFrameHeader(start, headers, block.length, FrameType.HEADERS, flags, STATE_STREAM_ID);
  block.copy(start, headers + FRAME_HEADER_BYTES);
  return start;
}
