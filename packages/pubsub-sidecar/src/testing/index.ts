// For tests only.
export { BrokerModel } from "./broker-model.ts";
export { Ledger } from "./ledger.ts";
export { Recorder, untilAny, type Received, type RecorderOptions } from "./recorder.ts";
export { publishRequest, subscribeRequest } from "./requests.ts";
