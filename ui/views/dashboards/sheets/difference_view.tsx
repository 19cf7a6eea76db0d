import { useMemo } from "react";
import type { Dashboard } from "#shared/dashboards/dashboard.ts";
import { changesOf, textDifference } from "../../../dashboards/model/difference.ts";

type Props = { readonly before: Dashboard; readonly after: Dashboard };

const linesMax = 2_000;
const signs = { same: " ", added: "+", removed: "-", gap: "⋯" } as const;

/** What is other in the later of two versions: in words, and line by line of their documents. */
export function DifferenceView({ before, after }: Props) {
  const changes = useMemo(() => changesOf(before, after), [before, after]);
  const lines = useMemo(() => textDifference(before, after), [before, after]);
  if (lines.length === 0) return <p className="quiet">Nothing in the document changed.</p>;
  return (
    <>
      <ul className="change-list">
        {changes.map((change, i) => (
          <li key={i}>
            {change.kind} {change.what}
            {change.details.length > 0 && (
              <span className="quiet"> {change.details.join("; ")}</span>
            )}
          </li>
        ))}
      </ul>
      <pre className="code-block difference" tabIndex={0}>
        {lines.slice(0, linesMax).map((line, i) => (
          <span key={i} className={line.kind}>
            {`${signs[line.kind]} ${line.text}\n`}
          </span>
        ))}
        {lines.length > linesMax && `${lines.length - linesMax} more lines`}
      </pre>
    </>
  );
}
