import { type DescMessage, type MessageInitShape, fromBinary } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import { Status } from "@layotto/grpc-transport";
import {
  ServerReflection,
  type ServerReflectionRequest,
  type ServerReflectionResponseSchema,
} from "@layotto/proto/grpc/reflection/v1/reflection";
import {
  ServerReflection as ServerReflectionAlpha,
  type ServerReflectionResponseSchema as AlphaResponseSchema,
} from "@layotto/proto/grpc/reflection/v1alpha/reflection";
import type { MaybePromise } from "../component.ts";
import type { DescriptorSet } from "./descriptors.ts";
import { type ServiceImplementation, implement } from "./implement.ts";

/** Says what is served now; asked once for each reflection stream. */
export type DescriptorSource = () => MaybePromise<DescriptorSet>;

/** gRPC server reflection in both versions that clients speak (grpcurl tries v1, older tools v1alpha). */
export function reflectionServices(source: DescriptorSource): ServiceImplementation[] {
  return [
    implement(ServerReflection, {
      serverReflectionInfo: (requests) => answers(requests, source),
    }),
    implement(ServerReflectionAlpha, {
      // The two versions have the same messages but for their package, so a cast does no harm.
      serverReflectionInfo: (requests) =>
        answers(requests as unknown as Requests, source) as unknown as Responses<
          typeof AlphaResponseSchema
        >,
    }),
  ];
}

type Requests = AsyncIterable<ServerReflectionRequest>;
type Responses<Schema extends DescMessage> = AsyncGenerator<MessageInitShape<Schema>>;
type Question = ServerReflectionRequest["messageRequest"];

async function* answers(
  requests: Requests,
  source: DescriptorSource,
): Responses<typeof ServerReflectionResponseSchema> {
  const index = new DescriptorIndex(await source());
  const sent = new Set<string>();
  for await (const { host, messageRequest } of requests) {
    const messageResponse = answer(index, messageRequest, sent);
    yield { validHost: host, originalRequest: { host, messageRequest }, messageResponse };
  }
}

function answer(index: DescriptorIndex, question: Question, sent: Set<string>) {
  switch (question.case) {
    case "listServices": {
      const service = index.services.map((name) => ({ name }));
      return { case: "listServicesResponse" as const, value: { service } };
    }
    case "fileByFilename":
      return filesOrError(index.withDependencies(question.value, sent), question.value);
    case "fileContainingSymbol":
      return filesOrError(
        index.withDependencies(index.fileOf(question.value), sent),
        question.value,
      );
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = question.value;
      const what = `${containingType}:${extensionNumber}`;
      return filesOrError(index.withDependencies(index.fileOfExtension(what), sent), what);
    }
    case "allExtensionNumbersOfType": {
      const { value } = question;
      if (index.fileOf(value) === undefined) return notFound(value);
      const extensionNumber = index.extensionsOf(value);
      return {
        case: "allExtensionNumbersResponse" as const,
        value: { baseTypeName: value, extensionNumber },
      };
    }
    case undefined:
      return errorAnswer(Status.INVALID_ARGUMENT, "the request asks nothing");
  }
}

function filesOrError(files: Uint8Array[] | undefined, what: string) {
  if (files === undefined) return notFound(what);
  return { case: "fileDescriptorResponse" as const, value: { fileDescriptorProto: files } };
}

function notFound(what: string) {
  return errorAnswer(Status.NOT_FOUND, `"${what}" is not served here`);
}

function errorAnswer(errorCode: number, errorMessage: string) {
  return { case: "errorResponse" as const, value: { errorCode, errorMessage } };
}

/** Finds files by name and by what they declare. */
class DescriptorIndex {
  readonly services: readonly string[];
  readonly #files = new Map<string, { proto: FileDescriptorProto; bytes: Uint8Array }>();
  readonly #symbols = new Map<string, string>();
  readonly #extensions = new Map<string, string>();

  constructor({ files, services }: DescriptorSet) {
    this.services = [...services].sort();
    for (const bytes of files) {
      const proto = fromBinary(FileDescriptorProtoSchema, bytes);
      this.#files.set(proto.name, { proto, bytes });
      this.#indexFile(proto);
    }
  }

  fileOf(symbol: string): string | undefined {
    return this.#symbols.get(symbol.replace(/^\./, ""));
  }

  fileOfExtension(typeAndNumber: string): string | undefined {
    return this.#extensions.get(typeAndNumber);
  }

  extensionsOf(typeName: string): number[] {
    const prefix = `${typeName}:`;
    const found = [...this.#extensions.keys()].filter((key) => key.startsWith(prefix));
    return found.map((key) => Number(key.slice(prefix.length)));
  }

  /** The file and those that it imports, without those already sent on this stream. */
  withDependencies(name: string | undefined, sent: Set<string>): Uint8Array[] | undefined {
    if (name === undefined || !this.#files.has(name)) return undefined;
    const found: Uint8Array[] = [];
    const queue = [name];
    const seen = new Set(queue);
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const file = this.#files.get(next);
      if (file === undefined) continue;
      // The file asked for is sent again: the client may have dropped it.
      if (next === name || !sent.has(next)) found.push(file.bytes);
      sent.add(next);
      for (const dependency of file.proto.dependency) {
        if (seen.has(dependency)) continue;
        seen.add(dependency);
        queue.push(dependency);
      }
    }
    return found;
  }

  #indexFile(proto: FileDescriptorProto): void {
    const prefix = proto.package === "" ? "" : `${proto.package}.`;
    const add = (symbol: string) => this.#symbols.set(symbol, proto.name);
    for (const message of proto.messageType) this.#indexMessage(message, prefix, proto.name);
    for (const each of proto.enumType) add(prefix + each.name);
    for (const service of proto.service) {
      add(prefix + service.name);
      for (const method of service.method) add(`${prefix}${service.name}.${method.name}`);
    }
    for (const each of proto.extension) {
      this.#extensions.set(`${each.extendee.replace(/^\./, "")}:${each.number}`, proto.name);
      add(prefix + each.name);
    }
  }

  #indexMessage(message: DescriptorProto, prefix: string, file: string): void {
    const name = prefix + message.name;
    this.#symbols.set(name, file);
    for (const field of message.field) this.#symbols.set(`${name}.${field.name}`, file);
    for (const each of message.enumType) this.#symbols.set(`${name}.${each.name}`, file);
    for (const nested of message.nestedType) this.#indexMessage(nested, `${name}.`, file);
  }
}
