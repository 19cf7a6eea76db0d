import { labelsKey } from "#shared/model/labels.ts";
import type { RuleRow, UnknownRule } from "../../client/alerting.ts";
import { Ago } from "../../elements/ago.tsx";
import { Icon } from "../../elements/icon.tsx";
import { InnerLink } from "../../elements/inner_link.tsx";
import { hostPage } from "../../state/places.ts";

/** The state of a rule whose data are missing. */
export function UnknownMark({ unknown }: { readonly unknown: UnknownRule }) {
  return (
    <span className="state warn" title={unknown.reason}>
      <Icon name="silent" />
      unknown
    </span>
  );
}

/** Which agents' data a rule lacks, and the alerts that only late data have shown. */
export function RuleUnknown({ rule, nowMs }: { readonly rule: RuleRow; readonly nowMs: number }) {
  const { unknown, learned = [], kind } = rule;
  return (
    <>
      {unknown !== undefined && (
        <section className="alert-held">
          <p>
            {kind === "alerting"
              ? "Data are missing: alerts about them neither begin nor resolve."
              : "Data are missing: what is recorded lacks them."}
          </p>
          <ul>
            {unknown.agents.map(({ agent, name, reason, sinceMs }) => (
              <li key={agent}>
                <InnerLink to={hostPage(agent)}>{name}</InnerLink> is {reason}, last data{" "}
                <Ago ms={sinceMs} nowMs={nowMs} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {learned.length > 0 && (
        <section>
          <h2>Learned from late data</h2>
          <ul>
            {learned.map(({ labels, text }) => (
              <li key={`${labelsKey(labels)} ${text}`} className="anywhere">
                {text} <code>{labelText(labels)}</code>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .filter(([name]) => name !== "alertname")
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}
