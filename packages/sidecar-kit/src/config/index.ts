// Reading and checking configuration files: what the command line and processes share. Loads no schema library.
export { ConfigReader, type Bounds, type Findings } from "./config-reader.ts";
export { closestWord } from "./did-you-mean.ts";
export { durationMs } from "./duration.ts";
export { expandEnvironment, type Environment } from "./expand.ts";
export { ConfigError, configExitCode, faultReport, pathText, type ConfigFault } from "./fault.ts";
export { checkSchema, type JsonSchema, type SchemaFault } from "./json-schema.ts";
export {
  interpretConfig,
  loadConfig,
  parseConfig,
  type ConfigShape,
  type LoadConfigOptions,
  type LoadedConfig,
} from "./load.ts";
export { isRecord } from "./record.ts";
export { checkPublished } from "./check-published.ts";
export { checkZod, type CheckedValue } from "./check-zod.ts";
export { configSchema } from "./file-schema.ts";
export { commonSections, layottoSections } from "./common.ts";
export { sectionSchemas, validateConfig, type ValidatedConfig } from "./validate.ts";
