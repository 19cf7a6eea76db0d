import { expect, test } from "bun:test";
import { annotationQuestion } from "./annotation_question.ts";

test("an annotation's expression is filled in with what is chosen, and with the step and the range", () => {
  const chosen = { values: ["web"], texts: ["web"], all: false };
  const scope = {
    range: { from: "now-1h", to: "now" },
    timeZone: "utc",
    variables: new Map([["job", chosen]]),
    filtered: (expr: string) => `${expr} # filtered`,
    dashboard: { title: "T", uid: "u" },
  };
  const source = {
    name: "Restarts",
    enabled: true,
    hidden: false,
    color: "accent",
    source: "metrics",
    expr: 'changes(start{job="$job"}[$__interval]) or increase(start[$__range])',
    tags: [],
    panels: [],
  } as const;
  const window = { startMs: 0, endMs: 3_600_000 };
  const asked = annotationQuestion({ ...source, tags: [], panels: [], step: "60s" }, scope, window);
  expect(asked).toMatchObject({
    expr: 'changes(start{job="web"}[1m]) or increase(start[3600s]) # filtered',
    stepMs: 60_000,
    window,
  });
  const none = { ...source, tags: [], panels: [], expr: " " };
  expect(annotationQuestion(none, scope, window)).toBeUndefined();
});
