import type { Engine, LoadedVersion } from "../../model/engine.ts";
import type { StreamInput, StreamOutput } from "../../model/streams.ts";

const body = (): Uint8Array => new TextEncoder().encode("body");

function exchange(): StreamInput {
  return {
    mode: "filter",
    phase: "request",
    headers: [":method", "POST", ":path", "/", ":authority", "test"],
    body: body(),
    trailers: ["last", "1"],
    bodyFollows: false,
    properties: [],
  };
}

/** Leads an exchange with bodies and trailers through both phases of a filter. @returns the first output that ends it */
export function drive(engine: Engine, version: LoadedVersion): Promise<StreamOutput> {
  return new Promise((resolve) => {
    let phases = 0;
    const stream = engine.open(version, exchange(), {
      onOutput(output) {
        phases++;
        if (output.outcome !== "continue") return resolve(output);
        if (phases === 1) return stream.next({ ...exchange(), phase: "response" });
        stream.close();
        resolve(output);
      },
    });
  });
}
