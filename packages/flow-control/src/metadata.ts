// The schema of the flow control filter: MOSN's keys of `flowControlFilter`, and in `rules` the keys of sentinel-golang.
// Loaded when schemas are generated or a file is checked with them; what runs takes only the types.
import { z } from "zod";

/** A key of Sentinel for Java, which the Go library and this one do not look at. */
const javaOnly = z
  .union([z.string(), z.number()])
  .optional()
  .meta({ description: "Key of Sentinel for Java: accepted, has no effect" });

const ignored = (what: string) =>
  z
    .unknown()
    .optional()
    .meta({ description: `Accepted; ${what}` });

/** One rule in the JSON keys of sentinel-golang's flow rules, with `callers` and `concurrency` added. */
export const FlowRule = z
  .strictObject({
    id: z.string().optional().meta({ description: "Name of the rule, for people" }),
    resource: z.string().min(1).meta({
      description: 'What is limited, e.g. "/spec.proto.runtime.v1.Runtime/SayHello"',
    }),
    regex: z.boolean().default(false).meta({
      description: "resource is a regular expression; each resource that matches is limited alone",
    }),
    tokenCalculateStrategy: z.int().min(0).max(2).default(0).meta({
      description: "Where the threshold comes from: 0 as given, 1 warm-up, 2 free memory",
    }),
    controlBehavior: z.int().min(0).max(1).default(0).meta({
      description: "What happens to calls beyond it: 0 refused, 1 spread evenly (leaky bucket)",
    }),
    threshold: z.number().min(0).optional().meta({
      description:
        "Calls per statIntervalInMs; left out only beside concurrency or with strategy 2",
    }),
    concurrency: z.int().min(1).optional().meta({ description: "Calls in progress at once" }),
    relationStrategy: z.int().min(0).max(1).default(0).meta({
      description: "Which calls are counted: 0 those of resource, 1 those of refResource",
    }),
    refResource: z.string().default("").meta({ description: "For relationStrategy 1" }),
    maxQueueingTimeMs: z.int().min(0).max(600_000).default(0).meta({
      description:
        "Longest wait of a call with controlBehavior 1; what would wait longer is refused",
    }),
    warmUpPeriodSec: z.int().min(0).max(86_400).default(0).meta({
      description: "How long the threshold takes to rise to its full height",
    }),
    warmUpColdFactor: z.int().min(0).default(3).meta({
      description: "A cold resource gets threshold / this; 0 and 1 mean 3",
    }),
    statIntervalInMs: z.int().min(0).max(3_600_000).default(1000).meta({
      description: "Length of the sliding window; 0 means 1000",
    }),
    lowMemUsageThreshold: z.number().min(0).optional().meta({
      description: "Threshold while less memory than memLowWaterMarkBytes is used (strategy 2)",
    }),
    highMemUsageThreshold: z.number().min(0).optional().meta({
      description: "Threshold when memHighWaterMarkBytes or more are used; linear in between",
    }),
    memLowWaterMarkBytes: z.int().min(0).optional().meta({ description: "For strategy 2" }),
    memHighWaterMarkBytes: z.int().min(0).optional().meta({ description: "For strategy 2" }),
    callers: z.array(z.string()).min(1).optional().meta({
      description: 'The rule is for these callers, each counted alone; "*" = each caller alone',
    }),
    limitApp: z.string().optional().meta({
      description:
        'The same with commas; "default" = all callers together, "other" = each that no other rule of the resource names',
    }),
    grade: javaOnly,
    strategy: javaOnly,
  })
  .meta({ description: "One rule; several rules of a resource must all let a call pass" });

/** Keys that both the filter's object and a file of rules may have. */
export const flowRulesShape = {
  global_switch: z.boolean().default(false).meta({ description: "Whether rules act at all" }),
  monitor: z.boolean().default(false).meta({ description: "Count what would be limited; let it pass" }),
  limit_key_type: z.enum(["PATH", "ARG", "URI"]).default("PATH").meta({
    description: "What the resource of a call is: its path, its query string, or both",
  }),
  action: z
    .strictObject({
      status: z.int().default(509).meta({ description: "HTTP status of refused calls; gRPC has its own" }),
      body: z.string().default("current request is limited").meta({ description: "Text for them" }),
    })
    .prefault({}),
  rules: z.array(FlowRule).default([]),
} as const; // prettier-ignore

/** Keys of MOSN's filter that are accepted and do nothing here. */
export const flowIgnoredShape = {
  app_name: ignored("metrics bear the name of the process"),
  callback_name: ignored("there are no callbacks"),
  log_path: ignored("what happens is in the metrics"),
  direction: ignored("the filter acts where it is configured"),
  dynamic_data_resources: ignored("change rules by a watched file or ApplyConfiguration"),
} as const;

/** The object of MOSN's `flowControlFilter`. */
export const FlowSettings = z
  .strictObject({ ...flowRulesShape, ...flowIgnoredShape })
  .meta({ description: "Limits by flow rules in Sentinel's shape" });

/** {@link FlowSettings} with defaults filled in. */
export type FlowSettings = z.output<typeof FlowSettings>;

/** {@link FlowRule} with defaults filled in. */
export type FlowRule = z.output<typeof FlowRule>;
