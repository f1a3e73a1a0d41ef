import type { ServerCall } from "@layotto/grpc-transport";
import { Extension, type ProcessRequest } from "@layotto/proto/sidecar/v1/extension";
import { implement, type ServiceImplementation } from "@layotto/sidecar-kit";
import { FilterStream, type FilterResponse, type OpenFunction } from "./filter-stream.ts";

/** `sidecar.v1.Extension`: installed functions beside the calls of gateway and mesh. */
export function extensionService(open: OpenFunction): ServiceImplementation {
  return implement(Extension, {
    process: (requests, call) => processed(open, requests, call),
  });
}

async function* processed(
  open: OpenFunction,
  requests: AsyncIterable<ProcessRequest>,
  call: ServerCall,
): AsyncGenerator<FilterResponse> {
  let settle: ((response: FilterResponse) => void) | undefined;
  let refuse: ((error: unknown) => void) | undefined;
  const filter = new FilterStream(open, {
    onResponse: (response) => settle?.(response),
    onFault: (error) => refuse?.(error),
  });
  call.onCancel(() => {
    filter.close();
    refuse?.(call.signal.reason);
  });
  try {
    for await (const request of requests) {
      yield await new Promise<FilterResponse>((resolve, reject) => {
        settle = resolve;
        refuse = reject;
        filter.ask(request);
      });
    }
  } finally {
    filter.close();
  }
}
