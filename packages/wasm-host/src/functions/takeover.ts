import type { Logger } from "@layotto/sidecar-kit";
import type { FunctionRoute } from "../config/settings.ts";
import type { Engine, LoadedVersion } from "../model/engine.ts";
import type { Directory } from "./directory.ts";
import type { FunctionVersion } from "./function-version.ts";
import type { InstalledFunction } from "./installed-function.ts";
import type { Prepared } from "./loader.ts";

/** Lets versions take over the calls of a function, and those before leave. */
export class Takeover {
  private readonly engine: Engine;
  private readonly directory: Directory;
  private readonly logger: Logger;
  private readonly versions = new WeakMap<LoadedVersion, FunctionVersion>();
  private readonly leaving = new Set<Promise<void>>();

  constructor(engine: Engine, directory: Directory, logger: Logger) {
    this.engine = engine;
    this.directory = directory;
    this.logger = logger;
  }

  /** The version of a function that the engine has loaded; undefined before it takes over. */
  versionOf(loaded: LoadedVersion): FunctionVersion | undefined {
    return this.versions.get(loaded);
  }

  /** Routes change in one go: from then on no new call comes to what is replaced. */
  async run(
    target: InstalledFunction,
    { active, fresh }: Prepared,
    routes: readonly FunctionRoute[] = target.routes,
  ): Promise<void> {
    for (const version of fresh) this.versions.set(version.loaded, version);
    const running = target.activeVersions.map(({ version }) => version.loaded.stats().instances);
    const instances = running.reduce((sum, each) => sum + each, 0);
    if (instances > 0) {
      await Promise.all(fresh.map(({ loaded }) => this.engine.warm(loaded, instances)));
    }
    const replaced = target.activate(active);
    const hadRoutes = target.routes.length > 0;
    target.routes = routes;
    this.directory.put(target, hadRoutes);
    void this.leave(target, replaced);
  }

  /** The function is removed. Resolves when nothing of it runs any more. */
  end(target: InstalledFunction): Promise<void> {
    this.directory.delete(target);
    return this.leave(target, target.activate([]));
  }

  /** Resolves when all that were replaced are gone. */
  async settled(): Promise<void> {
    await Promise.all(this.leaving);
  }

  private async leave(
    target: InstalledFunction,
    versions: readonly FunctionVersion[],
  ): Promise<void> {
    const all = versions.map((version) => {
      const gone = this.engine.unload(version.loaded).then(
        () => target.forget(version),
        (err: unknown) => this.logger.error({ err, function: target.name }, "cannot unload"),
      );
      this.leaving.add(gone);
      void gone.then(() => this.leaving.delete(gone));
      return gone;
    });
    await Promise.all(all);
  }
}
