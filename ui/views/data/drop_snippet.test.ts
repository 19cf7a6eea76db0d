import { expect, test } from "bun:test";
import { parse } from "yaml";
import { dropLabel, dropMetric, labelSelector, selectorOf } from "./drop_snippet.ts";

test("dropMetric() writes a rule that fits this metric alone", () => {
  expect(parse(dropMetric("http.server(x)"))).toEqual({
    scrape_configs: [
      {
        job_name: "...",
        metric_relabel_configs: [
          { source_labels: ["__name__"], regex: "http\\.server\\(x\\)", action: "drop" },
        ],
      },
    ],
  });
});

test("dropLabel() keeps a name that YAML would read as something else a text", () => {
  const [job] = parse(dropLabel("no")).scrape_configs;
  expect(job.metric_relabel_configs).toEqual([{ regex: "no", action: "labeldrop" }]);
});

test("selectors quote what PromQL takes only in quotes", () => {
  expect(selectorOf("node_load1")).toBe("node_load1");
  expect(selectorOf('a"b.c')).toBe('{"a\\"b.c"}');
  expect(labelSelector("job", 'a"b')).toBe('{job="a\\"b"}');
  expect(labelSelector("http.route")).toBe('{"http.route"!=""}');
});
