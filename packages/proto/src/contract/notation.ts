// Reads the notation of layotto-contract.ts into the lines that facts.ts makes from descriptors.

const scalars = new Set(["string", "bytes", "bool", "int32", "int64"]);

interface Scope {
  readonly package: string;
  /** Full names of all types that are declared anywhere. */
  readonly types: ReadonlySet<string>;
}

/** The .proto files that the notation describes, below spec/proto/. */
export function filesOf(notation: string): string[] {
  return [...notation.matchAll(/^### (\S+)$/gm)].map((match) => `spec/proto/${match[1] ?? ""}`);
}

/** The lines for a whole notation. */
export function factsOfNotation(notation: string): string[] {
  const sections = notation.split(/^### /m).slice(1);
  const types = new Set(sections.flatMap(typesOf));
  return sections.flatMap((section) => sectionFacts(section, types)).sort();
}

function packageOf(section: string): string {
  return /^package (\S+)$/m.exec(section)?.[1] ?? "";
}

function typesOf(section: string): string[] {
  const names = [...section.matchAll(/^(?:message|enum) ([\w.]+):/gm)];
  return names.map((match) => `${packageOf(section)}.${match[1] ?? ""}`);
}

function sectionFacts(section: string, types: ReadonlySet<string>): string[] {
  const scope: Scope = { package: packageOf(section), types };
  const facts: string[] = [];
  let service = "";
  for (const line of section.split("\n").slice(1)) {
    const [, kind, name = "", body = ""] =
      /^(message|enum|service) ([\w.]+):(.*)$/.exec(line) ?? [];
    if (kind === "message") facts.push(...messageFacts(scope, name, body.trim()));
    else if (kind === "enum") facts.push(...enumFacts(scope, name, body.trim()));
    else if (kind === "service") service = name;
    else if (line.startsWith("  ")) facts.push(methodFact(scope, service, line.trim()));
  }
  return facts;
}

function enumFacts(scope: Scope, name: string, body: string): string[] {
  return body
    .split("; ")
    .map((value) => `enum ${scope.package}.${name} ${value.replace("=", " = ")}`);
}

function methodFact(scope: Scope, service: string, text: string): string {
  const [, method = "", input = "", output = ""] = /^(\w+)\((.+)\) -> (.+)$/.exec(text) ?? [];
  const side = (type: string) =>
    type.startsWith("stream ")
      ? `stream ${resolve(scope, "", type.slice(7))}`
      : resolve(scope, "", type);
  return `method ${service}/${method}(${side(input)}) -> ${side(output)}`;
}

function messageFacts(scope: Scope, name: string, body: string): string[] {
  const message = `message ${scope.package}.${name}`;
  if (body === "(empty)") return [message];
  const [, oneof, cases = ""] = /^oneof (\w+)\{(.*)\}$/.exec(body) ?? [];
  const fields = oneof === undefined ? body.split("; ") : cases.split(", ");
  return [message, ...fields.map((field) => fieldFact(scope, name, field, oneof))];
}

function fieldFact(scope: Scope, message: string, text: string, oneof?: string): string {
  const pattern = /^(\w+):(.+?)(\[\]|\?)?=(\d+)(?: \[jstype=(\w+)\])?$/;
  const [, name = "", type = "", mark, number = "", jsType] = pattern.exec(text) ?? [];
  const options = [
    mark === "?" ? "optional" : "",
    oneof === undefined ? "" : `oneof ${oneof}`,
    jsType === undefined ? "" : `jstype ${jsType}`,
    `json ${jsonName(name)}`,
  ].filter((option) => option !== "");
  const full = `${mark === "[]" ? "repeated " : ""}${resolve(scope, message, type)}`;
  return `field ${scope.package}.${message}.${name} = ${number}: ${full} [${options.join(", ")}]`;
}

/** The full name of a type: nested in the message, of the package, of an outer package, or given in full. */
function resolve(scope: Scope, message: string, type: string): string {
  if (scalars.has(type)) return type;
  const [, key, value = ""] = /^map<(\w+),(\w+)>$/.exec(type) ?? [];
  if (key !== undefined) return `map<${key}, ${resolve(scope, message, value)}>`;
  let prefix = `${scope.package}.${message}`;
  while (prefix !== "") {
    if (scope.types.has(`${prefix}.${type}`)) return `${prefix}.${type}`;
    prefix = prefix.slice(0, Math.max(prefix.lastIndexOf("."), 0));
  }
  return type;
}

/** As protobuf derives it: an underscore goes and the letter after it is upper case. */
function jsonName(name: string): string {
  return name.replace(/_+(.)/g, (_, letter: string) => letter.toUpperCase());
}
