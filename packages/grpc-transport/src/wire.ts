// The parts that read HTTP/2 and gRPC off a recording: frames, header blocks, messages.
export { errorName, Flag, FrameType, PREFACE } from "./frame/constants.ts";
export { FrameReader, type FrameSink } from "./frame/reader.ts";
export { HpackDecoder } from "./hpack/decoder.ts";
export type { HeaderField } from "./hpack/field.ts";
export { MessageReader, type MessageSink } from "./grpc/message-reader.ts";
export { STATE_STREAM_ID } from "./connection/recording-start.ts";
