import { readFileSync, readdirSync, readlinkSync } from "node:fs";

/**
 * Returns who listens on a TCP port of this machine, e.g. `"node" (pid 4711)`, or undefined when that cannot be known
 * (another system than Linux, a process of another user). Looks through /proc, at most 4096 processes.
 */
export function portHolder(port: number): string | undefined {
  try {
    const inodes = listeningInodes(port);
    return inodes.size === 0 ? undefined : holderOf(inodes);
  } catch {
    return undefined;
  }
}

/** Lines of /proc/net/tcp: `sl local_address rem_address st … inode`; state 0A is LISTEN, ports are hexadecimal. */
function listeningInodes(port: number): Set<string> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const inodes = new Set<string>();
  for (const file of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of readText(file).split("\n")) {
      const fields = line.trim().split(/\s+/);
      if (fields[3] === "0A" && fields[1]?.endsWith(suffix)) inodes.add(`socket:[${fields[9]}]`);
    }
  }
  return inodes;
}

function holderOf(inodes: ReadonlySet<string>): string | undefined {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  for (const pid of pids.slice(0, 4096)) {
    if (!holdsOne(pid, inodes)) continue;
    return `"${readText(`/proc/${pid}/comm`).trim()}" (pid ${pid})`;
  }
  return undefined;
}

function holdsOne(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) =>
      inodes.has(linkTarget(`/proc/${pid}/fd/${fd}`)),
    );
  } catch {
    return false; // somebody else's process, or gone
  }
}

function linkTarget(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
