export type PatchLine = { readonly kind: "added" | "removed" | "same"; readonly text: string };

const linesMax = 2_000;

/** A unified patch, line by line, without the lines that only a program reads. */
export function patchLines(patch: string): readonly PatchLine[] {
  return patch
    .split("\n")
    .filter((line) => !/^(?:={5,}|\\ No newline)/.test(line))
    .slice(0, linesMax)
    .map((text) => ({ kind: kindOf(text), text }));
}

function kindOf(line: string): PatchLine["kind"] {
  if (/^(?:\+\+\+|---) /.test(line)) return "same";
  if (line.startsWith("+")) return "added";
  return line.startsWith("-") ? "removed" : "same";
}

type Layers = readonly { readonly name: string; readonly revision: string }[];

/** Whether two lists name the same revisions, in whichever order. */
export function isSameLayers(a: Layers, b: Layers): boolean {
  const text = (layers: Layers): string =>
    layers
      .map(({ name, revision }) => `${name}\n${revision}`)
      .toSorted()
      .join("\n\n");
  return text(a) === text(b);
}
