import { type Files, insertSorted, type Names, type ReadFile } from "./names.ts";

/** A panel that lists the last value of each series. */
export function newPanel(names: Names, read: ReadFile): Files {
  const own = `ui/panels/${names.snake}`;
  return {
    [`${own}/index.ts`]: index(names),
    [`${own}/options.ts`]: options(names),
    [`${own}/from_grafana.ts`]: fromGrafana(names),
    [`${own}/panel.tsx`]: panel(names),
    [`${own}/panel.test.tsx`]: test(names),
    "ui/panels/registry.ts": registered(names, read("ui/panels/registry.ts")),
  };
}

/** The list is in the order of the picker, so a new kind goes to its end. */
function registered({ snake, camel }: Names, registry: string): string {
  const line = `import { ${camel} } from "./${snake}/index.ts";\n`;
  const imports = /^import \{ \w+ \} from "\.\/(\w+)\/index\.ts";\n/gm;
  const imported = insertSorted(registry, imports, snake, line);
  const list = /^(export const panelKinds: readonly PanelKind\[\] = \[\n)((?: {2}\w+,\n)*)/m;
  if (!list.test(imported)) throw new Error("ui/panels/registry.ts has no list panelKinds");
  return imported.replace(list, `$1$2  ${camel},\n`);
}

const index = ({
  snake,
  camel,
  pascal,
  title,
}: Names) => `import type { PanelKind } from "../panel_kind.ts";
import { frameOf, numbers, sampleLength, timeField, wave } from "../parts/sample_frames.ts";
import { ${camel}FromGrafana } from "./from_grafana.ts";
import { ${pascal}FieldOptions, ${pascal}Options } from "./options.ts";

export const ${camel}: PanelKind = {
  kind: "${snake}",
  name: "${title}",
  description: "The last value of each series.",
  grafanaTypes: [],
  asks: true,
  options: ${pascal}Options,
  fieldOptions: ${pascal}FieldOptions,
  fromGrafana: ${camel}FromGrafana,
  sample: () => [
    frameOf("requests", [timeField(), numbers("requests", wave(sampleLength, 1, 1_200, 500))]),
  ],
  load: async () => (await import("./panel.tsx")).${pascal}Panel,
};
`;

const options = ({ pascal }: Names) => `import { z } from "zod";
import type { OptionMeta } from "../../options/option_meta.ts";

export const ${pascal}Options = z.strictObject({
  show_names: z
    .boolean()
    .default(true)
    .meta({ title: "Names of series" } satisfies OptionMeta),
});
export type ${pascal}Options = z.output<typeof ${pascal}Options>;

export const ${pascal}FieldOptions = z.strictObject({});
`;

const fromGrafana = ({
  camel,
}: Names) => `import type { GrafanaPanelSource, ImportNote } from "../panel_kind.ts";
import { readGrafana } from "../parts/grafana_reader.ts";

export function ${camel}FromGrafana(source: GrafanaPanelSource, note: ImportNote) {
  return readGrafana(source, note).done({});
}
`;

const panel = ({ pascal }: Names) => `import type { PanelProps } from "../panel_kind.ts";
import { Nothing } from "../parts/nothing.tsx";
import type { ${pascal}Options } from "./options.ts";

/** The last value of each series. */
export function ${pascal}Panel({
  frames,
  options,
}: Pick<PanelProps<${pascal}Options>, "frames" | "options">) {
  const rows = frames.flatMap(({ fields }) =>
    fields.filter(({ type }) => type === "number").map(({ name, values }) => ({ name, values })),
  );
  if (rows.length === 0) return <Nothing>No series.</Nothing>;
  return (
    <ul>
      {rows.map(({ name, values }, i) => (
        <li key={i}>
          {options.show_names && \`\${name}: \`}
          {String(values[values.length - 1])}
        </li>
      ))}
    </ul>
  );
}
`;

const test = ({ snake, camel, pascal }: Names) => `import { expect, test } from "bun:test";
import { renderToStaticMarkup } from "react-dom/server";
import { frameOf, numbers } from "../parts/sample_frames.ts";
import { ${camel} } from "./index.ts";
import { ${pascal}Options } from "./options.ts";
import { ${pascal}Panel } from "./panel.tsx";

const frames = [frameOf("a", [numbers("busy", [1, 2, 3])])];

test("${snake} shows the last value of each series, with its name where that is wanted", () => {
  const named = <${pascal}Panel frames={frames} options={${pascal}Options.parse({})} />;
  expect(renderToStaticMarkup(named)).toBe("<ul><li>busy: 3</li></ul>");
  const bare = <${pascal}Panel frames={frames} options={{ show_names: false }} />;
  expect(renderToStaticMarkup(bare)).toBe("<ul><li>3</li></ul>");
});

test("${snake} says that there are no series", () => {
  const empty = <${pascal}Panel frames={[]} options={${pascal}Options.parse({})} />;
  expect(renderToStaticMarkup(empty)).toContain("No series.");
  expect(${camel}.kind).toBe("${snake}");
});
`;
