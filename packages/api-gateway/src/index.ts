export { createGateway, type Gateway, type GatewayOptions } from "./gateway.ts";
export { gatewaySections, gatewaySchema, insecureWarnings, type GatewayConfig } from "./config.ts";
