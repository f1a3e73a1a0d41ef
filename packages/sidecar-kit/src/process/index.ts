// For processes that are no sidecars (the gateway): arguments, signals, the supervisor's orders, listening.
export { addressText, isLocalAddress, parseAddress, type ListenAddress } from "./address.ts";
export { giveAccess, groupId, type SocketAccess } from "./socket-access.ts";
export {
  ExitCode,
  UsageError,
  defaultRunDir,
  helpText,
  parseLaunch,
  type Launch,
} from "./launch.ts";
export { live, type Host, type Life, type Running } from "./life.ts";
export { listenError, listenOn, listenPrivately, type Listening } from "./listen.ts";
export { nameListeners, type NamedListener } from "./listener-names.ts";
export { watchFile, type WatchOptions } from "./watch-file.ts";
export { StartError } from "./start-error.ts";
export { addProcessMetrics } from "../metrics/add-process-metrics.ts";
export { portHolder } from "./port-holder.ts";
export {
  readCommon,
  readSections,
  type CommonConfig,
  type OwnSections,
} from "../config/process-config.ts";
export { readPem, readTls, type TlsFiles } from "./pem.ts";
