import { useQuery } from "@tanstack/react-query";
import { z } from "zod";
import { assertNever } from "#shared/assert.ts";
import { messageOf } from "#shared/errors.ts";
import { formatDuration } from "#shared/text/duration.ts";
import { toNs } from "../../../client/logs.ts";
import { fetchJson } from "../../../client/transport.ts";
import { windowAt, type Question } from "../../../dashboards/runner/question.ts";
import { formatExact } from "../../../units/format.ts";
import { aligned, type Window } from "../../../state/time_range.ts";
import { useTimeZone } from "../../../state/time_zone.ts";
import { CopyButton } from "../../../widgets/copy_button.tsx";
import { ErrorText } from "../../../widgets/error_text.tsx";
import { Empty } from "../../../widgets/picture.tsx";
import type { PanelData } from "../state/use_panel.ts";

/** Each query as it was asked: its text, its grid, how long it took, and what it cost the aggregator. */
export function InspectQueries({ data }: { readonly data: PanelData }) {
  const { questions } = data.plan;
  const timeZone = useTimeZone();
  if (questions.length === 0) {
    return <Empty title="This panel asks nothing">It shows what is written in it.</Empty>;
  }
  return questions.map((question, i) => {
    const state = data.states[i];
    const answered = state?.answered;
    const points = answered?.frames.reduce((sum, frame) => sum + frame.length, 0) ?? 0;
    return (
      <section key={question.key} className="inspect-query" aria-label={`Query ${question.ref}`}>
        <div className="toolbar">
          <h3>Query {question.ref}</h3>
          <CopyButton label="Copy the query" text={question.expr} word="Copy" />
        </div>
        <pre className="code-block" tabIndex={0}>
          {question.expr}
        </pre>
        {state?.error !== undefined && <ErrorText error={state.error} query={question.expr} />}
        <dl className="facts">
          <Fact
            name="Step"
            value={question.instant ? "one value" : formatDuration(question.stepMs)}
          />
          <Fact
            name="Range"
            value={
              answered === undefined
                ? `${question.range.from} to ${question.range.to}`
                : `${formatExact(answered.window.startMs, timeZone)} to ${formatExact(answered.window.endMs, timeZone)}`
            }
          />
          <Fact name="Took" value={state?.tookMs ? `${Math.round(state.tookMs)} ms` : "–"} />
          <Fact name="Series" value={String(answered?.frames.length ?? 0)} />
          <Fact name="Points" value={String(points)} />
        </dl>
        {state?.error === undefined && <Stats question={question} />}
      </section>
    );
  });
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

const Answer = z.object({ data: z.object({ stats: z.unknown().optional() }) });

/** What answering cost, in the aggregator's own words. Asked only here: panels do not pay for it. */
function Stats({ question }: { readonly question: Question }) {
  const stats = useQuery({
    queryKey: ["query_stats", question.key],
    queryFn: ({ signal }) => askStats(question, signal),
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });
  if (stats.isError) return <p className="quiet">No figures: {messageOf(stats.error)}</p>;
  if (stats.data === undefined) return <p className="quiet">Asking what it costs…</p>;
  if (stats.data.length === 0) return <p className="quiet">The aggregator gave no figures.</p>;
  return (
    <table className="table query-stats">
      <caption className="hidden">What answering query {question.ref} cost</caption>
      <tbody>
        {stats.data.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{nameWords(name)}</th>
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

async function askStats(
  question: Question,
  signal: AbortSignal,
): Promise<readonly (readonly [string, string])[]> {
  const request = statsRequest(question, windowAt(question, Date.now()));
  const { data } = await fetchJson({ ...request, signal, isForm: true }, Answer);
  return flattened(data.stats);
}

function statsRequest({ expr: query, stepMs, source, instant }: Question, window: Window) {
  switch (source) {
    case "metrics": {
      const asked = { query, stats: "all" };
      if (instant)
        return { path: "/api/v1/query", params: { ...asked, time: String(window.endMs / 1_000) } };
      const { startMs, endMs } = aligned(window, stepMs);
      const [start, end] = [String(startMs / 1_000), String(endMs / 1_000)];
      const params = { ...asked, start, end, step: String(stepMs / 1_000) };
      return { path: "/api/v1/query_range", params };
    }
    case "logs": {
      const [start, end] = [String(toNs(window.startMs)), String(toNs(window.endMs))];
      return { path: "/loki/api/v1/query_range", params: { query, start, end, limit: "1" } };
    }
    default:
      return assertNever(source);
  }
}

/** "lapwing.blocksLookedAt" as "lapwing: blocks looked at"; a line can break after each word. */
function nameWords(path: string): string {
  return path
    .split(".")
    .map((part) => part.replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase())
    .join(" · ");
}

/** Times as people write them, and no more digits than anybody reads. */
function figureWords(path: string, value: unknown): string {
  if (typeof value !== "number") return String(value);
  if (path.endsWith("Ms") && value > 1e11) return new Date(value).toISOString();
  const text = String(Number.isInteger(value) ? value : Number(value.toPrecision(3)));
  return path.endsWith("Time") ? `${text} s` : text;
}

/** Members of members as "timings.evalTotalTime"; long lists are of no use here. */
function flattened(value: unknown, path = ""): readonly (readonly [string, string])[] {
  if (Array.isArray(value) && value.length > 50) return [[path, `${value.length} values`]];
  if (typeof value !== "object" || value === null) {
    return path === "" ? [] : [[path, figureWords(path, value)]];
  }
  return Object.entries(value).flatMap(([name, member]) =>
    flattened(member, path === "" ? name : `${path}.${name}`),
  );
}
