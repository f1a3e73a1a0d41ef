import { append } from "../multiplex/append.ts";
import type { Wire } from "../multiplex/wire.ts";
import { DubboStatus, HEAD_BYTES } from "./constants.ts";
import { DubboFrame, measureDubbo, readDubbo, readDubboHead } from "./dubbo-frame.ts";
import { heartbeat, heartbeatAck, readOnlyEvent } from "./write-dubbo.ts";

/** Dubbo's own protocol, version 2. */
export const dubbo: Wire<DubboFrame> = {
  protocol: "dubbo",
  headBytes: HEAD_BYTES,
  overheadBytes: HEAD_BYTES,
  createFrame: () => new DubboFrame(),
  contentBytes: ({ bodyAt, end }) => end - bodyAt,
  measure: measureDubbo,
  read: readDubbo,
  readHead: readDubboHead,
  heartbeat: (output, id) => append(output, heartbeat(id)),
  heartbeatAck: (output, frame) => append(output, heartbeatAck(frame, DubboStatus.OK)),
  drain: (output, id) => append(output, readOnlyEvent(id)),
};
