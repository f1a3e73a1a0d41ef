import type { DescMessage, DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { GenService, GenServiceMethods } from "@bufbuild/protobuf/codegenv2";
import type { ServerCall } from "@layotto/grpc-transport";
import type { MaybePromise } from "../component.ts";
import { type Selector, type SelectorSpec, resolveSelector } from "./selector.ts";

type Call = ServerCall;
type Replies<O extends DescMessage> = AsyncIterable<MessageInitShape<O>>;

/** What handles one method, by its kind. Unary handlers that have the answer at hand return it without a promise. */
export type Handler<M> = M extends {
  methodKind: infer K;
  input: infer I extends DescMessage;
  output: infer O extends DescMessage;
}
  ? K extends "unary"
    ? (request: MessageShape<I>, call: Call) => MaybePromise<MessageInitShape<O>>
    : K extends "server_streaming"
      ? (request: MessageShape<I>, call: Call) => Replies<O>
      : K extends "client_streaming"
        ? (requests: AsyncIterable<MessageShape<I>>, call: Call) => Promise<MessageInitShape<O>>
        : (requests: AsyncIterable<MessageShape<I>>, call: Call) => Replies<O>
  : never;

/** Handlers of a service; methods that are left out answer UNIMPLEMENTED. */
export type Handlers<S extends GenServiceMethods> = { readonly [M in keyof S]?: Handler<S[M]> };

/** A method with its handler, types forgotten: the form in which services are kept in one list. */
export interface MethodImplementation {
  /** `":path"`, e.g. `"/spec.proto.runtime.v1.Runtime/SayHello"`. */
  readonly path: string;
  readonly desc: DescMethod;
  /** Gets a message or an iterable of messages, as the kind of the method demands. */
  readonly handler: (request: unknown, call: ServerCall) => unknown;
  readonly selector: Selector | undefined;
  /** Whether bytes of a request are views that end with the handler's return. */
  readonly views: boolean;
}

/** A service and its handlers: what a sidecar gives to the kit. */
export interface ServiceImplementation {
  readonly typeName: string;
  readonly desc: GenService<GenServiceMethods>;
  readonly methods: readonly MethodImplementation[];
}

/** Options of {@link implement}. */
export interface ImplementOptions {
  /**
   * Which calls this sidecar serves, when several sidecars may serve the same methods, e.g.
   * `{ field: "store_name", values: () => stores.names() }`. Holds for every method whose request has that field.
   */
  selector?: SelectorSpec;
  /**
   * The handlers use the bytes of a request only until they return, not after the promise that they may return: then
   * they get views of what was received instead of copies.
   */
  views?: boolean;
}

/**
 * Binds handlers to a service descriptor. Nothing runs before a server serves it.
 *
 * @param service generated descriptor, e.g. `Runtime` of `@layotto/proto/spec/proto/runtime/v1/runtime`
 */
export function implement<S extends GenServiceMethods>(
  service: GenService<S>,
  handlers: Handlers<S>,
  options: ImplementOptions = {},
): ServiceImplementation {
  const methods: MethodImplementation[] = [];
  for (const desc of service.methods) {
    const handler: unknown = Reflect.get(handlers, desc.localName);
    if (typeof handler !== "function") continue;
    methods.push({
      path: methodPath(desc),
      desc,
      // `Handlers` has checked the types; from here on they are erased.
      handler: handler.bind(handlers) as MethodImplementation["handler"],
      selector: options.selector && resolveSelector(desc.input, options.selector),
      views: options.views ?? false,
    });
  }
  return { typeName: service.typeName, desc: service, methods };
}

/** Returns the `":path"` of a method. */
export function methodPath(desc: DescMethod): string {
  return `/${desc.parent.typeName}/${desc.name}`;
}
