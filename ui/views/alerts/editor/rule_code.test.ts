import { expect, test } from "bun:test";
import { parse } from "yaml";
import { messageOf } from "#shared/errors.ts";
import { fileOfRule, groupWithRule, groupWithoutRule, readGroupCode } from "./group_code.ts";
import { backtestOf, draftFaults, draftOfWritten, emptyDraft, writtenRule } from "./rule_draft.ts";

const draft = {
  ...emptyDraft,
  name: "Full",
  expr: "queue > 5",
  labels: [
    { name: "team", value: "mail" },
    { name: "", value: "" },
  ],
  annotations: [{ name: "summary", value: "{{ $value }} wait" }],
};
const written = {
  alert: "Full",
  expr: "queue > 5",
  for: "5m",
  labels: { severity: "warning", team: "mail" },
  annotations: { summary: "{{ $value }} wait" },
};

test("a draft is written as a rule, without what is empty, and read back", () => {
  expect(writtenRule(draft)).toEqual(written);
  expect(writtenRule({ ...draft, for: "0s", severity: "", labels: [], annotations: [] })).toEqual({
    alert: "Full",
    expr: "queue > 5",
  });
  expect(writtenRule({ ...draft, kind: "recording", name: "a:b" })).toEqual({
    record: "a:b",
    expr: "queue > 5",
    labels: { team: "mail" },
  });
  expect(writtenRule(draftOfWritten(written, "promql"))).toEqual(written);
});

test("a rule's file is one of Prometheus's", () => {
  expect(parse(fileOfRule(draft))).toEqual({ groups: [{ name: "metrics", rules: [written] }] });
});

const group = `name: metrics
interval: 30s
rules:
  # the first
  - alert: One
    expr: up == 0
  - record: two
    expr: sum(up)
`;

test("a rule goes to the end of its group, or replaces one; comments stay", () => {
  const added = groupWithRule(group, { ...draft, interval: "30s" }, undefined);
  expect(added).toContain("# the first");
  expect(readGroupCode(added)).toEqual({
    interval: "30s",
    rules: [{ alert: "One", expr: "up == 0" }, { record: "two", expr: "sum(up)" }, written],
  });
  expect(readGroupCode(groupWithRule(group, draft, undefined)).interval).toBe("30s");
  const replaced = groupWithRule(group, draft, { place: 1, name: "two" });
  expect(readGroupCode(replaced).rules).toEqual([{ alert: "One", expr: "up == 0" }, written]);
  expect(readGroupCode(replaced).interval).toBe("");
  expect(readGroupCode(groupWithRule(undefined, draft, undefined)).rules).toEqual([written]);
});

test("the last rule takes its group along", () => {
  const left = groupWithoutRule(group, { place: 0, name: "One" });
  expect(readGroupCode(left ?? "").rules).toEqual([{ record: "two", expr: "sum(up)" }]);
  expect(groupWithoutRule(left ?? "", { place: 0, name: "two" })).toBeUndefined();
});

test("a rule that another person moved is not overwritten", () => {
  const moved = { place: 0, name: "two" };
  for (const act of [
    () => groupWithRule(group, draft, moved),
    () => groupWithoutRule(group, moved),
  ]) {
    let message = "";
    try {
      act();
    } catch (thrown) {
      message = messageOf(thrown);
    }
    expect(message).toContain("changed meanwhile");
  }
});

test("faults of fields are found all at once", () => {
  expect(
    draftFaults({ ...draft, name: "", for: "soon", labels: [{ name: "a-b", value: "c" }] }),
  ).toEqual({
    name: "expected a name",
    for: "expected a duration such as 5m",
    labels: '"a-b": expected letters, digits and _',
  });
  expect(draftFaults(draft)).toEqual({});
  expect(draftFaults({ ...draft, kind: "recording", name: "a b" }).name).toContain("metric's name");
});

test("a preview takes the durations that are set, and defaults for the others", () => {
  expect(backtestOf({ ...draft, name: "", for: "", interval: "30s" })).toMatchObject({
    name: "Alert",
    for: "0s",
    keep_firing_for: "0s",
    interval: "30s",
  });
  expect(backtestOf({ ...draft, interval: "1s" }).interval).toBe("5s");
});
