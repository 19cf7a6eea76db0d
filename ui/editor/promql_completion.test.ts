import { CompletionContext } from "@codemirror/autocomplete";
import { EditorState } from "@codemirror/state";
import { PromQLExtension } from "@prometheus-io/codemirror-promql/dist/esm/index.js";
import { expect, test } from "bun:test";
import type { SearchRequest } from "../client/search.ts";
import { type CompletionSource, promqlCompletion } from "./promql_completion.ts";

const window = { startMs: 0, endMs: 3_600_000 };

/** Completes at "|", over a source that tells what it was asked. */
async function complete(marked: string, more = false) {
  const asked: string[] = [];
  const told = (kind: string, { text, match }: SearchRequest): void => {
    asked.push(`${kind} "${text}" ${match.join(" ")}`.trimEnd());
  };
  const source: CompletionSource = {
    metrics: async (request) => {
      told("metrics", request);
      const metric = { name: "http_requests_total", type: "counter", help: "Of HTTP.", unit: "" };
      return { results: [metric, { ...metric, name: "up", unit: "seconds" }], more };
    },
    labelNames: async (request) => {
      told("labels", request);
      return { results: ["job", "instance"], more };
    },
    labelValues: async (label, request) => {
      told(`values of ${label}`, request);
      return { results: ["web", 'a "b"'], more };
    },
  };
  const strategy = promqlCompletion(() => window, source);
  const pos = marked.indexOf("|");
  const extension = new PromQLExtension().setComplete({ completeStrategy: strategy });
  const state = EditorState.create({
    doc: marked.replace("|", ""),
    extensions: extension.asExtension(),
  });
  const result = await strategy.promQL(new CompletionContext(state, pos, true));
  return { asked, result, options: result?.options ?? [] };
}

test("promqlCompletion() searches metrics by what is typed, with type, unit and help", async () => {
  const { asked, options } = await complete("rate(http|");
  expect(asked).toEqual(['metrics "http"']);
  expect(options.find(({ label }) => label === "http_requests_total")).toMatchObject({
    detail: "counter",
    info: "Of HTTP.",
  });
  expect(options.find(({ label }) => label === "up")?.detail).toBe("counter · seconds");
  expect(options.some(({ label }) => label === "histogram_quantile")).toBe(true);
});

test("promqlCompletion() asks for the labels of the metric alone", async () => {
  const { asked, options } = await complete("up{j|");
  expect(asked).toEqual(['labels "j" {__name__="up"}']);
  expect(options.map(({ label }) => label)).toEqual(["job", "instance"]);
});

test("promqlCompletion() asks for values that the other matchers leave, and escapes them", async () => {
  const { asked, options } = await complete('up{instance=~"a.+",job="w|"}');
  expect(asked).toEqual(['values of job "w" {__name__="up","instance"=~"a.+"}']);
  expect(options[1]).toMatchObject({ label: 'a "b"', apply: String.raw`a \"b\"` });
});

test("promqlCompletion() asks anew at the next letter only where there is more", async () => {
  expect((await complete("ht|")).result?.validFor).toBeDefined();
  expect((await complete("ht|", true)).result?.validFor).toBeUndefined();
});
