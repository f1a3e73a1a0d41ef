/** Remembers what was refused last, so that the same is told once only. */
export class Refusals {
  private readonly last = new Map<string, string>();

  /** Whether this refusal differs from the one before under the same key. */
  isNews(key: string, content: string, reason: string): boolean {
    const text = `${content} ${reason}`;
    if (this.last.get(key) === text) return false;
    this.last.set(key, text);
    return true;
  }

  forget(key: string): void {
    this.last.delete(key);
  }
}
