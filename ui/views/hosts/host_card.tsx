import { Link } from "@tanstack/react-router";
import { memo } from "react";
import { formatCount, formatValue } from "../../units/format.ts";
import { Sparkline } from "../../plot/sparkline.tsx";
import { StatusWord } from "../../elements/status_word.tsx";
import { hasTargetsDown } from "./host_labels.ts";
import type { HostFigure, HostRow } from "./host_rows.ts";

type Props = { readonly row: HostRow; readonly loading: boolean; readonly known: boolean };

/** A host at a glance: its state, and what it is nearest to the end of. */
export const HostCard = memo(function HostCard({ row, loading, known }: Props) {
  const { agent, figures } = row;
  const down = agent.targetCounts["down"] ?? 0;
  const tone = !agent.live ? "is-silent" : hasTargetsDown(agent) ? "has-down" : "";
  return (
    <article className={`host-card ${tone}`} aria-label={agent.name}>
      <header>
        <Link
          to="/hosts/$agent"
          params={{ agent: agent.agent }}
          className="clip"
          title={agent.name}
        >
          {agent.name}
        </Link>
        <StatusWord live={agent.live} known={known} />
      </header>
      <dl>
        <Figure name="CPU" figure={figures.cpu} loading={loading} isPart />
        <Figure name="Memory" figure={figures.memory} loading={loading} isPart />
        <Figure name="Disk" figure={figures.disk} loading={loading} isPart />
        <Figure name="In" figure={figures.received} loading={loading} />
        <Figure name="Out" figure={figures.sent} loading={loading} />
        <div>
          <dt>Targets</dt>
          <dd className={down > 0 && agent.live ? "state bad" : ""}>{targetText(row)}</dd>
        </div>
      </dl>
    </article>
  );
});

function targetText({ agent: { live, targetCounts } }: HostRow): string {
  const { up = 0, down = 0, unknown = 0 } = targetCounts;
  if (up + down + unknown === 0) return "none";
  if (!live) return "not watched";
  return down > 0 ? `${formatCount(down)} down` : `${formatCount(up)} up`;
}

function Figure({
  name,
  figure,
  loading,
  isPart = false,
}: {
  readonly name: string;
  readonly figure: HostFigure | undefined;
  readonly loading: boolean;
  /** Of a hundred. */
  readonly isPart?: boolean;
}) {
  const value = figure?.current ?? Number.NaN;
  const text =
    isPart && !Number.isNaN(value)
      ? `${value.toFixed(0)} %`
      : formatValue(value, "bytes_per_second");
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {loading ? (
          <span className="bone" />
        ) : (
          <>
            <Sparkline values={figure?.values} {...(isPart && { max: 100 })} />
            <span>{text}</span>
          </>
        )}
      </dd>
    </div>
  );
}
