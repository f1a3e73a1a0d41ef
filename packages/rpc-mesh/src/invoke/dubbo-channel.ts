import { Status } from "@layotto/sidecar-kit";
import { Reason, type MeshFailure } from "../call/failure.ts";
import { meshFailure } from "../call/statuses.ts";
import { DubboFlag, HEAD_BYTES, HESSIAN2, MAGIC_HIGH, MAGIC_LOW } from "../dubbo/constants.ts";
import { DubboCall } from "../dubbo/dubbo-call.ts";
import { DubboFrame, readDubbo } from "../dubbo/dubbo-frame.ts";
import { DubboRequest } from "../dubbo/dubbo-request.ts";
import { encodeDubbo } from "../dubbo/write-dubbo.ts";
import { FrameKind } from "../multiplex/wire.ts";
import { failureOutcome, serviceError } from "./call-error.ts";
import { replyError } from "./dubbo-reply.ts";
import type { Channel, ChannelOptions, Invocation, OnReply } from "./channel.ts";

/**
 * Calls Dubbo services. The data is a whole Dubbo frame, as Layotto wants it, or only the body of one (Hessian); the
 * answer is the body of the answering frame. Headers do not travel, but routes may go by them.
 */
export class DubboChannel implements Channel {
  private readonly options: ChannelOptions;

  constructor(options: ChannelOptions) {
    this.options = options;
  }

  invoke(invocation: Invocation, done: OnReply): () => void {
    const frame = encodeRequest(invocation);
    if (typeof frame === "string") {
      const text = `Cannot call "${invocation.id}": ${frame}`;
      done(serviceError(Status.INVALID_ARGUMENT, "NO_DUBBO_REQUEST", text), undefined);
      return nothing;
    }
    const call = new InvokedDubboCall(
      this.options,
      new InvokedDubboRequest(frame, invocation),
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

/** Returns the frame in memory of its own, or why there is none. */
function encodeRequest({ data, oneway }: Invocation): DubboFrame | string {
  const isFrame = data[0] === MAGIC_HIGH && data[1] === MAGIC_LOW;
  if (data.length === 0) return "the data must be a dubbo frame or the body of one, it is empty";
  if (isFrame && data.length < HEAD_BYTES)
    return `the dubbo frame has ${data.length} octets, its head alone has ${HEAD_BYTES}`;
  const way = oneway ? 0 : DubboFlag.TWO_WAY;
  const bytes = isFrame
    ? Buffer.from(data)
    : encodeDubbo(DubboFlag.REQUEST | way | HESSIAN2, 0, 0, 0, data);
  if (oneway) bytes[2] = (bytes[2] ?? 0) & ~DubboFlag.TWO_WAY;
  const frame = new DubboFrame();
  readDubbo(frame, bytes, 0, bytes.length);
  frame.owned = true;
  const announced = HEAD_BYTES + bytes.readUInt32BE(12);
  if (announced !== bytes.length)
    return `the dubbo frame announces ${announced} octets and has ${bytes.length}`;
  const isRequest = frame.kind === FrameKind.REQUEST || frame.kind === FrameKind.ONEWAY;
  return isRequest ? frame : "the dubbo frame is no request";
}

/** Routes may go by the id of the service and the headers of the call as well. */
class InvokedDubboRequest extends DubboRequest {
  private readonly invocation: Invocation;

  constructor(frame: DubboFrame, invocation: Invocation) {
    super(frame, "");
    this.invocation = invocation;
  }

  override get path(): string {
    return `/${this.header("service") ?? ""}/${this.header("method") ?? ""}`;
  }

  override header(name: string): string | undefined {
    const { id, method, headers } = this.invocation;
    if (name === "id") return id;
    const found = super.header(name);
    if (found !== undefined) return found;
    if (name === "service") return id;
    if (name === "method") return method;
    return headers.find(([each]) => each === name)?.[1];
  }

  override flat(): readonly string[] {
    return ["id", this.invocation.id, ...super.flat(), ...this.invocation.headers.flat()];
  }
}

class InvokedDubboCall extends DubboCall {
  private readonly channel: ChannelOptions;
  private readonly done: OnReply;

  constructor(
    channel: ChannelOptions,
    request: DubboRequest,
    { target, timeoutMs, limitMs, deadlineMs }: Invocation,
    done: OnReply,
  ) {
    const { router, cluster, flow, fault, hooks, log } = channel.route(target);
    const options = {
      request,
      router,
      cluster,
      flow,
      fault,
      hooks,
      log,
      protocol: "dubbo",
      timeoutMs,
      limitMs,
      deadlineMs,
    } as const;
    super(channel.mesh, options, request);
    this.channel = channel;
    this.done = done;
  }

  protected deliver(frame: DubboFrame): void {
    const { flatErrors, maxReplyBytes } = this.channel;
    const error = replyError(frame, flatErrors);
    if (error !== undefined) return this.done(error, undefined);
    const length = frame.end - frame.bodyAt;
    if (length > maxReplyBytes) {
      const text = `answer of ${length} octets: at most ${maxReplyBytes} are taken`;
      return this.fail(meshFailure(Reason.BODY_TOO_LARGE, text));
    }
    const data = frame.buffer.subarray(frame.bodyAt, frame.end);
    this.done(undefined, { data, contentType: "", headers: [] });
  }

  protected override deliverNothing(): void {
    this.done(undefined, { data: Buffer.alloc(0), contentType: "", headers: [] });
  }

  protected fail(failure: MeshFailure): void {
    this.done(...failureOutcome(failure, this.channel.flatErrors));
  }
}
