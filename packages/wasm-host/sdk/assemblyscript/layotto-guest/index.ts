/** What a module of Layotto uses of its host. The pages of the other languages' SDKs have the same names. */

import "./abort";

export { Body, callBody, requestBody, responseBody } from "./body";
export { Filter, filter, httpCall } from "./filter";
export { formValue } from "./form";
export { serve } from "./function";
export {
  callHeaders,
  callTrailers,
  HeaderMap,
  requestHeaders,
  requestTrailers,
  responseHeaders,
  responseTrailers,
} from "./headers";
export { Request, Response } from "./http";
export { debug, error, info, log, LogLevel, logLevel, now, warn } from "./log";
export { toBytes, toText } from "./memory";
export { Config, onConfigure, onQueueReady, onTick, setTickPeriod } from "./module";
export { Pair } from "./pairs";
export {
  callForeignFunction,
  deleteState,
  getConfigurationItem,
  getSecret,
  getState,
  invokeService,
  nextId,
  publish,
  setState,
  tryLock,
  unlock,
  Unlocked,
} from "./runtime";
export {
  dequeue,
  enqueue,
  getShared,
  Metric,
  MetricKind,
  registerQueue,
  resolveQueue,
  setShared,
  Shared,
} from "./shared";
export { lastStatus, Status } from "./status";
export {
  Action,
  continueRequest,
  continueResponse,
  getProperty,
  sendResponse,
  setProperty,
} from "./stream";
