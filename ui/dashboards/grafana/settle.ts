import { Dashboard } from "#shared/dashboards/dashboard.ts";
import type { Note } from "./notes.ts";

type Draft = Omit<Dashboard, "version">;

/** A path of a schema's issue as far as the part that can be left out: a panel, a variable, a link, an annotation. */
const parts: readonly RegExp[] = [
  /^rows\.\d+\.panels\.\d+/,
  /^(?:variables|annotations|links|rows)\.\d+/,
];

/**
 * The draft as a dashboard that its schema takes. What the schema refuses is left out, with a note: whatever was not thought of in a
 * source costs that part and not the rest.
 */
export function settled(draft: Draft, note: Note): Dashboard {
  let current: unknown = draft;
  for (let tries = 0; tries < 50; tries += 1) {
    const result = Dashboard.safeParse(current);
    if (result.success) return result.data;
    const refused = new Set<string>();
    for (const issue of result.error.issues) {
      const path = issue.path.join(".");
      const part = parts.map((each) => each.exec(path)?.[0]).find((each) => each !== undefined);
      refused.add(part ?? String(issue.path[0] ?? ""));
      note(
        path,
        `${issue.message}: ${part === undefined ? "the default counts" : "it is left out"}`,
      );
    }
    current = without(current, refused);
  }
  return Dashboard.parse({ title: draft.title.slice(0, 200) || "Imported dashboard" });
}

function without(value: unknown, paths: ReadonlySet<string>, path = ""): unknown {
  const at = (key: string | number) => (path === "" ? String(key) : `${path}.${key}`);
  if (Array.isArray(value))
    return value
      .map((item, i): [unknown, string] => [item, at(i)])
      .filter(([, own]) => !paths.has(own))
      .map(([item, own]) => without(item, paths, own));
  if (typeof value !== "object" || value === null || path.split(".").length > 4) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !paths.has(at(key)))
      .map(([key, item]) => [key, without(item, paths, at(key))]),
  );
}
