import type { ConfigFault } from "./fault.ts";

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** `$${`, `${NAME}` or `${NAME:-default}`. */
const expression = /\$\$\{|\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g;

/**
 * Returns `value` with `${NAME}` and `${NAME:-default}` replaced in all its strings; `$${` stands for a plain `${`.
 * Expansion happens after parsing, so a variable cannot change the structure of the file. As in a shell, the default
 * also takes the place of an empty variable.
 *
 * @param faults gets one fault for each variable that is not set and has no default
 */
export function expandEnvironment(
  value: unknown,
  environment: Environment,
  faults: ConfigFault[],
  path: readonly PropertyKey[] = [],
): unknown {
  if (typeof value === "string") return expandText(value, environment, faults, path);
  if (Array.isArray(value)) {
    return value.map((each: unknown, index) =>
      expandEnvironment(each, environment, faults, [...path, index]),
    );
  }
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).map(([key, each]) => {
    return [key, expandEnvironment(each, environment, faults, [...path, key])] as const;
  });
  return Object.fromEntries(entries);
}

function expandText(
  text: string,
  environment: Environment,
  faults: ConfigFault[],
  path: readonly PropertyKey[],
): string {
  if (!text.includes("${")) return text;
  return text.replace(
    expression,
    (whole, name: string | undefined, fallback: string | undefined) => {
      if (name === undefined) return "${";
      const value = environment[name];
      if (value !== undefined && (value !== "" || fallback === undefined)) return value;
      if (fallback !== undefined) return fallback;
      const cure = `set it, or write \${${name}:-default}`;
      faults.push({ path, message: `environment variable "${name}" is not set; ${cure}` });
      return whole;
    },
  );
}
