import { z } from "zod";
import { type ParameterDocument, parametersOf, parametersOfOperation } from "./openapi.ts";
import { operations } from "./operations.ts";
import { PostedMetric, PostedMetricsDocument } from "#shared/model/posted_metrics.ts";
import type { openapiDocument } from "./openapi.ts";

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
code{font:0.9em ui-monospace,monospace}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #8884;vertical-align:top}`;

/** The same as the document, for people. Needs nothing from elsewhere. */
export function docsPage({ info }: ReturnType<typeof openapiDocument>): string {
  const sections = operations.map((operation) => {
    const { method, path, summary, description: more = "" } = operation;
    const rows = fieldsOf(operation).map(
      ({ name, required, description }) =>
        `<tr><td><code>${escaped(name)}</code></td><td>${required ? "yes" : ""}</td><td>${escaped(description)}</td></tr>`,
    );
    const name = `${method.toUpperCase()} ${path}`;
    return `<h2><code>${escaped(name)}</code></h2><p>${escaped(summary)}. ${escaped(more)}</p>
<table><thead><tr><th>${operation.body === PostedMetricsDocument ? "of each entry" : "parameter"}</th><th>needed</th><th>meaning</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
  });
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Lapwing's API</title><style>${style}</style></head><body><h1>Lapwing's API</h1>
<p>Version ${escaped(info.version)}. For machines: <a href="/api/docs/openapi.json">openapi.json</a> (OpenAPI 3.1).
Beside this, Prometheus's API answers under <code>/api/v1</code> and Loki's under <code>/loki/api/v1</code>.</p>
${sections.join("\n")}</body></html>`;
}

/** Parameters, then what the body holds, or an entry of its list. */
function fieldsOf(operation: (typeof operations)[number]): ParameterDocument[] {
  const { body } = operation;
  const own = parametersOfOperation(operation);
  if (body === PostedMetricsDocument) return [...own, ...parametersOf(PostedMetric.unwrap())];
  return body instanceof z.ZodObject ? [...own, ...parametersOf(body)] : own;
}

function escaped(text: string): string {
  return Bun.escapeHTML(text);
}
