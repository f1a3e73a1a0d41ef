/** Whether a text is `host:port` or `[v6]:port`, the port not 0. */
export function isHostPort(text: string): boolean {
  const found = /^(\[[0-9a-fA-F:.%]+\]|[^:\s/[\]]+):(\d{1,5})$/.exec(text);
  if (found === null) return false;
  const port = Number(found[2]);
  return port > 0 && port <= 65_535;
}

/** Whether a text is something to listen on: `host:port`, `:port` or `unix:/path`; port 0 is any that is free. */
export function isListenAddress(text: string): boolean {
  if (text.startsWith("unix:")) return text.length > 5;
  const found = /^(\[[0-9a-fA-F:.%]+\]|[^:\s/[\]]*):(\d{1,5})$/.exec(text);
  return found !== null && Number(found[2]) <= 65_535;
}
