// HTTP/1.1 over raw sockets. First for those who serve whole requests, then the parts that a proxy is made of.
export { WholeServer, type WholeServerOptions } from "./whole-server.ts";
export type { WholeAnswer, WholeHandler, WholeRequest } from "./whole-request.ts";
export { listenHttp1, type Http1Listener, type ListenHttp1Options } from "./listen.ts";
export { defaultLimits, type Http1Limits } from "./limits.ts";
export { http1Clock, type Http1Clock } from "./clock.ts";

export { BodyReader, type BodySink } from "./body-reader.ts";
export { CallerConnection, type CallerCall, type ConnectionKeeper } from "./caller-connection.ts";
export { isAuthority, isTarget, isToken, isValue } from "./chars.ts";
export { breakOff, closeSoon } from "./close-soon.ts";
export { staysOpen, wantsUpgrade } from "./connection-options.ts";
export { appendFields, HOP_FIELDS, namesToDrop } from "./forward-fields.ts";
export { expectsContinue } from "./expectation.ts";
export { Gatherer } from "./gatherer.ts";
export { Framing, Head } from "./head.ts";
export { HeadReader } from "./head-reader.ts";
export { Http1Error } from "./http1-error.ts";
export { keepAliveMs } from "./keep-alive.ts";
export { Field } from "./known-fields.ts";
export { OpenConnections, type Drainable } from "./open-connections.ts";
export { connectionLine, hasNoBody, refusal, statusLine, type OwnAnswer } from "./own-answer.ts";
export { INCOMPLETE, parseFields } from "./parse-fields.ts";
export { parseRequest } from "./parse-request.ts";
export { parseResponse } from "./parse-response.ts";
export {
  consistsOf,
  headerLine,
  requestHead,
  UnsafeHeadError,
  type RequestHeadParts,
} from "./request-head.ts";
export { Memory, type Target } from "./target.ts";
export { append, appendChunk, appendFinalChunk, appendText, congested } from "./write.ts";
