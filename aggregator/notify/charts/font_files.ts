import { dirname, join } from "node:path";

/** Scripts of alphabets; others are drawn as boxes. */
const scripts = [
  "latin",
  "latin-ext",
  "cyrillic",
  "cyrillic-ext",
  "greek",
  "greek-ext",
  "vietnamese",
];
const weights = [400, 700];

/** The files of the font Inter (SIL Open Font License 1.1), a file for each script and weight. */
export function fontFiles(): string[] {
  const folder = dirname(Bun.resolveSync("@fontsource/inter/package.json", import.meta.dir));
  return weights.flatMap((weight) =>
    scripts.map((script) => join(folder, "files", `inter-${script}-${weight}-normal.woff`)),
  );
}
