import { type GrpcError, type StreamCall, type UnaryCall } from "@layotto/grpc-transport";
import type { ServiceImplementation } from "./implement.ts";
import { type ServeOptions, type ServiceRegistry, serve } from "./serve.ts";
import { toGrpcError } from "./to-grpc-error.ts";

/** Methods of services that are loaded when the first call comes: probes and tools, which most processes never see. */
export interface LazyServices {
  readonly unary: readonly string[];
  readonly streams: readonly string[];
  load(): Promise<readonly ServiceImplementation[]>;
}

type Unary = Parameters<ServiceRegistry["addUnary"]>[1];
type Stream = Parameters<ServiceRegistry["addStream"]>[1];

/** Registers methods whose code and descriptors are imported on first use. */
export function serveLazily(
  server: ServiceRegistry,
  services: LazyServices,
  options: ServeOptions,
): void {
  let loaded: Promise<Loaded> | undefined;
  const load = () => (loaded ??= loadServices(services, options));
  for (const path of services.unary) {
    server.addUnary(
      path,
      (call, message) => void forward(path, call, Buffer.from(message), load, options),
    );
  }
  for (const path of services.streams) {
    server.addStream(path, async (call: StreamCall) => (await load()).streams.get(path)?.(call));
  }
}

interface Loaded {
  unary: Map<string, Unary>;
  streams: Map<string, Stream>;
}

async function forward(
  path: string,
  call: UnaryCall,
  message: Buffer,
  load: () => Promise<Loaded>,
  { logger }: ServeOptions,
): Promise<void> {
  let failure: GrpcError;
  try {
    const { unary } = await load();
    unary.get(path)?.(call, message);
    return;
  } catch (error) {
    failure = toGrpcError(error, logger);
  }
  call.fail(failure);
}

async function loadServices(services: LazyServices, options: ServeOptions): Promise<Loaded> {
  const loaded: Loaded = { unary: new Map(), streams: new Map() };
  const collector: ServiceRegistry = {
    addUnary: (path, handler) => void loaded.unary.set(path, handler),
    addStream: (path, handler) => void loaded.streams.set(path, handler),
  };
  serve(collector, await services.load(), options);
  return loaded;
}
