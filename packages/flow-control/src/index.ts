export { FlowControl, type FlowOptions } from "./flow-control.ts";
export { checkFlow, type FlowCheck } from "./check-flow.ts";
export { resourceOf } from "./resource.ts";
export type { FlowRule, FlowSettings } from "./metadata.ts";
