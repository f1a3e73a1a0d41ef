import { Status } from "@layotto/sidecar-kit";
import { BoltCall } from "../bolt/bolt-call.ts";
import { BoltFrame, readBoltHead } from "../bolt/bolt-frame.ts";
import { BoltRequest } from "../bolt/bolt-request.ts";
import { BoltCodec, BoltCommand, BoltStatus, BoltType, V1, V2 } from "../bolt/constants.ts";
import { encodeBolt } from "../bolt/write-bolt.ts";
import { Reason, type MeshFailure } from "../call/failure.ts";
import { meshFailure } from "../call/statuses.ts";
import { CodecError } from "../multiplex/codec-error.ts";
import { contentTypeOf, replyHeaders, statusError } from "./bolt-reply.ts";
import { failureOutcome, serviceError } from "./call-error.ts";
import type { Channel, ChannelOptions, Invocation, OnReply } from "./channel.ts";
import { withTraceNames } from "./sofa-trace.ts";

/**
 * Calls SOFARPC services: the data is the content of a bolt frame as it is, serialized by the application; headers become
 * the header block; the class is configured.
 */
export class BoltChannel implements Channel {
  private readonly options: ChannelOptions;

  constructor(options: ChannelOptions) {
    this.options = options;
  }

  invoke(invocation: Invocation, done: OnReply): () => void {
    const frame = encodeRequest(invocation, this.options);
    if (frame === undefined) {
      const text = "Cannot send the metadata as bolt headers: they are longer than 32767 octets";
      done(serviceError(Status.INVALID_ARGUMENT, "HEADERS_TOO_LARGE", text), undefined);
      return nothing;
    }
    const call = new InvokedBoltCall(
      this.options,
      new InvokedBoltRequest(frame, invocation),
      invocation,
      done,
    );
    call.requestComplete();
    call.begin();
    return () => call.cancelled();
  }
}

function nothing(): void {
  // The call is over already.
}

function encodeRequest(
  invocation: Invocation,
  { requestClass, version }: ChannelOptions,
): BoltFrame | undefined {
  try {
    const bytes = encodeBolt({
      version: version === "bolt" ? V1 : V2,
      type: invocation.oneway ? BoltType.ONEWAY : BoltType.REQUEST,
      command: BoltCommand.REQUEST,
      id: 0,
      codec: BoltCodec.HESSIAN2,
      checked: false,
      variable: invocation.timeoutMs,
      className: requestClass,
      headers: withTraceNames(invocation.headers),
      content: invocation.data,
    });
    const frame = new BoltFrame();
    readBoltHead(frame, bytes, 0);
    frame.owned = true;
    return frame;
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}

/** Routes may go by the id of the service as well. */
class InvokedBoltRequest extends BoltRequest {
  private readonly invocation: Invocation;

  constructor(frame: BoltFrame, invocation: Invocation) {
    super(frame, "");
    this.invocation = invocation;
  }

  override get path(): string {
    return `/${this.invocation.id}/${this.invocation.method}`;
  }

  override header(name: string): string | undefined {
    if (name === "id") return this.invocation.id;
    const found = super.header(name);
    return found === undefined && name === "service" ? this.invocation.id : found;
  }

  override flat(): readonly string[] {
    const { id } = this.invocation;
    const own = super.header("service") === undefined ? ["service", id] : [];
    return ["id", id, ...own, ...super.flat()];
  }
}

class InvokedBoltCall extends BoltCall {
  private readonly channel: ChannelOptions;
  private readonly done: OnReply;

  constructor(
    channel: ChannelOptions,
    request: BoltRequest,
    { target, timeoutMs, limitMs, deadlineMs }: Invocation,
    done: OnReply,
  ) {
    const { router, cluster, flow, fault, hooks, log } = channel.route(target);
    const protocol = channel.version;
    super(
      channel.mesh,
      {
        request,
        router,
        cluster,
        flow,
        fault,
        hooks,
        log,
        protocol,
        timeoutMs,
        limitMs,
        deadlineMs,
      },
      request,
    );
    this.channel = channel;
    this.done = done;
  }

  protected deliver(frame: BoltFrame): void {
    const { flatErrors, maxReplyBytes } = this.channel;
    if (frame.status !== BoltStatus.SUCCESS)
      return this.done(statusError(frame, flatErrors), undefined);
    const length = frame.contentEnd - frame.contentAt;
    if (length > maxReplyBytes) {
      const text = `answer of ${length} octets: at most ${maxReplyBytes} are taken`;
      return this.fail(meshFailure(Reason.BODY_TOO_LARGE, text));
    }
    const headers = replyHeaders(frame);
    const data = frame.buffer.subarray(frame.contentAt, frame.contentEnd);
    this.done(undefined, { data, contentType: contentTypeOf(headers), headers });
  }

  protected override deliverNothing(): void {
    this.done(undefined, { data: Buffer.alloc(0), contentType: "", headers: [] });
  }

  protected fail(failure: MeshFailure): void {
    const { flatErrors } = this.channel;
    const isTimeout = flatErrors && failure.reason === Reason.TIMEOUT;
    const told = isTimeout ? { ...failure, message: "request timeout" } : failure;
    this.done(...failureOutcome(told, flatErrors));
  }
}
