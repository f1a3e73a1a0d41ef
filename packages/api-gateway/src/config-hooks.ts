// Schema of `gateway.hooks`; like config.ts only loaded when something is generated.
import { stringDuration } from "@layotto/sidecar-kit/fields";
import { z } from "zod";

const method = z
  .string()
  .regex(/^\/?[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\/(\*|[A-Za-z_]\w*)$/)
  .meta({
    "x-message":
      "must be package.Service/Method, or package.Service/* for all methods of a service",
    description:
      'e.g. "spec.proto.runtime.v1.Runtime/SaveState", or with * all methods of a service',
  });

/** `gateway.hooks`: functions that run around public calls. */
export const hooksSchema = z
  .array(
    z.strictObject({
      method,
      when: z.enum(["before", "after", "both"]).default("before").meta({
        description: "The side of the call on which the function runs",
      }),
      function: z.string().min(1).meta({ description: "Name of a function of wasm-host" }),
      body: z.boolean().default(true).meta({
        description: "Whether it sees the message, or headers only; of streams the first request",
      }),
      timeout: stringDuration("ms").default(100).meta({
        description: "Longest time of the function, on each side of the call",
      }),
      on_failure: z.enum(["closed", "open"]).default("closed").meta({
        description: "When the function fails: closed UNAVAILABLE, open the call goes on unchanged",
      }),
    }),
  )
  .meta({ description: "Functions of wasm-host around public calls, in this order" });
