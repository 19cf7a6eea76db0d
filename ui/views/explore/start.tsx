import { Link } from "@tanstack/react-router";
import { pastQueries } from "../../state/query_history.ts";
import type { OpenSheet } from "./sheets.tsx";

const examples = [
  { expr: "up", words: "Which targets answer" },
  {
    expr: '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval]))',
    words: "Share of CPU in use, by host",
  },
  { expr: 'topk(10, count by (__name__) ({__name__=~".+"}))', words: "Metrics with most series" },
] as const;

/** What to do with an empty page: what was run before, examples, and ways without a query. */
export function Start({
  onRun,
  onOpen,
}: {
  readonly onRun: (expr: string) => void;
  readonly onOpen: (sheet: OpenSheet) => void;
}) {
  const past = pastQueries("promql").slice(0, 5);
  return (
    <div className="start">
      {past.length > 0 && (
        <section aria-label="Recent queries">
          <h2>Recent</h2>
          <ul>
            {past.map(({ expr }) => (
              <li key={expr}>
                <button type="button" className="query-choice" onClick={() => onRun(expr)}>
                  <code>{expr}</code>
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section aria-label="Examples">
        <h2>Try</h2>
        <ul>
          {examples.map(({ expr, words }) => (
            <li key={expr}>
              <button type="button" className="query-choice" onClick={() => onRun(expr)}>
                <span>{words}</span>
                <code>{expr}</code>
              </button>
            </li>
          ))}
        </ul>
      </section>
      <section aria-label="Ways to begin">
        <h2>Or begin with the data</h2>
        <p className="toolbar">
          <button
            type="button"
            className="button"
            onClick={() => onOpen({ kind: "metrics", ref: "A" })}
          >
            Browse metrics
          </button>
          <Link to="/explore/metrics" search={true} className="button">
            Explore without a query
          </Link>
        </p>
      </section>
    </div>
  );
}
