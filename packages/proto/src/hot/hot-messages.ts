// THE LIST of message types that are written out by hand. All others go through protobuf-es.
import { processRequest, processResponse } from "./extension.ts";
import { sayHelloRequest, sayHelloResponse } from "./hello.ts";
import { invokeResponse, invokeServiceRequest } from "./invoke.ts";
import { tryLockRequest, tryLockResponse, unlockRequest, unlockResponse } from "./lock.ts";
import { publishEventRequest, topicEventRequest, topicEventResponse } from "./pubsub.ts";
import { getNextIdRequest, getNextIdResponse } from "./sequencer.ts";
import {
  deleteStateRequest,
  getStateRequest,
  getStateResponse,
  saveStateRequest,
} from "./state.ts";
import { empty } from "./well-known.ts";

/** The hot messages. Those that only occur inside of others are not listed. */
export const hotMessages = [
  empty,
  sayHelloRequest,
  sayHelloResponse,
  getStateRequest,
  getStateResponse,
  saveStateRequest,
  deleteStateRequest,
  tryLockRequest,
  tryLockResponse,
  unlockRequest,
  unlockResponse,
  getNextIdRequest,
  getNextIdResponse,
  publishEventRequest,
  topicEventRequest,
  topicEventResponse,
  invokeServiceRequest,
  invokeResponse,
  processRequest,
  processResponse,
] as const;
