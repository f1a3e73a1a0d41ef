import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { type SecureContext, createSecureContext } from "node:tls";

/** Where certificates and keys come from: paths of PEM files, or the PEM text itself (as xDS may send it). */
export interface PemSources {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

const begin = "-----BEGIN";

/** Whether a source is PEM text and not a path. */
export function isInline(source: string): boolean {
  return source.includes(begin);
}

/** The paths among sources: what is to be watched. */
export function pathsOf(sources: Iterable<string | undefined>): string[] {
  return [...sources].filter((each) => each !== undefined && !isInline(each)) as string[]; // undefined is filtered out
}

/** @throws Error naming the file */
export function readPem(source: string): string {
  if (isInline(source)) return source;
  try {
    return readFileSync(source, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`Make "${source}" a readable PEM file: ${why}`, { cause: error });
  }
}

/** The text of all sources: equal text, equal meaning. @throws Error naming the file */
export function readAll(sources: PemSources): PemSources {
  const read = (source: string | undefined) => (source === undefined ? undefined : readPem(source));
  return { ca: read(sources.ca), cert: read(sources.cert), key: read(sources.key) };
}

/**
 * Checks texts and makes them into what connections need.
 *
 * @throws Error when a certificate cannot be read, or it and the key are no pair
 */
export function secureContext(texts: PemSources, names: PemSources): SecureContext {
  const { ca, cert, key } = texts;
  if (ca !== undefined) parse(ca, names.ca);
  if (cert !== undefined) parse(cert, names.cert);
  try {
    return createSecureContext({
      minVersion: "TLSv1.2",
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    });
  } catch (error) {
    const [certificate, secret] = [shown(names.cert), shown(names.key)];
    const why = error instanceof Error ? error.message : String(error);
    const cure = `Make ${certificate} and ${secret} a certificate and its key: ${why}`;
    throw new Error(cure, { cause: error });
  }
}

/** The first certificate of a text. OpenSSL would take a text without any for no authority at all, silently. */
export function parse(text: string, name: string | undefined): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`Make ${shown(name)} a PEM certificate: ${why}`, { cause: error });
  }
}

/** A source for people: never the text of a key. */
export function shown(source: string | undefined): string {
  if (source === undefined) return "the missing file";
  return isInline(source) ? "the inline PEM" : `"${source}"`;
}
