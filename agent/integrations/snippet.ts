import { stringify } from "yaml";
import { withoutSecrets } from "#shared/runtime/config/shown_config.ts";
import type { Need } from "./integration.ts";

export type SnippetEntry = {
  readonly integration: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly needs: readonly Need[];
};

const commentWidth = 100;

/** What a person adds to lapwing.yaml to name these instances: what each needs has an example value, and above it why. Secrets are left out. */
export function snippetOf(entries: readonly SnippetEntry[]): string {
  const byName = Map.groupBy(entries, ({ integration }) => integration);
  const lists = [...byName].flatMap(([name, list]) => [`  ${name}:`, ...list.flatMap(entryLines)]);
  return `${["integrations:", ...lists].join("\n")}\n`;
}

function entryLines({ options, needs }: SnippetEntry): string[] {
  const needed = new Set(needs.map(({ key }) => key));
  const given = Object.entries(options).filter(([key]) => !needed.has(key));
  const lines = [
    ...(given.length === 0 ? [] : yamlLines(withoutSecrets(Object.fromEntries(given)))),
    ...needs.flatMap(({ key, example, why }) => [
      ...wrapped(why).map((text) => `# ${text}`),
      ...yamlLines({ [key]: example }),
    ]),
  ];
  if (lines.length === 0) return ["    - {}"];
  const first = lines.findIndex((line) => !line.startsWith("#"));
  return lines.map((line, i) => `    ${i < first ? "" : i === first ? "- " : "  "}${line}`);
}

function yamlLines(value: unknown): string[] {
  return stringify(value, { lineWidth: 0 }).trimEnd().split("\n");
}

/** Lines that can be read beside one another; what was on a line of its own stays so, as SQL must. */
function wrapped(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const lines: string[] = [];
    let current = "";
    for (const word of line.split(" ")) {
      if (current !== "" && current.length + word.length >= commentWidth) {
        lines.push(current);
        current = word;
      } else current = current === "" ? word : `${current} ${word}`;
    }
    return [...lines, current];
  });
}
