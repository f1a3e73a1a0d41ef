// The ways of this transport with sockets, for other protocols of the same process: one shared read buffer, one write
// per connection and event-loop turn.
export { readInto, type OnChunk } from "./connection/input.ts";
export { Output } from "./connection/output.ts";
export { countPendingCalls, flushAfterRead } from "./connection/flush.ts";
