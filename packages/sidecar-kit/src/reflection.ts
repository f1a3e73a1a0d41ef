// gRPC reflection over descriptor sets; apart because few processes ever serve a call of it.
export { descriptorSet, type DescriptorSet } from "./service/descriptors.ts";
export { reflectionServices, type DescriptorSource } from "./service/reflection.ts";
export { healthService, type HealthSource } from "./service/health.ts";
export { serveLazily, type LazyServices } from "./service/serve-lazily.ts";
