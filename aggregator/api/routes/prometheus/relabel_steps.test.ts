import { expect, test } from "bun:test";
import { PromqlError } from "#shared/query_language/promql/errors.ts";
import { relabelSteps } from "./relabel_steps.ts";

const pool = `
job_name: node
relabel_configs:
  - source_labels: [__address__]
    regex: "([^:]+):.*"
    target_label: host
  - action: keep
    source_labels: [env]
    regex: prod
  - action: labeldrop
    regex: env
`;

test("every rule is shown with what it made of the labels", () => {
  const steps = relabelSteps(pool, '{"__address__":"web-1:9100","env":"prod"}');
  expect(steps).toEqual([
    {
      rule: {
        source_labels: ["__address__"],
        separator: ";",
        regex: "([^:]+):.*",
        target_label: "host",
        replacement: "$1",
        action: "replace",
      },
      output: { __address__: "web-1:9100", env: "prod", host: "web-1" },
      keep: true,
    },
    {
      rule: {
        source_labels: ["env"],
        separator: ";",
        regex: "prod",
        replacement: "$1",
        action: "keep",
      },
      output: { __address__: "web-1:9100", env: "prod", host: "web-1" },
      keep: true,
    },
    {
      rule: { separator: ";", regex: "env", replacement: "$1", action: "labeldrop" },
      output: { __address__: "web-1:9100", host: "web-1" },
      keep: true,
    },
  ]);
});

test("a rule that drops the target is the last step", () => {
  const steps = relabelSteps(pool, '{"__address__":"web-1:9100","env":"test"}');
  expect(steps.map(({ keep }) => keep)).toEqual([true, false]);
});

test("labels that are no object of texts are refused", () => {
  for (const labels of ["", "[]", '{"a":1}', "{"])
    expect(() => relabelSteps(pool, labels)).toThrow(PromqlError);
});
