import type { Labels } from "#shared/model/labels.ts";
import { useSentAlerts } from "../../../queries/alerts.ts";
import { textOfLabels } from "./silence_draft.ts";

/** Names and alerts that a preview lists. */
const [namesMax, listedMax] = [5, 50];

type Props = {
  readonly matches: (labels: Labels) => boolean;
  /** Whether an alert is one that was chosen; without it none were. */
  readonly isChosen?: ((labels: Labels) => boolean) | undefined;
};

/** Which of the alerts that fire now a silence holds back. */
export function MatchedAlerts({ matches, isChosen }: Props) {
  const sent = useSentAlerts(0);
  if (sent.data === undefined) return null;
  const hit = sent.data.filter(({ labels }) => matches(labels));
  const names = [...new Set(hit.map(({ labels }) => labels["alertname"] ?? ""))];
  const more = names.length > namesMax ? " …" : "";
  const others = isChosen === undefined ? [] : hit.filter(({ labels }) => !isChosen(labels));
  return (
    <div className="silence-preview">
      <p className="quiet" role="status">
        Holds back {hit.length} of {sent.data.length} firing alerts
        {hit.length > 0 && `: ${names.slice(0, namesMax).join(", ")}${more}`}
      </p>
      {others.length > 0 && (
        <p className="state warn" role="status">
          {others.length} of them {others.length === 1 ? "is" : "are"} not chosen:{" "}
          {textOfLabels(others[0]?.labels ?? {})}
          {others.length > 1 && " …"}
        </p>
      )}
      {hit.length > 0 && (
        <details>
          <summary>List them</summary>
          <ul className="notified-alerts">
            {hit.slice(0, listedMax).map(({ fingerprint, labels }) => (
              <li key={fingerprint}>
                <code className="anywhere">{textOfLabels(labels)}</code>
              </li>
            ))}
            {hit.length > listedMax && <li className="quiet">and {hit.length - listedMax} more</li>}
          </ul>
        </details>
      )}
    </div>
  );
}
