import type { GuestScope } from "./guest-scope.ts";
import type { HostFunction, HostFunctionTable } from "./host-function.ts";
import { wasi, WasiErrno } from "./wasi.ts";

const stdout = 1;
const stderr = 2;
const characterDevice = 2;
/** Pieces of one write. */
const maxPieces = 1024;
/** Octets of one write that are taken: the guest writes the rest again. */
const maxWriteBytes = 64 * 1024;

/** All of the file and socket functions: the standard streams are the only files that there are. */
export const fileFunctions: HostFunctionTable = {
  fd_write: wasi("iiii", write),
  // Nothing to read: the end of the stream at once.
  fd_read: wasi("iiii", ({ memory }, fd, _pieces, _count, readOut) => {
    if (fd !== 0) return WasiErrno.BADF;
    memory.setU32(readOut, 0);
    return WasiErrno.SUCCESS;
  }),
  fd_fdstat_get: wasi("ii", ({ memory }, fd, out) => {
    if (fd > stderr) return WasiErrno.BADF;
    memory.set(out, new Uint8Array(24));
    memory.setU8(out, characterDevice);
    return WasiErrno.SUCCESS;
  }),
  fd_filestat_get: wasi("ii", ({ memory }, fd, out) => {
    if (fd > stderr) return WasiErrno.BADF;
    memory.set(out, new Uint8Array(64));
    memory.setU8(out + 16, characterDevice);
    return WasiErrno.SUCCESS;
  }),
  fd_close: standard("i"),
  fd_fdstat_set_flags: standard("ii"),
  fd_sync: standard("i"),
  fd_datasync: standard("i"),
  fd_seek: wasi("iIii", (_scope, fd) => (fd > stderr ? WasiErrno.BADF : WasiErrno.SPIPE)),
  fd_tell: wasi("ii", (_scope, fd) => (fd > stderr ? WasiErrno.BADF : WasiErrno.SPIPE)),
  // A libc asks for folders until there is none.
  fd_prestat_get: wasi("ii", () => WasiErrno.BADF),
  fd_prestat_dir_name: wasi("iii", () => WasiErrno.BADF),
  ...missing({
    fd_advise: "iIIi",
    fd_allocate: "iII",
    fd_fdstat_set_rights: "iII",
    fd_filestat_set_size: "iI",
    fd_filestat_set_times: "iIIi",
    fd_pread: "iiiIi",
    fd_pwrite: "iiiIi",
    fd_readdir: "iiiIi",
    fd_renumber: "ii",
    path_create_directory: "iii",
    path_filestat_get: "iiiii",
    path_filestat_set_times: "iiiiIIi",
    path_link: "iiiiiii",
    path_open: "iiiiiIIii",
    path_readlink: "iiiiii",
    path_remove_directory: "iii",
    path_rename: "iiiiii",
    path_symlink: "iiiii",
    path_unlink_file: "iii",
    proc_raise: "i",
    sock_accept: "iii",
    sock_recv: "iiiiii",
    sock_send: "iiiii",
    sock_shutdown: "ii",
  }),
};

/** Done for the standard streams, of which nothing can be closed or changed. Only the first argument is looked at. */
function standard(params: string): HostFunction {
  return wasi(params as "i", (_scope, fd) => (fd > stderr ? WasiErrno.BADF : WasiErrno.SUCCESS));
}

function missing(signatures: Readonly<Record<string, string>>): HostFunctionTable {
  return Object.fromEntries(
    Object.entries(signatures).map(([name, params]) => [name, wasi(params, () => WasiErrno.NOSYS)]),
  );
}

function write(
  scope: GuestScope,
  fd: number,
  pieces: number,
  count: number,
  writtenOut: number,
): number {
  const { memory, log } = scope;
  if (fd !== stdout && fd !== stderr) return WasiErrno.BADF;
  if (count > maxPieces) return WasiErrno.INVAL;
  const taken: Uint8Array[] = [];
  let bytes = 0;
  for (let index = 0; index < count && bytes < maxWriteBytes; index += 1) {
    const at = pieces + index * 8;
    const piece = memory
      .peek(memory.u32(at), memory.u32(at + 4))
      .subarray(0, maxWriteBytes - bytes);
    taken.push(piece);
    bytes += piece.length;
  }
  memory.setU32(writtenOut, bytes);
  log.write(fd === stdout ? 2 : 4, Buffer.concat(taken).toString("utf8"));
  return WasiErrno.SUCCESS;
}
