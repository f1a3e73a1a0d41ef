// What a set of .proto files says, as sorted lines of text: two of them are compared by a plain diff.
import type { DescEnum, DescField, DescFile, DescMessage, DescService } from "@bufbuild/protobuf";
import { FieldOptions_JSType, FieldDescriptorProto_Type } from "@bufbuild/protobuf/wkt";

/** One line for each message, field, enum value and method. */
export function factsOf(files: Iterable<DescFile>): string[] {
  const facts: string[] = [];
  for (const file of files) {
    for (const message of file.messages) facts.push(...messageFacts(message));
    for (const type of file.enums) facts.push(...enumFacts(type));
    for (const service of file.services) facts.push(...serviceFacts(service));
  }
  return facts.sort();
}

function messageFacts(message: DescMessage): string[] {
  return [
    `message ${message.typeName}`,
    ...message.fields.map(fieldFact),
    ...message.nestedEnums.flatMap(enumFacts),
    ...message.nestedMessages.flatMap(messageFacts),
  ];
}

function enumFacts(type: DescEnum): string[] {
  return type.values.map((value) => `enum ${type.typeName} ${value.name} = ${value.number}`);
}

function serviceFacts(service: DescService): string[] {
  return service.methods.map((method) => {
    const [request, response] = streamedSides(method.methodKind);
    const input = `${request}${method.input.typeName}`;
    return `method ${service.typeName}/${method.name}(${input}) -> ${response}${method.output.typeName}`;
  });
}

function streamedSides(kind: string): [string, string] {
  const both = kind === "bidi_streaming";
  return [
    both || kind === "client_streaming" ? "stream " : "",
    both || kind === "server_streaming" ? "stream " : "",
  ];
}

function fieldFact(field: DescField): string {
  const options = [
    field.proto.proto3Optional ? "optional" : "",
    field.oneof === undefined ? "" : `oneof ${field.oneof.name}`,
    jsType(field),
    `json ${field.jsonName}`,
  ].filter((option) => option !== "");
  const name = `${field.parent.typeName}.${field.name}`;
  return `field ${name} = ${field.number}: ${typeOf(field)} [${options.join(", ")}]`;
}

function jsType(field: DescField): string {
  const value = field.proto.options?.jstype ?? FieldOptions_JSType.JS_NORMAL;
  return value === FieldOptions_JSType.JS_NORMAL ? "" : `jstype ${FieldOptions_JSType[value]}`;
}

function typeOf(field: DescField): string {
  if (field.fieldKind === "map") {
    const value = field.message?.typeName ?? field.enum?.typeName ?? scalarName(field.scalar);
    return `map<${scalarName(field.mapKey)}, ${value}>`;
  }
  const type = field.message?.typeName ?? field.enum?.typeName ?? scalarName(field.scalar);
  return field.fieldKind === "list" ? `repeated ${type}` : type;
}

/** Scalar types are numbered like the types of descriptor.proto. */
function scalarName(type: number | undefined): string {
  return FieldDescriptorProto_Type[type ?? 0]?.toLowerCase() ?? "unknown";
}
