import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { readArguments } from "../arguments.ts";
import type { Terminal } from "../terminal.ts";
import { ExitCode, usageError } from "../tool-error.ts";
import { languageOf, languages } from "./languages.ts";
import { writeProject } from "./project.ts";

/** Names that are good for a folder, a crate, an npm package and a Go module. */
const goodName = /^[a-z][a-z0-9_-]{0,62}$/u;

const packageFolder = fileURLToPath(new URL("../../../", import.meta.url));

/** `layotto wasm new NAME --lang LANGUAGE`. */
export async function newCommand(argv: readonly string[], terminal: Terminal): Promise<number> {
  const options = { lang: { type: "string" } } as const;
  const { values, positionals } = readArguments("new", argv, options, ["NAME"]);
  const [name = ""] = positionals;
  if (!goodName.test(name))
    throw usageError(
      "new",
      `"${name}" is no name: use small letters, digits, "-" and "_", a letter first`,
    );
  const language = languageOf(values.lang);
  if (language === undefined) {
    const what =
      values.lang === undefined ? "--lang is missing" : `"${values.lang}" is no language of it`;
    throw usageError("new", `${what}, there are ${languages.join(", ")}`);
  }
  writeProject({ name, language, folder: resolve(terminal.folder, name), packageFolder });
  terminal.out(`wrote the project "${name}": its README.md says how to build and try it\n`);
  return await Promise.resolve(ExitCode.ok);
}
