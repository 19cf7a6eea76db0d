import type { Dashboard, Panel, PanelQuery } from "#shared/dashboards/dashboard.ts";
import { OperatingError } from "#shared/errors.ts";
import { labelsKey } from "#shared/model/labels.ts";
import type { Frame } from "../../frames/frame.ts";
import { panelOf } from "../edit/change.ts";
import { transform } from "../model/transform.ts";
import type { AnswerState } from "./answer_store.ts";
import { answerExpressions, filledExpressions, neededRefs, type Complaint } from "./expressions.ts";
import {
  momentOf,
  questionsOf,
  type PanelMoment,
  type Question,
  type RunScope,
} from "./question.ts";

/** What a panel asks, and what it takes from other panels. */
export type PanelPlan = {
  readonly panel: Panel;
  readonly questions: readonly Question[];
  /** By the ref of the query that takes another panel's answer. */
  readonly others: ReadonlyMap<string, PanelPlan>;
  /** What is computed over the answers, with variables filled in. */
  readonly expressions: readonly PanelQuery[];
  /** The panel's own window, step and variables, when the plan was made. */
  readonly moment: PanelMoment;
};

/** A panel may take the answer of one that takes another's: no deeper than this. */
const depthMax = 3;

export function planOf(
  dashboard: Dashboard,
  panel: Panel,
  scope: RunScope,
  points: number,
  nowMs: number,
  depth = 0,
): PanelPlan {
  const others = new Map<string, PanelPlan>();
  const needed = neededRefs(panel);
  for (const query of panel.queries) {
    if (query.source !== "panel" || !needed.has(query.ref) || depth >= depthMax) continue;
    const source = panelOf(dashboard, Number(query.options?.["panel"]));
    if (source === undefined || source.id === panel.id) continue;
    others.set(query.ref, planOf(dashboard, source, scope, points, nowMs, depth + 1));
  }
  const moment = momentOf(panel, scope, points, nowMs);
  const questions = questionsOf(panel, scope, points, moment);
  const expressions = filledExpressions(panel, needed, moment.variables);
  return { panel, questions, others, expressions, moment };
}

/** All questions of a plan, those of other panels after its own. */
export function allQuestions(plan: PanelPlan): readonly Question[] {
  return [...plan.questions, ...[...plan.others.values()].flatMap(allQuestions)];
}

/** The moments of a plan and of the other panels that it takes from. */
export function allMoments(plan: PanelPlan): readonly PanelMoment[] {
  return [plan.moment, ...[...plan.others.values()].flatMap(allMoments)];
}

/** What came of a plan's questions. */
export type PanelAnswer = {
  /** Before transformations. */
  readonly raw: readonly Frame[];
  /** After them. */
  readonly frames: readonly Frame[];
  /** What is to be said: failed queries, unknown transformations. */
  readonly complaints: readonly Complaint[];
};

/** The frames of a panel: answers in the order of its queries, expressions over them, then its transformations. */
export function answerOf(plan: PanelPlan, stateOf: (key: string) => AnswerState): PanelAnswer {
  const complaints: Complaint[] = [];
  const byRef = new Map<string, readonly Frame[]>();
  for (const question of plan.questions) {
    const { answered, error } = stateOf(question.key);
    if (error !== undefined) complaints.push({ ref: question.ref, error });
    const frames = withRef(answered?.frames ?? [], question.ref);
    const before = byRef.get(question.ref);
    byRef.set(question.ref, before === undefined ? frames : withMore(before, frames));
  }
  for (const [ref, other] of plan.others) {
    const answer = answerOf(other, stateOf);
    const query = plan.panel.queries.find((each) => each.ref === ref);
    const wantsRaw = query?.options?.["transformed"] === false;
    byRef.set(ref, withRef(wantsRaw ? answer.raw : answer.frames, ref));
    complaints.push(...answer.complaints.map(({ error }) => ({ ref, error })));
  }
  for (const query of plan.panel.queries) {
    if (query.source === "unsupported" && query.hidden !== true) {
      complaints.push({ ref: query.ref, error: unsupported(query) });
    }
  }
  complaints.push(...answerExpressions(plan, byRef, complaints));
  const raw = plan.panel.queries.flatMap((query) =>
    query.hidden === true ? [] : (byRef.get(query.ref) ?? []),
  );
  const unknown: string[] = [];
  const frames = transform(raw, plan.panel.transformations, (id) => unknown.push(id));
  for (const id of new Set(unknown)) {
    const error = new Error(`the transformation "${id}" is not known and left out`);
    complaints.push({ ref: "", error });
  }
  return { raw, frames, complaints };
}

function unsupported(query: PanelQuery): Error {
  const type = query.options?.["type"];
  const name = typeof type === "string" ? `"${type}"` : "another data source";
  return new OperatingError("bad_request", `it asks ${name}, which Lapwing does not have`);
}

/** What only the second answer to a query has: series that began after the last point of the range. */
function withMore(range: readonly Frame[], instant: readonly Frame[]): readonly Frame[] {
  const known = new Set(range.map(seriesKey));
  return [...range, ...instant.filter((frame) => !known.has(seriesKey(frame)))];
}

function seriesKey({ fields }: Frame): string {
  return fields.map(({ name, labels }) => `${name}\u0000${labelsKey(labels)}`).join("\u0001");
}

/** Answers are shared between panels, in which their queries may have other names. */
function withRef(frames: readonly Frame[], ref: string): readonly Frame[] {
  return frames.map((frame) => (frame.ref === ref ? frame : { ...frame, ref }));
}
