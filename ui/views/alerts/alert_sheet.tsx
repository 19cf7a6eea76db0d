import { useState } from "react";
import { Ago } from "../../elements/ago.tsx";
import { Button } from "../../elements/buttons.tsx";
import { Fact } from "../../elements/fact.tsx";
import { InnerLink } from "../../elements/inner_link.tsx";
import { Sheet } from "../../overlays/sheet.tsx";
import { useSentAlerts, useSilences } from "../../queries/alerts.ts";
import { usePageRange } from "../../state/page_range.ts";
import { useNow } from "../../state/media.ts";
import { explorePage } from "../../state/places.ts";
import { stringifySearch } from "../../state/url.ts";
import { formatSpan } from "../../units/format.ts";
import type { ShownAlert } from "./alert_groups.ts";
import { AlertStateWord } from "./alert_group_row.tsx";
import { OwnHistory } from "./history/own_history.tsx";
import { RuleChart } from "./rule_chart.tsx";
import { matchersText, textOfLabels } from "./silences/silence_draft.ts";
import { SilenceForm } from "./silences/silence_form.tsx";
import { SnoozeMenu } from "./silences/snooze_menu.tsx";

type Props = { readonly alert: ShownAlert; readonly onClose: () => void };

/** One alert: what it says, the chart behind it, who is notified, and a silence for it. */
export function AlertSheet({ alert, onClose }: Props) {
  const [isSilencing, setSilencing] = useState(false);
  return (
    <Sheet
      open
      onOpenChange={onClose}
      title={alert.name === "" ? "Alert" : alert.name}
      size="wide"
      tools={
        <>
          <SnoozeMenu labels={alert.sent?.labels ?? alert.labels} />
          <Button icon="silent" pressed={isSilencing} onClick={() => setSilencing(!isSilencing)}>
            Silence
          </Button>
        </>
      }
    >
      {isSilencing && (
        <SilenceForm
          text={textOfLabels(alert.sent?.labels ?? alert.labels)}
          onDone={() => setSilencing(false)}
        />
      )}
      <Detail alert={alert} />
    </Sheet>
  );
}

function Detail({ alert }: { readonly alert: ShownAlert }) {
  const { labels, annotations, rule, sent, sinceMs, severity, value } = alert;
  const { range } = usePageRange();
  const nowMs = useNow(5_000);
  return (
    <>
      <dl className="facts alert-facts">
        <Fact name="State">
          <AlertStateWord {...alert} />
        </Fact>
        {severity !== "" && <Fact name="Severity">{severity}</Fact>}
        <Fact name="Since">
          <Ago ms={sinceMs} nowMs={nowMs} />
        </Fact>
        {value !== "" && <Fact name="Value">{String(Number(Number(value).toPrecision(6)))}</Fact>}
        {sent !== undefined && (
          <Fact name="Receivers">
            <InnerLink to={routesPage(sent.labels)} title="Show the routes of this alert">
              {sent.receivers.join(", ")}
            </InnerLink>
          </Fact>
        )}
      </dl>
      <Texts annotations={annotations} />
      <HeldBack alert={alert} />
      {rule !== undefined && (
        <section className="block" aria-label="Expression">
          <h3>Expression</h3>
          <pre className="rule-query">{rule.query}</pre>
          <RuleChart query={rule.query} labels={labels} />
          <p className="quiet">
            {rule.forMs === 0 ? "Fires at once" : `Fires after ${formatSpan(rule.forMs)}`},
            evaluated every {formatSpan(rule.intervalMs)}.{" "}
            <InnerLink to={explorePage({ expr: rule.query }, range)}>Explore</InnerLink>
          </p>
        </section>
      )}
      <OwnHistory labels={labels} />
      <section className="block" aria-label="Labels">
        <h3>Labels</h3>
        <p className="alert-labels">
          {Object.entries(labels).map(([name, text]) => (
            <code key={name}>
              {name}={text}
            </code>
          ))}
        </p>
      </section>
    </>
  );
}

function routesPage(labels: ShownAlert["labels"]): string {
  return `/alerts${stringifySearch({ tab: "routes", labels: textOfLabels(labels) })}`;
}

/** Annotations as text; addresses become links. */
function Texts({ annotations }: { readonly annotations: Readonly<Record<string, string>> }) {
  const texts = Object.entries(annotations).filter(([, text]) => text !== "");
  if (texts.length === 0) return null;
  return (
    <dl className="alert-texts">
      {texts.map(([name, text]) => (
        <div key={name}>
          <dt className="quiet">{name}</dt>
          <dd>
            {/^https?:\/\/\S+$/.test(text) ? (
              <a href={text} target="_blank" rel="noreferrer">
                {text}
              </a>
            ) : (
              text
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** The alerts of which this one is taken to be a consequence. */
function InhibitedBy({ fingerprints }: { readonly fingerprints: readonly string[] }) {
  const sent = useSentAlerts(0);
  const found = sent.data?.filter(({ fingerprint }) => fingerprints.includes(fingerprint)) ?? [];
  if (found.length === 0) return <p className="alert-held">Inhibited by another alert</p>;
  return found.map(({ fingerprint, labels }) => (
    <p key={fingerprint} className="alert-held">
      Inhibited by{" "}
      <InnerLink to={`/alerts${stringifySearch({ q: textOfLabels(labels) })}`}>
        {labels["alertname"] ?? fingerprint}
      </InnerLink>
    </p>
  ));
}

/** Why no notification is sent. */
function HeldBack({ alert: { sent } }: { readonly alert: ShownAlert }) {
  const silences = useSilences(0);
  const nowMs = useNow(5_000);
  if (sent === undefined) return null;
  const { silencedBy, inhibitedBy, mutedBy } = sent;
  const own = silences.data?.filter(({ id }) => silencedBy.includes(id)) ?? [];
  return (
    <>
      {own.map(({ id, comment, createdBy, matchers, endsMs }) => (
        <p key={id} className="alert-held">
          Silenced by {createdBy}: {comment} (<code>{matchersText(matchers)}</code>), ends{" "}
          <Ago ms={endsMs} nowMs={nowMs} />
        </p>
      ))}
      {inhibitedBy.length > 0 && <InhibitedBy fingerprints={inhibitedBy} />}
      {mutedBy.length > 0 && (
        <p className="alert-held">Muted by the time interval {mutedBy.join(", ")}</p>
      )}
    </>
  );
}
