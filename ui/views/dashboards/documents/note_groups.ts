import type { Dashboard } from "#shared/dashboards/dashboard.ts";
import { allPanels } from "../../../dashboards/edit/change.ts";

type Note = { readonly path: string; readonly why: string };

/** Notes of an import that belong to one panel, or to none. */
export type NoteGroup = {
  readonly key: string;
  readonly title: string;
  /** Their paths inside the panel. */
  readonly notes: readonly Note[];
};

/** How the import names what belongs to a panel: its id, its title where it has one, and the path inside. */
const ofPanel = /^panel (\d+)(?: "(.*?)")?(?:: (.*))?$/s;

/** The notes of an import by panel, in the panels' order; what belongs to no panel first. */
export function noteGroups(notes: readonly Note[], dashboard: Dashboard): readonly NoteGroup[] {
  const panels = allPanels(dashboard);
  const places = new Map(panels.map(({ id }, i) => [String(id), i]));
  const titles = new Map(panels.map(({ id, title }) => [String(id), title]));
  const groups = new Map<string, NoteGroup & { readonly notes: Note[] }>();
  for (const { path, why } of notes) {
    const [, id = "", said = "", inner = ""] = ofPanel.exec(path) ?? [];
    const own = said === "" ? (titles.get(id) ?? "") : said;
    const title = id === "" ? "The dashboard" : own === "" ? `Panel ${id}` : own;
    const group = groups.get(id) ?? { key: id, title, notes: [] };
    group.notes.push({ path: id === "" ? path : inner, why });
    groups.set(id, group);
  }
  const place = ({ key }: NoteGroup): number =>
    key === "" ? -1 : (places.get(key) ?? panels.length);
  return [...groups.values()].toSorted((a, b) => place(a) - place(b));
}
