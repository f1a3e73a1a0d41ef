import { append } from "../multiplex/append.ts";
import type { Wire } from "../multiplex/wire.ts";
import { BoltFrame, HEAD_BYTES, measureBolt, readBolt, readBoltHead } from "./bolt-frame.ts";
import { BoltCommand, BoltType, CRC_BYTES, V1, V2 } from "./constants.ts";
import { emptyFrame, heartbeatAck } from "./write-bolt.ts";

/** Timeout that heartbeats carry: none, as MOSN's. */
const NO_TIMEOUT = -1;

function boltWire(protocol: "bolt" | "boltv2", version: number): Wire<BoltFrame> {
  return {
    protocol,
    headBytes: HEAD_BYTES,
    overheadBytes: HEAD_BYTES + 2 * 0xffff + CRC_BYTES,
    createFrame: () => new BoltFrame(),
    contentBytes: ({ contentAt, contentEnd }) => contentEnd - contentAt,
    measure: measureBolt,
    read: readBolt,
    readHead: readBoltHead,
    heartbeat: (output, id) =>
      append(output, emptyFrame(version, BoltType.REQUEST, BoltCommand.HEARTBEAT, id, NO_TIMEOUT)),
    heartbeatAck: (output, frame) => append(output, heartbeatAck(frame)),
    drain: (output, id) =>
      append(output, emptyFrame(version, BoltType.REQUEST, BoltCommand.GOAWAY, id, NO_TIMEOUT)),
  };
}

/** Bolt version 1. Both read both versions; they differ in what they write of their own. */
export const bolt = boltWire("bolt", V1);
/** Bolt version 2. */
export const boltv2 = boltWire("boltv2", V2);
