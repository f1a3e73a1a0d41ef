/** Languages that there are templates for. */
export const languages = ["assemblyscript", "rust", "c", "go"] as const;

export type Language = (typeof languages)[number];

/** The language of a word. */
export function languageOf(word: string | undefined): Language | undefined {
  return languages.find((each) => each === word);
}
