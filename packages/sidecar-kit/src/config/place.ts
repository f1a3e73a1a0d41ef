type Path = readonly PropertyKey[];

/** Where a part of a section is in the file, when that is not simply below the section. */
export interface Place {
  /** Begins with the section. */
  readonly of: Path;
  readonly at: Path;
}

/** Where the parts of a configuration are in its file. */
export interface Places {
  /** Of each section. */
  readonly paths: Readonly<Record<string, Path>>;
  /** Of parts that were taken from elsewhere. */
  readonly places?: readonly Place[] | undefined;
}

/** Returns the path in the file of a path that begins with a section; the longest entry that fits decides. */
export function placeInFile({ paths, places = [] }: Places, path: Path): Path {
  let best: Place | undefined;
  for (const each of places) {
    const fits = each.of.every((part, i) => part === path[i]);
    if (fits && each.of.length > (best?.of.length ?? 0)) best = each;
  }
  if (best !== undefined) return [...best.at, ...path.slice(best.of.length)];
  const [section, ...rest] = path;
  return [...(paths[String(section)] ?? [section ?? ""]), ...rest];
}
