// Schema of the traffic filters of section `gateway`; like config.ts only loaded when something is generated.
import { FlowSettings } from "@layotto/flow-control/metadata";
import { z } from "zod";

/** `gateway.flowControl`: the object of MOSN's `flowControlFilter`, and how the gateway applies it. */
export const flowControlSchema = z
  .strictObject({
    ...FlowSettings.shape,
    rulesFile: z.string().min(1).optional().meta({
      description:
        "YAML or JSON file with a list of rules, or with some of these keys; read again when it changes",
    }),
    errorCodes: z.enum(["grpc", "layotto"]).default("grpc").meta({
      description: "Status of refused calls: grpc RESOURCE_EXHAUSTED, layotto UNKNOWN",
    }),
    callerHeader: z.string().min(1).default("layotto-app-id").meta({
      description: "Metadata that names the caller, for rules with callers or limitApp",
    }),
  })
  .meta({ description: "Limits of public unary calls by flow rules; resources are method paths" });

const rate = z.int().min(1).max(99);

/** `gateway.tcpcopy`: the object of Layotto's network filter of that name, and where the files go. */
export const tcpcopySchema = z
  .strictObject({
    strategy: z
      .strictObject({
        switch: z.enum(["ON", "OFF", "FORCE_OFF"]).default("OFF").meta({
          description: "ON records; the others do not",
        }),
        interval: z.int().min(30).max(3600).default(30).meta({
          description: "Seconds from one recording to the next",
        }),
        duration: z.int().min(1).default(1).meta({
          description: "Seconds that are recorded of each interval",
        }),
        cpu_max_rate: rate.default(80).meta({
          description: "Percent of one core: nothing is recorded while the process takes more",
        }),
        mem_max_rate: rate.default(70).meta({
          description: "Percent of the memory: nothing is recorded while the process holds more",
        }),
      })
      .prefault({}),
    directory: z.string().min(1).optional().meta({
      description: "Where the files go; default: dump in the data directory",
    }),
    maxFileBytes: z.int().min(4096).default(104_857_600).meta({
      description: "A file that is larger is set aside as .1, .2 and so on",
    }),
    maxFiles: z
      .int()
      .min(1)
      .max(100)
      .default(5)
      .meta({ description: "Files that are kept in all" }),
    maxBufferBytes: z.int().min(65_536).default(16_777_216).meta({
      description: "Text that may wait for the disk; connections beyond it are left out",
    }),
  })
  .meta({ description: "Records the bytes that public listeners receive, payloads included" });
