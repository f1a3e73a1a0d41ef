import type {
  DescMessage,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { type CallOptions, Metadata } from "@layotto/grpc-transport";
import type { Logger } from "@layotto/sidecar-kit";
import type { RuntimeClient } from "@layotto/sidecar-kit/runtime";
import type { HostAnswer, HostOp } from "../model/host-calls.ts";
import { failed } from "./answers.ts";
import { type Answer, type CallOrigin, functionOf, type HostCaller } from "./host-caller.ts";

/** A method of the Runtime API as host calls use it: any error becomes INTERNAL_FAILURE. */
export type RuntimeCall<I extends DescMessage, O extends DescMessage> = (
  caller: HostCaller,
  request: MessageInitShape<I>,
  answer: Answer,
  answerOf: (reply: MessageShape<O>) => HostAnswer,
  extraMetadata?: readonly (readonly [string, string])[],
) => void;

/** Calls of the Runtime API on behalf of guests: with their deadline and metadata. */
export class RuntimeCalls {
  readonly #runtime: Pick<RuntimeClient, "unary">;
  readonly #logger: Logger;

  constructor(runtime: Pick<RuntimeClient, "unary">, logger: Logger) {
    this.#runtime = runtime;
    this.#logger = logger;
  }

  /** Binds a method for a host call. */
  method<I extends DescMessage, O extends DescMessage>(
    op: HostOp,
    desc: DescMethodUnary<I, O>,
  ): RuntimeCall<I, O> {
    const call = this.#runtime.unary(desc);
    return (caller, request, answer, answerOf, extraMetadata) => {
      call(request, optionsOf(caller, extraMetadata), (error, reply) => {
        if (reply !== undefined) return answer(answerOf(reply));
        this.#logger.debug(
          { function: functionOf(caller), operation: op, err: error },
          "host call failed",
        );
        answer(failed);
      });
    };
  }
}

/** Waits for a gateway that is just being started again, but no longer than the guest may take. */
function optionsOf(
  origin: CallOrigin,
  extra: readonly (readonly [string, string])[] = [],
): CallOptions {
  const deadlineMs = Date.now() + Math.max(0, origin.deadline - performance.now());
  const metadata = metadataOf(origin.metadata, extra);
  if (metadata === undefined) return { deadlineMs, waitForReady: true };
  return { deadlineMs, waitForReady: true, metadata };
}

function metadataOf(
  record: Readonly<Record<string, string>>,
  extra: readonly (readonly [string, string])[],
): Metadata | undefined {
  const entries = Object.entries(record);
  if (entries.length + extra.length === 0) return undefined;
  const metadata = new Metadata();
  for (const [name, value] of entries) appendSafely(metadata, name, value);
  for (const [name, value] of extra) appendSafely(metadata, name, value);
  return metadata;
}

/** Metadata that gRPC cannot carry is no reason to fail the call. */
function appendSafely(metadata: Metadata, name: string, value: string): void {
  try {
    metadata.append(name, value);
  } catch {
    // Left out.
  }
}
