import type { Logger } from "@layotto/sidecar-kit";
import type { logCreator } from "kafkajs";

/**
 * What kafkajs says goes to the debug level: it reports each attempt of each connection as an error, while the component
 * says once that there is trouble and once that it is over.
 */
export function logTo(logger: Logger): logCreator {
  return () => (entry) => {
    if (!logger.isEnabled("debug")) return;
    const { message, timestamp: _timestamp, logger: _logger, stack: _stack, ...fields } = entry.log;
    logger.debug({ ...fields, part: entry.namespace, says: message }, "kafkajs");
  };
}
