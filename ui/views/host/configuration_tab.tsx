import type { ReactNode } from "react";
import type { AgentRow } from "../../client/query_service.ts";
import { formatAgo, formatExact } from "../../plot/format.ts";
import { useNow } from "../../state/media.ts";
import { CopyButton } from "../../widgets/copy_button.tsx";
import { Icon } from "../../widgets/icon.tsx";
import { Empty } from "../../widgets/picture.tsx";

const sources: Readonly<Record<string, string>> = {
  local: "the host's own file alone",
  merged: "the host's file, with what the aggregator wants laid over it",
  remote: "what the aggregator wants",
};

/** Which configuration the agent runs, what it refused, and its scrape jobs as they are in effect; no secrets come here. */
export function ConfigurationTab({ row }: { readonly row: AgentRow }) {
  const nowMs = useNow(10_000);
  const { configuration, jobs, labels } = row;
  if (configuration === undefined) {
    return (
      <Empty title="This agent does not tell its configuration">
        Its version {row.version} is older than that.
      </Empty>
    );
  }
  const { source, runningId, layers, failedId, failedReason, appliedMs } = configuration;
  return (
    <div className="block">
      <dl className="facts">
        <Fact name="Comes from">{sources[source] ?? source}</Fact>
        {runningId !== "" && <Fact name="Runs">{runningId}</Fact>}
        {layers.map(({ name, revision }) => (
          <Fact key={name} name={name}>{`revision ${revision}`}</Fact>
        ))}
        {appliedMs > 0 && (
          <Fact name="Applied">
            <span title={formatExact(appliedMs)}>{formatAgo(appliedMs, nowMs)}</span>
          </Fact>
        )}
        {Object.entries(labels).map(([name, value]) => (
          <Fact key={name} name={`label ${name}`}>
            {value}
          </Fact>
        ))}
      </dl>
      {failedReason !== "" && (
        <p className="state bad">
          <Icon name="cross" />
          <span className="breaks">
            It was told {failedId === "" ? "another configuration" : failedId} and does not run it:{" "}
            {failedReason}
          </span>
        </p>
      )}
      <h2>Scrape jobs</h2>
      {jobs.length === 0 ? (
        <Empty title="No scrape jobs">
          Add <code>scrape_configs</code> to its <code>lapwing.yaml</code>; they are Prometheus's
          own.
        </Empty>
      ) : (
        jobs.map(({ name, configYaml }) => (
          <details key={name} className="job">
            <summary>{name}</summary>
            <CopyButton label={`Copy the job ${name}`} text={configYaml} word="Copy" />
            <pre className="snippet" tabIndex={0}>
              {configYaml}
            </pre>
          </details>
        ))
      )}
    </div>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd className="breaks">{children}</dd>
    </div>
  );
}
