import { createHash } from "node:crypto";
import { html, raw } from "hono/html";
import { hostCharts } from "./charts.ts";
import type { HostRing } from "./host_ring.ts";
import { logLineText } from "./log_line.ts";
import { pageStyle } from "./page_style.ts";
import { countText, spanText, timeText } from "./plain_text.ts";
import type { AgentStatus } from "./status.ts";
import { troublesOf } from "./status.ts";
import {
  aggregatorText,
  clockText,
  droppedText,
  labelsText,
  listed,
  rulesText,
  spoolText,
  targetsText,
  troubleRows,
} from "./status_text.ts";

export const pageHeaders = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  // No script, nothing from elsewhere, and only this style.
  "content-security-policy": `default-src 'none'; style-src 'sha256-${createHash("sha256").update(pageStyle).digest("base64")}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
} as const;

const rowsMax = 50;

/** The status as a page without scripts; what came from outside is text in it, never markup. */
export async function statusPage(
  status: AgentStatus,
  ring: HostRing,
  isHeld: boolean,
): Promise<string> {
  const { name, version, startedMs, nowMs } = status;
  const troubles = troublesOf(status);
  const isWell = troubles.length === 0;
  const page = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${isWell ? "" : "(!) "}${name} - Lapwing agent</title>
        <link rel="icon" href="data:," />
        ${raw(`<style>${pageStyle}</style>`)}
      </head>
      <body>
        <header>
          <h1>${name}</h1>
          <p>Lapwing agent ${version}, up ${spanText(nowMs - startedMs)}</p>
          <p class="quiet">
            as of ${timeText(nowMs)};
            ${isHeld ? html`<a href="/agent">keep it up to date</a>` : html`<a href="/agent?hold=1">hold</a>`}
          </p>
        </header>
        <main>
          <p class="state ${isWell ? "good" : "bad"}">
            ${isWell ? "All is well." : sentence(troubles)}
          </p>
          <dl>
            ${factsOf(status).map(
              ([term, text]) =>
                html`<dt>${term}</dt>
                  <dd>${text}</dd>`,
            )}
          </dl>
          <h2>The last hour of this host</h2>
          <div class="charts">${hostCharts(ring, nowMs)}</div>
          ${section("Local rules", ["rule", "state", "for", "about"], ruleRows(status))}
          ${section("Not well", ["what", "which", "state", "why"], troubleRows(status))}
          ${section("Signals", ["signal", "collected", "waiting", "oldest", "dropped", "disk"], laneRows(status), [1, 2])}
          <h2>Log of the agent: warnings and errors</h2>
          ${
            status.recentLog.length === 0
              ? html`<p class="quiet">none</p>`
              : html`<ol>
                  ${status.recentLog.toReversed().map((line) => html`<li>${logLineText(line)}</li>`)}
                </ol>`
          }
        </main>
      </body>
    </html> `;
  return page.toString();
}

function sentence(troubles: readonly string[]): string {
  const text = troubles.join(", ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function factsOf(status: AgentStatus): (readonly [string, string])[] {
  return [
    ["Aggregator", aggregatorText(status)],
    ["Clock", clockText(status.aggregator.clockOffsetMs)],
    ["Spool", spoolText(status.spool)],
    ["Targets", targetsText(status)],
    ["Sources", listed(status.sources.map(({ type }) => type))],
    ["Integrations", listed(status.integrations.map(({ title }) => title))],
    ["Receivers", listed(status.receivers.map(({ type }) => type))],
    ["Local rules", rulesText(status)],
  ];
}

function ruleRows({ rules: { rules, notifiers }, nowMs }: AgentStatus): string[][] {
  const shown = rules.flatMap(({ name, lastError, alerts }) => [
    ...(lastError === "" ? [] : [[name, "failed", "", lastError]]),
    ...alerts.map(({ state, activeMs, annotations, labels, value }) => [
      name,
      state,
      spanText(nowMs - activeMs),
      annotations["summary"] ?? `${labelsText(labels)} = ${value}`,
    ]),
  ]);
  const waiting = notifiers
    .filter((one) => one.waiting > 0 || one.lastError !== "")
    .map((one) => [one.name, `${one.waiting} waiting`, "", one.lastError]);
  return [...shown, ...waiting];
}

function laneRows({ spool: { lanes }, nowMs }: AgentStatus): string[][] {
  return lanes.map((lane) => [
    lane.signal,
    countText(lane.collected),
    countText(lane.waiting),
    lane.oldestMs === 0 ? "-" : spanText(nowMs - lane.oldestMs),
    droppedText(lane),
    lane.lastError === "" ? lane.state : `${lane.state}: ${lane.lastError}`,
  ]);
}

/** Nothing where there are no rows. `numbers`: columns that stand at the right. */
function section(
  title: string,
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly number[] = [],
) {
  if (rows.length === 0) return "";
  const kind = (column: number) => (numbers.includes(column) ? "number" : "");
  const rest =
    rows.length > rowsMax ? html`<p class="quiet">and ${rows.length - rowsMax} more</p>` : "";
  return html`<h2>${title}</h2>
    <table class="${numbers.length === 0 ? "list" : ""}">
      <thead>
        <tr>
          ${heads.map((head, i) => html`<th class="${kind(i)}" scope="col">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.slice(0, rowsMax).map(
          (row) =>
            html`<tr>
              ${row.map((cell, i) => html`<td class="${stateClass(cell) || kind(i)}">${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
    ${rest}`;
}

const badStates = new Set(["firing", "down", "failed", "degraded"]);

function stateClass(cell: string): string {
  return badStates.has(cell) ? "bad" : "";
}
