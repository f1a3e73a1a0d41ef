import { existsSync, readdirSync } from "node:fs";
import { join, parse } from "node:path";
import { type Language, languages } from "../tool/new/languages.ts";

/** One module's source. */
export interface ModuleSource {
  readonly language: Language;
  /** Name of its file, or of Go programs their folder. */
  readonly name: string;
  /** As `BuildJob.source`. */
  readonly source: string;
}

const endings: Readonly<Record<Language, string>> = {
  assemblyscript: ".ts",
  rust: ".rs",
  c: ".c",
  go: "",
};

/** The modules' sources in folders named after their languages, sorted by name: `FOLDER/rust/hello.rs`, `FOLDER/go/hello/main.go`. */
export function listSources(
  folder: string,
  wanted: readonly Language[] = languages,
): ModuleSource[] {
  return wanted.flatMap((language) => {
    const place = join(folder, language);
    const names = existsSync(place) ? readdirSync(place).sort() : [];
    return names
      .filter((name) => isSource(language, place, name))
      .map((name) => ({ language, name: parse(name).name, source: join(place, name) }));
  });
}

function isSource(language: Language, place: string, name: string): boolean {
  return language === "go"
    ? existsSync(join(place, name, "main.go"))
    : parse(name).ext === endings[language];
}
