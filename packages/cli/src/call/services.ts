import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { ExitCode } from "../exit-codes.ts";
import { UserError } from "../user-error.ts";

/** Services that can be called, by full name, each loaded only when it is meant. */
const services: Readonly<Record<string, () => Promise<DescService>>> = {
  "spec.proto.runtime.v1.Runtime": async () =>
    (await import("@layotto/proto/spec/proto/runtime/v1/runtime")).Runtime,
  "spec.proto.runtime.v1.Lifecycle": async () =>
    (await import("@layotto/proto/spec/proto/runtime/v1/lifecycle")).Lifecycle,
  "spec.proto.extension.v1.s3.ObjectStorageService": async () =>
    (await import("@layotto/proto/spec/proto/extension/v1/s3/oss")).ObjectStorageService,
  "spec.proto.extension.v1.cryption.CryptionService": async () =>
    (await import("@layotto/proto/spec/proto/extension/v1/cryption/cryption")).CryptionService,
  "spec.proto.extension.v1.delay_queue.DelayQueue": async () =>
    (await import("@layotto/proto/spec/proto/extension/v1/delay_queue/delay_queue")).DelayQueue,
  "spec.proto.extension.v1.email.EmailService": async () =>
    (await import("@layotto/proto/spec/proto/extension/v1/email/email")).EmailService,
  "spec.proto.extension.v1.phone.PhoneCallService": async () =>
    (await import("@layotto/proto/spec/proto/extension/v1/phone/phone")).PhoneCallService,
  "spec.proto.extension.v1.sms.SmsService": async () =>
    (await import("@layotto/proto/spec/proto/extension/v1/sms/sms")).SmsService,
  "grpc.health.v1.Health": async () =>
    (await import("@layotto/proto/grpc/health/v1/health")).Health,
};

/**
 * Finds a method by `Service/Method`: the service by its full or its last name, both in any case of letters.
 *
 * @throws {UserError} when there is no such service or method, naming those there are
 */
export async function findMethod(name: string): Promise<DescMethod> {
  const [wanted = "", method = "", ...more] = name.replace(/^\//, "").split("/");
  if (wanted === "" || method === "" || more.length > 0)
    throw new UserError(
      `Cannot call "${name}": must be Service/Method, e.g. Runtime/GetState`,
      ExitCode.usage,
    );
  const found = Object.keys(services).find((full) => isNamed(full, wanted));
  const load = services[found ?? ""];
  if (load === undefined)
    throw new UserError(
      `Cannot call "${name}": the service "${wanted}" is unknown; there are ${shortNames()}`,
      ExitCode.usage,
    );
  const service = await load();
  const desc = service.methods.find((m) => m.name.toLowerCase() === method.toLowerCase());
  if (desc !== undefined) return desc;
  throw new UserError(
    `Cannot call "${name}": ${service.name} has ${service.methods.map((m) => m.name).join(", ")}`,
    ExitCode.usage,
  );
}

/** All methods as `Service/Method`, with their kind when they stream. */
export async function listMethods(): Promise<string[]> {
  const loaded = await Promise.all(Object.values(services).map((load) => load()));
  return loaded.flatMap((service) =>
    service.methods.map((m) => `${service.name}/${m.name}${kinds[m.methodKind]}`),
  );
}

const kinds: Readonly<Record<DescMethod["methodKind"], string>> = {
  unary: "",
  server_streaming: " (server streams)",
  client_streaming: " (client streams)",
  bidi_streaming: " (both stream)",
};

function isNamed(full: string, wanted: string): boolean {
  const [a, b] = [full.toLowerCase(), wanted.toLowerCase()];
  return a === b || a.endsWith(`.${b}`);
}

function shortNames(): string {
  return Object.keys(services)
    .map((full) => full.slice(full.lastIndexOf(".") + 1))
    .join(", ");
}
