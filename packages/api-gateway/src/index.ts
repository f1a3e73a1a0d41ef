export { createGateway, type Gateway, type GatewayOptions } from "./gateway.ts";
export { gatewaySettings, type GatewayConfig, type GatewaySettings } from "./settings.ts";
