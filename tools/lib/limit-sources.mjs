// Limits as the code has them: constants, and interfaces whose comments say what each number bounds.
import { built, readSource, table } from "./pages.mjs";

/**
 * Constants with their values: source file, name, unit, what happens there.
 *
 * @param {readonly (readonly [string, string, string, string])[]} constants
 */
export async function fixedTable(constants) {
  const rows = await Promise.all(
    constants.map(async ([file, name, unit, what]) => {
      const text = new RegExp(
        String.raw`const ${name}(?:: number)? = ([\d_]+(?: \* [\d_]+)*);`,
        "u",
      ).exec(await readSource(file))?.[1];
      if (text === undefined) throw new Error(`Cannot find ${name} in packages/${file}`);
      return [`[${name}](../../packages/${file})`, `${productOf(text)} ${unit}`, what];
    }),
  );
  return table(["name", "value", "what it bounds"], rows);
}

/** `4 * 1024` as a number. */
function productOf(text) {
  return text
    .replaceAll("_", "")
    .split(" * ")
    .reduce((product, factor) => product * Number(factor), 1);
}

/**
 * The numbers of an interface, their comments without the default, and their values from the built module.
 *
 * @returns {Promise<{ key: string, value: number, text: string }[]>}
 */
export async function limitRows(name, module, type, constant) {
  const values = (await built(name, `${module}.js`))[constant];
  const source = await readSource(`${name}/src/${module}.ts`);
  const begin = source.indexOf(`export interface ${type} {`);
  const body = source.slice(begin, source.indexOf("\n}", begin));
  const rows = [...body.matchAll(/\/\*\*((?:(?!\*\/)[^])*)\*\/\s*readonly (\w+): number;/gu)].map(
    ([, comment, key]) => {
      const text = comment.replace(/[\s*]+/gu, " ").trim();
      const bare = text.replace(/\s*(?:@default \d+|Default [^.]*\.)$/u, "").replace(/\.$/u, "");
      return { key, value: values[key], text: bare };
    },
  );
  if (rows.length !== Object.keys(values).length)
    throw new Error(`Cannot read a comment of ${type}`);
  return rows;
}
