import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { framesToText } from "../../frames/export.ts";
import { type InspectedAnswer, queryJson } from "../../frames/inspect_query.ts";
import { Select } from "../../overlays/select.tsx";
import { Tabs } from "../../overlays/tabs.tsx";
import { formatCount, formatSpan, formatValue } from "../../units/format.ts";
import { CopyButton } from "../../widgets/copy_button.tsx";
import { ErrorText } from "../../widgets/error_text.tsx";
import { Empty } from "../../widgets/picture.tsx";
import { lengthText } from "../../promql/variables.ts";
import { curlOf } from "./curl.ts";
import { readFacts, type ReadFacts } from "./read_facts.ts";
import type { Answer } from "./use_answers.ts";

type Tab = "figures" | "sql" | "data" | "response" | "request";
/** Rows and characters that are shown; downloads have all. */
const rowsMax = 200;
const textMax = 200_000;
/** Longer JSON is not laid out. */
const jsonMax = 2_000_000;

/** What a query took, what it read, and what came back. */
export function Inspector({
  answers,
  first,
}: {
  readonly answers: readonly Answer[];
  readonly first: string;
}) {
  const good = answers.flatMap((answer) =>
    answer.good === undefined
      ? []
      : [{ name: answer.instant ? `${answer.ref}, instant` : answer.ref, answer: answer.good }],
  );
  const [name, setName] = useState(first);
  const [tab, setTab] = useState<Tab>("figures");
  const chosen = good.find((each) => each.name === name) ?? good[0];
  if (chosen === undefined) {
    return <Empty title="No answer yet">Run a query first.</Empty>;
  }
  const facts = readFacts(chosen.answer.figures?.read);
  const tabs = [
    { value: "figures" as const, label: "Figures" },
    ...(facts === undefined ? [] : [{ value: "sql" as const, label: "SQL" }]),
    { value: "data" as const, label: "Data" },
    { value: "response" as const, label: "Response" },
    { value: "request" as const, label: "Request" },
  ];
  return (
    <div className="inspector">
      {good.length > 1 && (
        <Select
          label="Query"
          showLabel
          value={chosen.name}
          options={good.map((each) => ({ value: each.name, label: each.name }))}
          onChange={setName}
        />
      )}
      <Tabs label="Inspect" tabs={tabs} value={tab} onChange={setTab}>
        {tab === "figures" && <Figures answer={chosen.answer} facts={facts} />}
        {tab === "sql" && facts !== undefined && <Sql facts={facts} />}
        {tab === "data" && <Data answer={chosen.answer} />}
        {tab === "response" && <Response answer={chosen.answer} />}
        {tab === "request" && <Request answer={chosen.answer} />}
      </Tabs>
    </div>
  );
}

/** Prometheus's names of the stages, in the order they pass. */
const stages = [
  ["execQueueTime", "Waiting for its turn"],
  ["queryPreparationTime", "Selecting and reading"],
  ["innerEvalTime", "Evaluating"],
  ["resultSortTime", "Sorting"],
] as const;

type FiguresProps = { readonly answer: InspectedAnswer; readonly facts: ReadFacts | undefined };

function Figures({ answer, facts }: FiguresProps) {
  const { figures, elapsedMs } = answer;
  const totalMs = (figures?.timings["execTotalTime"] ?? 0) * 1_000;
  return (
    <dl className="figures">
      <Figure name="Time, as this page saw it">{formatSpan(elapsedMs)}</Figure>
      {figures !== undefined && (
        <>
          <Figure name="Time in the aggregator">{formatSpan(totalMs)}</Figure>
          {stages.map(([stage, words]) => (
            <Figure key={stage} name={words} isPart>
              {formatSpan((figures.timings[stage] ?? 0) * 1_000)}
            </Figure>
          ))}
          <Figure name="Network and reading">{formatSpan(Math.max(0, elapsedMs - totalMs))}</Figure>
          <Figure name="Samples, over all steps">
            {formatCount(figures.totalQueryableSamples)}
          </Figure>
          <Figure name="Samples read">{formatCount(figures.samplesRead)}</Figure>
          <Figure name="Samples at once, at most">{formatCount(figures.peakSamples)}</Figure>
        </>
      )}
      {facts?.figures.map(({ name, value }) => (
        <Figure key={name} name={name}>
          {value}
        </Figure>
      ))}
      <Figure name="Step">{answer.instant ? "none, one moment" : lengthText(answer.stepMs)}</Figure>
      <Figure name="Series">{formatCount(answer.seriesCount)}</Figure>
      <Figure name="Size of the answer">{formatValue(answer.bytes, "bytes")}</Figure>
      {[...answer.warnings, ...answer.infos].map((text) => (
        <Figure key={text} name="Note">
          {text}
        </Figure>
      ))}
    </dl>
  );
}

function Figure({
  name,
  isPart = false,
  children,
}: {
  readonly name: string;
  readonly isPart?: boolean;
  readonly children: React.ReactNode;
}) {
  return (
    <div className={isPart ? "figure part" : "figure"}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Sql({ facts }: { readonly facts: ReadFacts }) {
  return (
    <div className="inspector-texts">
      <p className="quiet">
        What the selectors of the query read, as SQL that gives the same samples.
      </p>
      {facts.selectors.map(({ title, words, sql, parquetSql }) => (
        <section key={title} aria-label={title}>
          <h3>
            <code>{title}</code>
          </h3>
          <p className="quiet">{words}</p>
          <Text label="SQL of Lapwing" text={sql} />
          {parquetSql !== "" && (
            <Text label="The same for DuckDB, over the Parquet files" text={parquetSql} />
          )}
        </section>
      ))}
    </div>
  );
}

function Text({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    <figure className="inspector-text">
      <figcaption className="toolbar">
        {label}
        <CopyButton label={`Copy: ${label}`} text={text} />
      </figcaption>
      <pre tabIndex={0}>{text}</pre>
    </figure>
  );
}

/** The frames as a plain table. */
function Data({ answer }: { readonly answer: InspectedAnswer }) {
  const lines = framesToText(answer.frames.slice(0, 50)).split("\n");
  const [head = "", ...rows] = lines;
  return (
    <div className="inspector-table" tabIndex={0} role="region" aria-label="Data">
      <table>
        <thead>
          <tr>
            {head.split("\t").map((cell, i) => (
              <th key={i} scope="col">
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, rowsMax).map((row, i) => (
            <tr key={i}>
              {row.split("\t").map((cell, j) => (
                <td key={j}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > rowsMax && (
        <p className="quiet">
          {rowsMax} of {rows.length} rows. Share has all of them as CSV and JSON.
        </p>
      )}
    </div>
  );
}

/** The answer as Prometheus's API gives it to other clients, asked when it is looked at. */
function Response({ answer }: { readonly answer: InspectedAnswer }) {
  const json = useQuery({
    queryKey: ["query_json", answer.address],
    queryFn: ({ signal }) => queryJson(answer, signal),
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  if (json.isError) return <ErrorText error={json.error} query={answer.expr} />;
  if (json.data === undefined) return <p className="quiet">Asking for the JSON…</p>;
  if (json.data.length > jsonMax) {
    return (
      <Empty title="The answer is too long to be shown">
        It has {formatValue(json.data.length, "bytes")}. The request as curl gives all of it.
      </Empty>
    );
  }
  const text = laidOut(json.data);
  return (
    <Text
      label={
        text.length > textMax ? `The first ${formatValue(textMax, "bytes")} of the JSON` : "JSON"
      }
      text={text.slice(0, textMax)}
    />
  );
}

function laidOut(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), undefined, 1);
  } catch {
    return body;
  }
}

function Request({ answer }: { readonly answer: InspectedAnswer }) {
  return (
    <div className="inspector-texts">
      <Text label="The expression as it was sent" text={answer.expr} />
      <Text label="As a command" text={curlOf(answer.address)} />
    </div>
  );
}
