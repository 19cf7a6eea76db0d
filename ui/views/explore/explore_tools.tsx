import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { framesToCsv, framesToJson, framesToText } from "../../frames/export.ts";
import { showToast } from "../../overlays/toast.ts";
import { Menu } from "../../overlays/menu.tsx";
import { copyText } from "../../widgets/copy_button.tsx";
import { exportEntries } from "../../widgets/export_menu.tsx";
import { newRulePage } from "../../state/places.ts";
import { Icon } from "../../elements/icon.tsx";
import { curlOf } from "./curl.ts";
import { AddToDashboard } from "./add_to_dashboard.tsx";
import type { ExploreState } from "./explore_search.ts";
import { pictureId } from "./results.tsx";
import type { OpenSheet } from "./sheets.tsx";
import type { Answer } from "./use_answers.ts";

type Props = {
  readonly state: ExploreState;
  readonly answers: readonly Answer[];
  readonly onOpen: (sheet: OpenSheet) => void;
};

/** What can be done with the page as a whole. */
export function ExploreTools({ state, answers, onOpen }: Props) {
  const [isAdding, setIsAdding] = useState(false);
  const hasAnswer = answers.some(({ good }) => good !== undefined);
  const first = state.queries.find(({ hidden }) => !hidden)?.ref ?? "A";
  return (
    <div className="toolbar explore-tools">
      <button
        type="button"
        className="button"
        onClick={() => onOpen({ kind: "metrics", ref: first })}
      >
        <Icon name="list" />
        Metrics
      </button>
      <button type="button" className="button" onClick={() => onOpen({ kind: "library" })}>
        <Icon name="clock" />
        <span>
          History<span className="wide-words"> and saved</span>
        </span>
      </button>
      <span className="grow" />
      <button
        type="button"
        className="button"
        disabled={!hasAnswer}
        onClick={() => onOpen({ kind: "inspect", ref: first })}
      >
        <Icon name="info" />
        <span className="wide-words">Inspect</span>
      </button>
      <button
        type="button"
        className="button"
        disabled={!hasAnswer}
        onClick={() => setIsAdding(true)}
      >
        <Icon name="plus" />
        <span className="wide-words">Add to dashboard</span>
      </button>
      <CreateAlert state={state} />
      <ShareMenu answers={answers} />
      {isAdding && <AddToDashboard state={state} onClose={() => setIsAdding(false)} />}
    </div>
  );
}

/** Opens the editor of rules with the first query that is shown. */
function CreateAlert({ state }: Pick<Props, "state">) {
  const navigate = useNavigate();
  const expr = state.queries.find((query) => !query.hidden && query.expr.trim() !== "")?.expr;
  return (
    <button
      type="button"
      className="button"
      disabled={expr === undefined}
      onClick={() => void navigate({ href: newRulePage({ expr: expr ?? "" }) })}
    >
      <Icon name="alerts" />
      <span className="wide-words">Create alert</span>
    </button>
  );
}

/** The page as a link, its requests, and its answers as files. */
function ShareMenu({ answers }: { readonly answers: readonly Answer[] }) {
  const good = answers.flatMap((answer) => answer.good ?? []);
  const frames = (): ReturnType<typeof framesOf> => framesOf(answers);
  return (
    <Menu
      label="Share"
      trigger={
        <button type="button" className="button">
          <Icon name="link" />
          <span className="wide-words">Share</span>
        </button>
      }
      entries={[
        {
          label: "Copy link",
          icon: "link",
          onSelect: () => void copied("Link", location.href),
        },
        {
          label: "Copy as curl",
          icon: "code",
          disabled: good.length === 0,
          onSelect: () =>
            void copied("Command", good.map(({ address }) => curlOf(address)).join("\n")),
        },
        ...(good.length === 0
          ? []
          : exportEntries({
              name: "explore",
              csv: () => framesToCsv(frames()),
              json: () => framesToJson(frames()),
              table: () => framesToText(frames()),
              element: () => document.getElementById(pictureId),
            })),
      ]}
    />
  );
}

function framesOf(answers: readonly Answer[]) {
  return answers.flatMap(({ good }) => good?.frames ?? []);
}

async function copied(what: string, text: string): Promise<void> {
  if (await copyText(text)) showToast({ state: "good", title: `${what} copied` });
}
