import { messageOf } from "#shared/errors.ts";
import { histogramLine } from "#shared/model/histogram_text.ts";
import type { Labels } from "#shared/model/labels.ts";
import {
  alertFunctionNames,
  alertFunctions,
  labelsValue,
  type TemplateSample,
} from "#shared/template/alert_functions.ts";
import { executeOnData } from "#shared/template/execute.ts";
import type { TemplateNode } from "#shared/template/nodes.ts";
import { parseNamedTemplates } from "#shared/template/parse.ts";
import { textOf } from "#shared/template/text.ts";
import type { Value } from "#shared/template/values.ts";
import type { RuleSample } from "./rule.ts";

/** Queries that the templates of one alert may make. */
const queriesMax = 50;

/** As Prometheus puts them before each template. */
const variables =
  "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}";

type Parsed = {
  readonly nodes: readonly TemplateNode[];
  readonly named: ReadonlyMap<string, readonly TemplateNode[]>;
};

/** What templates of a rule see besides the sample. */
export type TextScope = {
  readonly externalLabels: Labels;
  readonly externalUrl: string;
  /** The time of the evaluation, Unix milliseconds. */
  readonly timeMs: number;
  /** Samples of a PromQL query at that time. */
  readonly query: (text: string) => Promise<readonly TemplateSample[]>;
};

/** Thrown out of a template whose query is not answered yet. */
class QueryNeeded extends Error {
  readonly text: string;

  constructor(text: string) {
    super("the answer of a query is needed");
    this.text = text;
  }
}

/** Reads a text with the variables and functions of Prometheus's rules. Throws TemplateError. */
export function parseAlertText(source: string): Parsed {
  const named = new Map<string, readonly TemplateNode[]>();
  return { nodes: parseNamedTemplates(variables + source, alertFunctionNames, named), named };
}

/** A label or annotation of an alerting rule, read once. */
export class AlertText {
  readonly #source: string;
  readonly #parsed: Parsed | undefined;
  readonly #fault: string;

  constructor(source: string) {
    this.#source = source;
    let [parsed, fault]: [Parsed | undefined, string] = [undefined, ""];
    try {
      if (source.includes("{{")) parsed = parseAlertText(source);
    } catch (thrown) {
      fault = messageOf(thrown);
    }
    this.#parsed = parsed;
    this.#fault = fault;
  }

  /** The text for a sample. A failure stands in it, in Prometheus's words. */
  async expand(sample: RuleSample, scope: TextScope): Promise<string> {
    if (this.#fault !== "") return failed(this.#fault);
    if (this.#parsed === undefined) return this.#source;
    const answers = new Map<string, readonly TemplateSample[]>();
    const parts = { ...this.#parsed, data: dataOf(sample, scope), scope, answers };
    for (let queries = 0; queries <= queriesMax; queries++) {
      try {
        return execute(parts);
      } catch (thrown) {
        if (!(thrown instanceof QueryNeeded)) return failed(messageOf(thrown));
        try {
          answers.set(thrown.text, await scope.query(thrown.text));
        } catch (cause) {
          return failed(`error calling query: ${messageOf(cause)}`);
        }
      }
    }
    return failed(`more than ${queriesMax} queries`);
  }
}

function failed(reason: string): string {
  return `<error expanding template: ${reason}>`;
}

type Execution = Parsed & {
  readonly data: Value;
  readonly scope: TextScope;
  readonly answers: ReadonlyMap<string, readonly TemplateSample[]>;
};

function execute({ nodes, named, data, scope, answers }: Execution): string {
  const query = (text: string): readonly TemplateSample[] => {
    const answer = answers.get(text);
    if (answer === undefined) throw new QueryNeeded(text);
    return answer;
  };
  const { externalUrl, timeMs: nowMs } = scope;
  const functions = alertFunctions({ query, externalUrl, nowMs });
  return executeOnData(nodes, data, { functions, named });
}

function dataOf({ labels, value, histogram }: RuleSample, scope: TextScope): Value {
  return {
    Labels: labelsValue(labels),
    ExternalLabels: labelsValue(scope.externalLabels),
    ExternalURL: scope.externalUrl,
    Value: histogram === undefined ? value : histogramLine(histogram, textOf),
  };
}
