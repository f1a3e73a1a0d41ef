import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { backendErrors } from "@layotto/sidecar-kit";

/** Newest format of records that this version reads and writes. */
export const CURRENT_FORMAT = 1;

const LABEL = "layotto.json";
const PRODUCT = "layotto-embedded";

/** What the label file of a data directory says. */
interface Label {
  readonly product: string;
  /** Whose data it is. */
  readonly installation: string;
  /** Newest format that records in it may have. */
  readonly format: number;
}

/**
 * Makes sure that a data directory is ours, before anything in it is opened. A new directory gets a label; one that
 * belongs to somebody else, or that a newer version has written, is left untouched.
 *
 * @param format newest format that the caller understands
 * @throws RpcError DATA_DIR_REFUSED
 */
export function claimDirectory(directory: string, installation: string, format: number): void {
  let label = readLabel(directory);
  if (label === undefined) {
    if (existsSync(join(directory, "data.mdb"))) refuse(directory, `it holds data but no ${LABEL}`);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    createLabel(directory, { product: PRODUCT, installation, format });
    label = readLabel(directory);
  }
  if (label?.product !== PRODUCT) refuse(directory, `its ${LABEL} is not one of this product`);
  if (label.installation !== installation) {
    refuse(
      directory,
      `it belongs to installation "${label.installation}", this is "${installation}"`,
    );
  }
  if (label.format > format) refuseFormat(directory, label.format, format);
}

/** Records that the directory now holds records of a newer format. */
export function raiseFormat(directory: string, installation: string, format: number): void {
  const fresh = writeTemporary(directory, { product: PRODUCT, installation, format });
  renameSync(fresh, join(directory, LABEL));
}

/** @throws RpcError DATA_DIR_REFUSED */
export function refuseFormat(directory: string, found: number, understood: number): never {
  return refuse(
    directory,
    `a newer version has written it (format ${found}, this version understands ${understood})`,
  );
}

function refuse(directory: string, state: string): never {
  throw backendErrors.DATA_DIR_REFUSED(
    `Cannot use data directory "${directory}": ${state}. Choose another one with data_dir or metadata path.`,
  );
}

function readLabel(directory: string): Label | undefined {
  const file = join(directory, LABEL);
  if (!existsSync(file)) return undefined;
  try {
    // Checked field by field by the caller: another product's file has other fields or other values.
    return JSON.parse(readFileSync(file, "utf8")) as Label;
  } catch {
    return refuse(directory, `its ${LABEL} cannot be read`);
  }
}

/** Creates the label unless another process was quicker. */
function createLabel(directory: string, label: Label): void {
  const fresh = writeTemporary(directory, label);
  try {
    linkSync(fresh, join(directory, LABEL));
  } catch (error) {
    if (!existsSync(join(directory, LABEL))) throw error;
  } finally {
    rmSync(fresh, { force: true });
  }
}

function writeTemporary(directory: string, label: Label): string {
  const file = join(directory, `${LABEL}.${process.pid}`);
  writeFileSync(file, `${JSON.stringify(label)}\n`, { mode: 0o600 });
  return file;
}
