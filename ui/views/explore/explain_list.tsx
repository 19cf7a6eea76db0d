import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { messageOf } from "#shared/errors.ts";
import { inspectQuery } from "../../frames/inspect_query.ts";
import type { Frame } from "../../frames/frame.ts";
import { seriesText } from "../../frames/legend.ts";
import { explain, explainInWords, type ExplainedPart } from "../../promql/explain.ts";
import { parsePromql } from "../../promql/parse.ts";
import { fillVariables } from "../../promql/variables.ts";
import { usePageRange } from "../../state/page_range.ts";
import { windowOf } from "../../state/time_range.ts";
import { scrapeMsOf } from "./scrape_interval.ts";

/** Series of an intermediate result that are listed. */
const shownMax = 5;

/** A query in words, step by step in the order it is computed, each with its own result on request. */
export function ExplainList({ expr }: { readonly expr: string }) {
  const parsed = useMemo(() => parsePromql(expr), [expr]);
  if (parsed.expr === undefined) {
    return <p className="quiet">There is nothing to explain yet: {parsed.error}.</p>;
  }
  const parts = explain(parsed.expr);
  return (
    <div className="explain">
      <p>{explainInWords(parsed.expr)}</p>
      <ol>
        {parts.map((part, i) => (
          <Part key={`${i} ${part.text}`} part={part} />
        ))}
      </ol>
    </div>
  );
}

function Part({ part }: { readonly part: ExplainedPart }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <li style={{ marginInlineStart: part.depth * 16 }}>
      <span className="explain-words">{part.words}</span>
      <code>{part.text}</code>
      {part.asks && (
        <button
          type="button"
          className="link-button"
          aria-expanded={isOpen}
          onClick={() => setIsOpen(!isOpen)}
        >
          {isOpen ? "Hide result" : "Show result"}
        </button>
      )}
      {isOpen && <PartResult expr={part.text} />}
    </li>
  );
}

/** What this step gives at the end of the range. */
function PartResult({ expr }: { readonly expr: string }) {
  const { range } = usePageRange();
  const cache = useQueryClient();
  const result = useQuery({
    queryKey: ["explain", expr, range],
    queryFn: async ({ signal }) => {
      const window = windowOf(range, Date.now()) ?? { startMs: 0, endMs: Date.now() };
      const rangeMs = window.endMs - window.startMs;
      const stepMs = 15_000;
      const scrapeMs = await scrapeMsOf(cache, expr, window);
      return inspectQuery(
        {
          ref: "step",
          expr: fillVariables(expr, { stepMs, rangeMs, scrapeMs }),
          instant: true,
          format: "time_series",
          legend: undefined,
          window,
          stepMs,
        },
        signal,
      );
    },
    structuralSharing: false,
  });
  if (result.isError) return <p className="state bad">{messageOf(result.error)}</p>;
  if (result.data === undefined) return <p className="quiet">Running</p>;
  const { frames, seriesCount } = result.data;
  const withValues = frames.filter(({ length }) => length > 0);
  if (withValues.length === 0) return <p className="quiet">No series.</p>;
  return (
    <ul className="explain-result">
      {withValues.slice(0, shownMax).map((frame, i) => (
        <li key={i}>
          <code>{nameOf(frame)}</code> {valueOf(frame)}
        </li>
      ))}
      {seriesCount > shownMax && (
        <li className="quiet">and {seriesCount - shownMax} more series</li>
      )}
    </ul>
  );
}

function nameOf(frame: Frame): string {
  return seriesText(frame.fields.at(-1)?.labels ?? {}) || frame.name || "{}";
}

function valueOf(frame: Frame): string {
  const value = frame.fields.at(-1)?.values[0];
  return typeof value === "number" || typeof value === "string" ? String(value) : "";
}
