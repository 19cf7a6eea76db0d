import type { AgentRow } from "../../client/query_service.ts";
import type { FleetAgent } from "../../client/fleet.ts";
import { formatAgo } from "../../units/format.ts";
import { useAgentDifference, useFleetAgents } from "../../queries/fleet.ts";
import { usePageRange } from "../../state/page_range.ts";
import { useNow } from "../../state/media.ts";
import { CopyButton } from "../../widgets/copy_button.tsx";
import { ErrorText } from "../../widgets/error_text.tsx";
import { Empty, Picture, Skeleton } from "../../widgets/picture.tsx";
import { configurationWords } from "../agents/agent_columns.tsx";
import { isSameLayers, patchLines } from "./patch_lines.ts";

type Layers = FleetAgent["wanted"];

/** What it is to run, what it runs, what differs; and its scrape jobs as they are in effect. */
export function ConfigurationTab({ row }: { readonly row: AgentRow }) {
  const { intervalMs } = usePageRange();
  const fleet = useFleetAgents(intervalMs);
  return (
    <>
      <Picture query={fleet} skeleton={<Skeleton rows={3} height={28} />}>
        {(agents) => {
          const told = agents?.find(({ agent }) => agent === row.agent);
          return told === undefined ? (
            <p className="quiet">
              {agents === null
                ? "Agent and aggregator are one process: it runs its own file."
                : "Nothing is known of what this agent is to run."}
            </p>
          ) : (
            <Wanted row={row} told={told} />
          );
        }}
      </Picture>
      <section className="block" aria-label="Scrape jobs">
        <h2>Scrape jobs in effect</h2>
        {row.jobs.length === 0 ? (
          <Empty title="It has no scrape jobs">
            Jobs stand under <code>scrape_configs</code> of its configuration.
          </Empty>
        ) : (
          row.jobs.map(({ name, configYaml: yaml }) => (
            <details key={name} className="job">
              <summary>{name}</summary>
              <div className="command">
                <pre tabIndex={0}>{yaml}</pre>
                <CopyButton label={`Copy the job ${name}`} text={yaml} />
              </div>
            </details>
          ))
        )}
      </section>
    </>
  );
}

function Wanted({ row, told }: { readonly row: AgentRow; readonly told: FleetAgent }) {
  const nowMs = useNow(10_000);
  const differs = !isSameLayers(told.wanted, told.running);
  const applied = row.configuration?.appliedMs ?? 0;
  const word = configurationWords[told.state] ?? told.state;
  return (
    <section className="block" aria-label="Wanted and running">
      <dl className="facts">
        <Fact name="State" text={told.reason === "" ? word : `${word}: ${told.reason}`} />
        <Fact name="It takes" text={sourceWords[told.source] ?? told.source} />
        <Fact name="Wanted" text={layersText(told.wanted)} />
        <Fact name="Running" text={layersText(told.running)} />
        {applied > 0 && <Fact name="Since" text={formatAgo(applied, nowMs)} />}
      </dl>
      {differs && <Difference agent={row.agent} />}
    </section>
  );
}

const sourceWords: Readonly<Record<string, string>> = {
  local: "its own file alone",
  merged: "its own file, and what the aggregator wants",
  remote: "what the aggregator wants alone",
};

function layersText(layers: Layers): string {
  if (layers.length === 0) return "nothing of the aggregator's";
  return layers.map(({ name, revision }) => `${name} ${revision}`).join(", ");
}

function Fact({ name, text }: { readonly name: string; readonly text: string }) {
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd className="anywhere">{text}</dd>
    </div>
  );
}

/** From what it runs to what it is to run. */
function Difference({ agent }: { readonly agent: string }) {
  const difference = useAgentDifference(agent, true);
  if (difference.isError) return <ErrorText error={difference.error} what="No difference" />;
  if (difference.data === undefined) return <Skeleton rows={4} height={18} />;
  return (
    <>
      <h2>From what runs to what is wanted</h2>
      <pre className="code-block difference" tabIndex={0} aria-label="Difference">
        {patchLines(difference.data).map(({ kind, text }, i) => (
          <span key={i} className={kind}>
            {`${text}\n`}
          </span>
        ))}
      </pre>
    </>
  );
}
