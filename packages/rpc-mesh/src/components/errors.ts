import { Status, defineErrors } from "@layotto/sidecar-kit";

/** What registries answer when they do not do what they are asked. */
export const registryErrors = defineErrors("registries", {
  /** The registry is only read. */
  REGISTRY_READ_ONLY: {
    code: Status.UNIMPLEMENTED,
    message: (name: string, type: string, cure: string) =>
      `Cannot register services in registry "${name}": type ${type} is only read; ${cure}`,
  },
});
