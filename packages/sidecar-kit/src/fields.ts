// Building blocks of configuration schemas. Apart from the rest because it loads zod.
export { componentSection, componentTypesOf } from "./config/component-section.ts";
export {
  secret,
  stringBool,
  stringDuration,
  stringInt,
  stringList,
  type IntLimits,
} from "./config/fields.ts";
