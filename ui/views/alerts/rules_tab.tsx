import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useDeferredValue, useMemo } from "react";
import type { RuleRow } from "../../client/alerting.ts";
import { Ago } from "../../elements/ago.tsx";
import { Button } from "../../elements/buttons.tsx";
import { Fact } from "../../elements/fact.tsx";
import { Icon } from "../../elements/icon.tsx";
import { InnerLink } from "../../elements/inner_link.tsx";
import { Sheet } from "../../overlays/sheet.tsx";
import { useRuleCosts, useRules, useStoredGroups } from "../../queries/alerts.ts";
import { usePageRange, useSearchChange } from "../../state/page_range.ts";
import { useNow } from "../../state/media.ts";
import { explorePage } from "../../state/places.ts";
import { parseSorting } from "../../state/table_search.ts";
import { formatAgo, formatSpan } from "../../units/format.ts";
import { FilterBox } from "../../widgets/filter_box.tsx";
import { Picture, RefreshCorner, Skeleton } from "../../widgets/picture.tsx";
import type { RowColumn } from "../../widgets/row_columns.ts";
import { RowTable } from "../../widgets/row_table.tsx";
import { toneOf } from "./alert_groups.ts";
import { ChangeWord } from "./history/change_word.tsx";
import { ExpensiveRules } from "./expensive_rules.tsx";
import { NewRule, NoRules } from "./no_rules.tsx";
import { RuleChart } from "./rule_chart.tsx";
import { type RuleShares, ruleShares, sampleShareText, shareText } from "./rule_shares.ts";
import { RuleUnknown, UnknownMark } from "./rule_unknown.tsx";

const route = getRouteApi("/alerts");

/** Failing rules come first. */
const byState = parseSorting("state", "");

/** All rules: their state, when they were evaluated, how long that took, and why one fails. */
export function RulesTab() {
  const { q = "", open } = route.useSearch();
  const change = useSearchChange();
  const { intervalMs } = usePageRange();
  const rules = useRules(intervalMs);
  const words = useDeferredValue(q);
  const rows = useMemo(() => findRules(rules.data ?? [], words), [rules.data, words]);
  const nowMs = useNow(5_000);
  const costs = useRuleCosts();
  const shares = useMemo(() => ruleShares(rules.data ?? [], costs.data), [rules.data, costs.data]);
  const columns = useMemo(() => ruleColumns(nowMs, shares), [nowMs, shares]);
  const opened = open === undefined ? undefined : rules.data?.find((rule) => keyOf(rule) === open);
  return (
    <>
      <div className="toolbar">
        <FilterBox label="Filter rules" value={q} onChange={(text) => change({ q: text })} />
        <NewRule />
        <RefreshCorner query={rules} />
      </div>
      <Picture query={rules} skeleton={<Skeleton rows={10} height={28} />}>
        {(all) =>
          all.length === 0 ? (
            <NoRules />
          ) : (
            <>
              <ExpensiveRules
                rules={all}
                shares={shares}
                onOpen={(rule) => change({ open: keyOf(rule) })}
              />
              <RowTable
                id="rules"
                label="Rules"
                rows={rows}
                columns={columns}
                sorting={byState}
                onRow={(rule) => change({ open: keyOf(rule) })}
              />
            </>
          )
        }
      </Picture>
      {opened !== undefined && (
        <Sheet
          open
          onOpenChange={() => change({ open: "" })}
          title={opened.name}
          size="wide"
          tools={<RuleTools rule={opened} />}
        >
          <RuleDetail rule={opened} nowMs={nowMs} shares={shares} />
        </Sheet>
      )}
    </>
  );
}

/** Rules of files can be copied only: the file is where they are changed. */
function RuleTools({ rule: { file, group, place, language } }: { readonly rule: RuleRow }) {
  const navigate = useNavigate();
  const stored = useStoredGroups();
  const isStored = stored.data?.some(({ namespace, name }) => namespace === file && name === group);
  const open = (copy?: string): void => {
    const search = { ns: file, group, rule: String(place), copy };
    void navigate({ to: "/alerts/rule", search });
  };
  // The editor reads PromQL and LogQL.
  if (language !== undefined) return null;
  return (
    <>
      {isStored === true && (
        <Button icon="edit" onClick={() => open()}>
          Edit
        </Button>
      )}
      <Button icon="copy" onClick={() => open("yes")}>
        Copy
      </Button>
    </>
  );
}

function keyOf({ file, group, name, query, labels }: RuleRow): string {
  return JSON.stringify([file, group, name, query, labels]);
}

function findRules(rules: readonly RuleRow[], text: string): readonly RuleRow[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rules;
  return rules.filter((rule) => {
    const { name, group, file, query, lastError, state, health } = rule;
    const texts = [name, group, file, query, lastError, state, health, stateWord(rule)];
    const all = texts.join("\n").toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

/** Failing rules first, then unknown ones, then firing ones. */
function rankOf({ health, state, unknown }: RuleRow): number {
  if (health === "err") return 0;
  if (unknown !== undefined) return 0.5;
  const rank = ["firing", "pending", "inactive", "unknown"].indexOf(state);
  return rank < 0 ? 5 : rank + 1;
}

function RuleState({ rule }: { readonly rule: RuleRow }) {
  const { health, state, kind, labels, unknown } = rule;
  if (health === "err")
    return (
      <span className="state bad">
        <Icon name="cross" />
        fails
      </span>
    );
  if (unknown !== undefined && kind === "alerting") return <UnknownMark unknown={unknown} />;
  switch (state) {
    case "firing":
      return (
        <ChangeWord state="firing" tone={toneOf({ state, severity: labels["severity"] ?? "" })} />
      );
    case "pending":
      return <ChangeWord state="pending" />;
    default:
      return (
        <span className="quiet">{kind === "recording" && health === "ok" ? "records" : state}</span>
      );
  }
}

function stateWord({ health, state, unknown }: RuleRow): string {
  if (health === "err") return "fails";
  return unknown === undefined ? state : "unknown";
}

function ruleColumns(nowMs: number, shares: RuleShares): RowColumn<RuleRow>[] {
  return [
    {
      key: "state",
      title: "State",
      width: 96,
      value: stateWord,
      rank: rankOf,
      cell: (rule) => <RuleState rule={rule} />,
    },
    {
      key: "name",
      title: "Rule",
      minWidth: 180,
      isName: true,
      value: ({ name }) => name,
      cell: ({ name }) => <span className="clip strong">{name}</span>,
    },
    { key: "group", title: "Group", minWidth: 120, onPhone: false, value: ({ group }) => group },
    {
      key: "query",
      title: "Expression",
      minWidth: 220,
      onPhone: false,
      value: ({ query }) => query,
      cell: ({ query }) => <code className="clip">{query}</code>,
    },
    {
      key: "alerts",
      title: "Alerts",
      isNumber: true,
      width: 84,
      value: ({ alerts }) => alerts.length,
      text: ({ alerts }) => (alerts.length === 0 ? "–" : String(alerts.length)),
    },
    {
      key: "evaluated",
      title: "Evaluated",
      isTime: true,
      width: 112,
      onPhone: false,
      value: ({ evaluatedMs }) => evaluatedMs,
      text: ({ evaluatedMs }) =>
        evaluatedMs === undefined ? "not yet" : formatAgo(evaluatedMs, nowMs),
    },
    {
      key: "took",
      title: "Took",
      isNumber: true,
      width: 84,
      onPhone: false,
      value: ({ tookMs }) => tookMs,
      text: ({ tookMs }) => `${tookMs.toFixed(1)} ms`,
    },
    ...shareColumns(shares),
    {
      key: "error",
      title: "Error",
      minWidth: 160,
      onPhone: false,
      value: ({ lastError }) => lastError,
      cell: ({ lastError }) => <span className="clip state bad">{lastError}</span>,
    },
  ];
}

function shareColumns(shares: RuleShares): RowColumn<RuleRow>[] {
  return [
    {
      key: "time",
      title: "Of time",
      isNumber: true,
      width: 84,
      onPhone: false,
      value: (rule) => shares.of(rule).time,
      text: (rule) => shareText(shares.of(rule).time),
    },
    {
      key: "samples",
      title: "Of samples",
      isNumber: true,
      width: 104,
      onPhone: false,
      value: (rule) => shares.of(rule).samples,
      text: (rule) => sampleShareText(shares.of(rule)),
    },
  ];
}

function RuleDetail({
  rule,
  nowMs,
  shares,
}: {
  readonly rule: RuleRow;
  readonly nowMs: number;
  readonly shares: RuleShares;
}) {
  const { range } = usePageRange();
  const { query, forMs, keepFiringMs, labels, annotations, evaluatedMs, lastError } = rule;
  const texts = [...Object.entries(labels), ...Object.entries(annotations)];
  return (
    <>
      <dl className="facts alert-facts">
        <Fact name="State">
          <RuleState rule={rule} />
        </Fact>
        <Fact name="Group">{rule.group}</Fact>
        <Fact name="File">{rule.file}</Fact>
        {rule.kind === "alerting" && <Fact name="For">{formatSpan(forMs)}</Fact>}
        {keepFiringMs > 0 && <Fact name="Keeps firing for">{formatSpan(keepFiringMs)}</Fact>}
        <Fact name="Every">{formatSpan(rule.intervalMs)}</Fact>
        <Fact name="Of evaluation time">{shareText(shares.of(rule).time)}</Fact>
        <Fact name="Of samples read">{sampleShareText(shares.of(rule))}</Fact>
        {evaluatedMs !== undefined && (
          <Fact name="Evaluated">
            <Ago ms={evaluatedMs} nowMs={nowMs} />
          </Fact>
        )}
      </dl>
      {lastError !== "" && <p className="state bad anywhere">{lastError}</p>}
      <RuleUnknown rule={rule} nowMs={nowMs} />
      <pre className="rule-query">{query}</pre>
      {rule.language === undefined && (
        <>
          <RuleChart query={query} />
          <p>
            <InnerLink to={explorePage({ expr: query }, range)}>Explore</InnerLink>
          </p>
        </>
      )}
      {texts.length > 0 && (
        <dl className="alert-texts">
          {texts.map(([name, text]) => (
            <div key={name}>
              <dt className="quiet">{name}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
      )}
    </>
  );
}
