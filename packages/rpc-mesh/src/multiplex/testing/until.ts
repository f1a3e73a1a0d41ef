/** Looks again and again until `check` no longer throws; gives up with its error after 5 s. For effects across sockets. */
export async function until(check: () => void): Promise<void> {
  const end = Date.now() + 5000;
  for (;;) {
    try {
      check();
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
