import { useMemo } from "react";
import type { Dashboard } from "#shared/dashboards/dashboard.ts";
import { Empty } from "../../../widgets/picture.tsx";
import { noteGroups } from "./note_groups.ts";

type Note = { readonly path: string; readonly why: string };

type Props = {
  readonly notes: readonly Note[];
  readonly dashboard: Dashboard;
};

/** Everything that an import could not carry over, by the panel it belongs to. */
export function ImportNotes({ notes, dashboard }: Props) {
  const groups = useMemo(() => noteGroups(notes, dashboard), [notes, dashboard]);
  if (notes.length === 0) {
    return <Empty title="Everything is carried over">Nothing of the source was left out.</Empty>;
  }
  const panels = dashboard.rows.reduce((sum, row) => sum + row.panels.length, 0);
  return (
    <div className="import-notes">
      <p className="quiet">
        {countOf(panels, "panel")}, {countOf(dashboard.variables.length, "variable")} and{" "}
        {countOf(dashboard.annotations.length, "source")} of annotations are carried over.{" "}
        {notes.length} {notes.length === 1 ? "thing is" : "things are"} not, or not as they were:
      </p>
      {groups.map((group) => (
        <section key={group.key}>
          <h3>{group.title}</h3>
          <ul>
            {group.notes.map((note, i) => (
              <li key={i}>
                {note.path !== "" && <code>{note.path}</code>} {note.why}
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function countOf(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
