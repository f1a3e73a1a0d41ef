import {
  HTTPExtension_Verb as Verb,
  Runtime,
  type InvokeServiceRequest,
} from "@layotto/proto/spec/proto/runtime/v1/runtime";
import type { Metadata, ServerCall } from "@layotto/grpc-transport";
import { implement, ownBytes, type ServiceImplementation } from "@layotto/sidecar-kit";
import { errors } from "../errors.ts";
import type { Channel, Invocation, InvocationReply } from "./channel.ts";
import type { BeforeFilter } from "./filters.ts";
import { Control, isReplyMetadata, requestHeaders } from "./request-headers.ts";

/** What InvokeService is made with. */
export interface InvokeOptions {
  /** Undefined: the section `rpcs` is not configured. */
  readonly channel: Channel | undefined;
  readonly before: readonly BeforeFilter[];
  /** Total timeout of calls that name none, ms. */
  readonly timeoutMs: number;
}

/** The method `InvokeService` of the Runtime API. */
export function invokeServices(options: InvokeOptions): ServiceImplementation[] {
  const { channel } = options;
  return [
    implement(Runtime, {
      invokeService(request, call) {
        if (channel === undefined) throw errors.NOT_CONFIGURED();
        const invocation = toInvocation(request, call, options);
        return new Promise((resolve, reject) => {
          const giveUp = channel.invoke(invocation, (error, reply) => {
            if (reply === undefined) reject(error ?? errors.NOT_CONFIGURED());
            else resolve(toResponse(reply, call));
          });
          call.onCancel(giveUp);
        });
      },
    }),
  ];
}

function toInvocation(
  { id, message }: InvokeServiceRequest,
  call: ServerCall,
  { before, timeoutMs }: InvokeOptions,
): Invocation {
  if (message === undefined) throw errors.MESSAGE_MISSING();
  const { metadata, deadlineMs } = call;
  const { method, data, contentType, httpExtension: http } = message;
  const limitMs = limitOf(metadata);
  let invocation: Invocation = {
    id,
    method,
    verb: verbName(http?.verb),
    query: http?.querystring ?? "",
    data: data?.value ?? noData,
    contentType,
    headers: requestHeaders(metadata),
    timeoutMs: limitMs ?? timeoutMs,
    limitMs,
    deadlineMs,
    oneway: metadata.get(Control.TYPE) === "oneway",
    target: targetOf(metadata),
  };
  for (const filter of before) invocation = filter(invocation);
  return invocation;
}

const noData = new Uint8Array(0);

/** Without a verb it is GET, also with a body, as in Layotto; its literal "NONE" is no verb of HTTP. */
function verbName(verb: Verb | undefined): string {
  if (verb === Verb.CONNECT) throw errors.VERB_UNUSABLE();
  return verb === undefined || verb === Verb.NONE ? "GET" : (verbNames.get(verb) ?? "GET");
}

const verbNames = new Map<number, string>(Object.entries(Verb).map(([name, code]) => [code, name]));

function limitOf(metadata: Metadata): number | undefined {
  const text = metadata.get(Control.TIMEOUT);
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  throw errors.METADATA_INVALID(Control.TIMEOUT, text, "is no number of milliseconds");
}

function targetOf(metadata: Metadata): string | undefined {
  const text = metadata.get(Control.TARGET);
  if (text === undefined || text === "") return undefined;
  const port = Number(/^(?:\[[0-9a-fA-F:.]+\]|[^:\s/]+):(\d{1,5})$/.exec(text)?.[1]);
  if (port > 0 && port < 65_536) return text;
  throw errors.TARGET_INVALID(text);
}

function toResponse({ data, contentType, headers }: InvocationReply, call: ServerCall) {
  for (const [name, value] of headers) if (isReplyMetadata(name)) setHeader(call, name, value);
  return { data: { typeUrl: "", value: ownBytes(data) }, contentType };
}

/** Values of one name may come joined by commas. */
const base64 = /^[A-Za-z0-9+/]*={0,2}(?:, ?[A-Za-z0-9+/]*={0,2})*$/;

/** What cannot be metadata (a name with odd characters, a `-bin` value that is no base64) is left out. */
function setHeader(call: ServerCall, name: string, value: string): void {
  if (name.endsWith("-bin") && !base64.test(value)) return;
  try {
    call.setHeader(name, value);
  } catch {
    // The service may send what it likes; the answer itself is not to suffer.
  }
}
