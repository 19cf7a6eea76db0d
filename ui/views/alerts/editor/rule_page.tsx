import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useDeferredValue, useEffect, useMemo, useState } from "react";
import type { RuleRow } from "../../../client/alerting.ts";
import { sourceOfLanguage, type StoredGroup } from "../../../client/rules.ts";
import { Button } from "../../../elements/buttons.tsx";
import { InnerLink } from "../../../elements/inner_link.tsx";
import { ConfirmDialog } from "../../../overlays/dialog.tsx";
import { useRules, useStoredGroups } from "../../../queries/alerts.ts";
import { usePageTitle } from "../../../state/page_title.ts";
import { explorePage } from "../../../state/places.ts";
import { parsePromql } from "../../../promql/parse.ts";
import { CopyButton } from "../../../widgets/copy_button.tsx";
import { download, fileName } from "../../../frames/export.ts";
import { ErrorText } from "../../../widgets/error_text.tsx";
import { Empty, Picture, Skeleton } from "../../../widgets/picture.tsx";
import { fileOfRule, readGroupCode } from "./group_code.ts";
import {
  defaultGroup,
  draftFaults,
  draftOfRow,
  draftOfWritten,
  emptyDraft,
  type RuleDraft,
} from "./rule_draft.ts";
import { RuleFields } from "./rule_form.tsx";
import { RulePreview, useBacktest } from "./rule_preview.tsx";
import { useSave, type StoredPlace } from "./use_save.ts";

const route = getRouteApi("/alerts/rule");
/** What is typed is tried when it stands for so long. */
const settleMs = 400;

/** Where an edit begins. */
type Opened = { readonly draft: RuleDraft; readonly changed: StoredPlace | undefined };

/** Makes a rule, or changes one that is kept here; one of a file can be copied. */
export function RulePage() {
  const search = route.useSearch();
  const { ns, group, rule, copy } = search;
  const stored = useStoredGroups();
  const rules = useRules(0);
  const isNew = ns === undefined;
  const opened = useMemo((): Opened | undefined => {
    if (ns === undefined || group === undefined)
      return { draft: newDraft(search), changed: undefined };
    if (stored.data === undefined || rules.data === undefined) return undefined;
    const place = { ns, group, place: Number(rule ?? 0), isCopy: copy !== undefined };
    return openedRule(stored.data, rules.data, place);
    // What is typed must not be lost when the rules are asked again.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [ns, group, rule, copy, stored.data === undefined, rules.data === undefined]);
  if (isNew && opened !== undefined) return <Editor opened={opened} stored={stored.data ?? []} />;
  return (
    <Picture query={rules} skeleton={<Skeleton rows={8} height={36} />}>
      {() => (
        <Picture query={stored} skeleton={<Skeleton rows={8} height={36} />}>
          {(groups) =>
            opened === undefined ? (
              <Empty title="No such rule">
                It was deleted or moved. <InnerLink to="/alerts?tab=rules">All rules</InnerLink>
              </Empty>
            ) : (
              <Editor
                key={JSON.stringify([ns, group, rule, copy])}
                opened={opened}
                stored={groups}
              />
            )
          }
        </Picture>
      )}
    </Picture>
  );
}

function newDraft({
  expr = "",
  lang = "promql",
  name = "",
}: ReturnType<typeof route.useSearch>): RuleDraft {
  return { ...emptyDraft, expr, language: lang, name, group: defaultGroup(lang) };
}

function openedRule(
  stored: readonly StoredGroup[],
  rules: readonly RuleRow[],
  at: {
    readonly ns: string;
    readonly group: string;
    readonly place: number;
    readonly isCopy: boolean;
  },
): Opened | undefined {
  const row = rules.find(
    ({ file, group, place }) => file === at.ns && group === at.group && place === at.place,
  );
  const own = stored.find(({ namespace, name }) => namespace === at.ns && name === at.group);
  const written = own === undefined ? undefined : readGroupCode(own.yaml);
  const rule = written?.rules[at.place];
  // The editor reads PromQL and LogQL.
  if (row?.language !== undefined) return undefined;
  if (own === undefined || rule === undefined) {
    if (row === undefined) return undefined;
    const copied = draftOfRow(row, languageOf(row.query));
    return { draft: { ...copied, name: copyName(copied) }, changed: undefined };
  }
  const language = own.language === "auto" ? languageOf(rule.expr) : own.language;
  const draft = {
    ...draftOfWritten(rule, language),
    namespace: at.ns,
    group: at.group,
    interval: written?.interval ?? "",
  };
  if (at.isCopy) return { draft: { ...draft, name: copyName(draft) }, changed: undefined };
  const place = { place: at.place, name: draft.name };
  return { draft, changed: { ...place, namespace: at.ns, group: at.group, language } };
}

function languageOf(expr: string): RuleDraft["language"] {
  return parsePromql(expr).expr === undefined ? "logql" : "promql";
}

function copyName({ kind, name }: RuleDraft): string {
  return kind === "alerting" ? `${name} copy` : `${name}:copy`;
}

/** The value when it has not changed for a while. */
function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), settleMs);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

function Editor({
  opened,
  stored,
}: {
  readonly opened: Opened;
  readonly stored: readonly StoredGroup[];
}) {
  const { changed } = opened;
  const [draft, setDraft] = useState(opened.draft);
  const navigate = useNavigate();
  const done = (): void => void navigate({ to: "/alerts", search: { tab: "rules" } });
  const { save, remove, failure, isBusy } = useSave(changed, done);
  const settled = useSettled(draft);
  const backtest = useBacktest(settled);
  const before = useBacktest(opened.draft, changed !== undefined);
  const faults = useMemo(() => draftFaults(draft), [draft]);
  const known = useMemo(() => knownPlaces(stored, draft.namespace), [stored, draft.namespace]);
  usePageTitle(changed === undefined ? "New rule" : changed.name);
  return (
    <form
      className="page rule-page"
      aria-label="Rule"
      onSubmit={(event) => {
        event.preventDefault();
        if (Object.keys(faults).length === 0 && !isBusy) void save(draft);
      }}
    >
      <div className="rule-form">
        <RuleFields
          draft={draft}
          faults={faults}
          known={known}
          error={draft.expr === settled.expr ? backtest.error : undefined}
          onChange={(part) => setDraft((now) => ({ ...now, ...part }))}
        />
        {failure !== undefined && <ErrorText error={failure} what="The rule was not saved" />}
        <Actions
          isNew={changed === undefined}
          isReady={Object.keys(faults).length === 0 && !isBusy}
          onCancel={done}
          onDelete={() => void remove()}
        />
      </div>
      <div className="rule-side">
        <RulePreview
          draft={settled}
          backtest={backtest}
          before={changed === undefined ? undefined : before.data}
        />
        <RuleCode draft={settled} />
      </div>
    </form>
  );
}

function knownPlaces(stored: readonly StoredGroup[], namespace: string) {
  const groups = stored.filter((one) => one.namespace === namespace).map(({ name }) => name);
  return { namespaces: [...new Set(stored.map((one) => one.namespace))], groups };
}

function Actions({
  isNew,
  isReady,
  onCancel,
  onDelete,
}: {
  readonly isNew: boolean;
  readonly isReady: boolean;
  readonly onCancel: () => void;
  readonly onDelete: () => void;
}) {
  const [isAsked, setAsked] = useState(false);
  return (
    <div className="toolbar">
      <button type="submit" className="button primary" disabled={!isReady}>
        {isNew ? "Create the rule" : "Save the rule"}
      </button>
      <Button onClick={onCancel}>Cancel</Button>
      <span className="spacer" />
      {!isNew && (
        <Button kind="danger" icon="trash" onClick={() => setAsked(true)}>
          Delete
        </Button>
      )}
      <ConfirmDialog
        open={isAsked}
        onOpenChange={setAsked}
        title="Delete this rule"
        text="Its alerts are resolved. What it recorded or fired before stays stored."
        verb="Delete the rule"
        danger
        onConfirm={onDelete}
      />
    </div>
  );
}

/** The rule as a file, to be kept with code. */
function RuleCode({ draft }: { readonly draft: RuleDraft }) {
  const shown = useDeferredValue(draft);
  const code = useMemo(() => fileOfRule(shown), [shown]);
  const source = sourceOfLanguage[shown.language];
  return (
    <details className="rule-code">
      <summary>As code</summary>
      <div className="toolbar">
        <CopyButton label="Copy the rule as YAML" text={code} word="Copy" />
        <Button
          icon="download"
          onClick={() => download(`${fileName(shown.name)}.yaml`, "application/yaml", code)}
        >
          Download
        </Button>
        {shown.expr.trim() !== "" && (
          <InnerLink className="link" to={explorePage({ expr: shown.expr, source })}>
            Explore the expression
          </InnerLink>
        )}
      </div>
      <pre className="rule-query">{code}</pre>
    </details>
  );
}
