import type { DataLink } from "#shared/dashboards/dashboard.ts";
import type { Field, Frame } from "#ui/frames/frame.ts";
import type { PanelKind } from "#ui/panels/panel_kind.ts";

/** What the panels are given: their samples, also with a link at each field, nothing, names that would do harm as markup, or far more than is usual. */
export type Given = "sample" | "linked" | "empty" | "hostile" | "many" | (string & {});

const markup = `<img src=x onerror="document.title='taken'"><b>bold</b>`;
const long = "long ".repeat(60);
const rightToLeft = "\u202eevil\u202c שלום عالم";
const harmful = [markup, long, rightToLeft, "{a|rich} %s $1 ${x}"];

export async function framesOf(kind: PanelKind, given: Given): Promise<readonly Frame[]> {
  const frames = kind.sample();
  if (given === "empty") return frames.map(emptied);
  if (given === "linked") return frames.map(linked);
  if (given === "hostile") return frames.map((frame, i) => hostile(frame, i));
  if (given === "many") {
    return Array.from({ length: 60 }, (_, copy) =>
      frames.map((frame) => renamed(frame, copy)),
    ).flat();
  }
  const series = /^series_(\d+)$/.exec(given)?.[1];
  if (series !== undefined) return manySeries(Number(series));
  const rows = rowsPattern.exec(given)?.[1];
  return rows === undefined ? frames : [manyRows(Number(rows))];
}

const panelEndMs = Date.UTC(2026, 0, 15, 12);

const seriesPerTask = 200;

/**
 * Waves of an hour, one for each container, that share their times as the series of an answer do. Made in many short tasks: a long one of
 * the page is to be one of the panel's own.
 */
async function manySeries(count: number): Promise<readonly Frame[]> {
  const values = Float64Array.from({ length: 61 }, (_, i) => panelEndMs - (60 - i) * 60_000);
  const time: Field = { name: "Time", type: "time", labels: {}, values, options: {} };
  const frames: Frame[] = [];
  for (let at = 0; at < count; at++) {
    const name = `container-${at}`;
    const wave = values.map((_ms, i) => Math.sin(i / 9 + at) * (at % 97) + at / 10);
    const labels = { container: name, host: `host-${at % 100}` };
    const number: Field = { name, type: "number", labels, values: wave, options: {} };
    frames.push({ ref: "A", name, length: values.length, fields: [time, number], notices: [] });
    if (at % seriesPerTask === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  return frames;
}

const rowsPattern = /^rows_(\d+)$/;

/** Rows of a host, a number out of order, and a text that would do harm as markup; all are reproducible from the row's number. */
function manyRows(length: number): Frame {
  const hosts = Array.from({ length }, (_, row) => `host-${(row * 7_919) % length}`);
  const numbers = Float64Array.from({ length }, (_, row) =>
    row % 1_000 === 7 ? Number.NaN : (row * 7_907) % length,
  );
  const notes = hosts.map((host, row) => `${pick(row)} ${host}`);
  const fields = [
    columnOf("host", "string", hosts),
    columnOf("load", "number", numbers),
    columnOf("note", "string", notes),
  ];
  return { ref: "A", name: "hosts", length, fields, notices: [] };
}

function columnOf(name: string, type: Field["type"], values: Field["values"]): Field {
  return { name, type, labels: {}, values, options: type === "number" ? { unit: "none" } : {} };
}

function linked(frame: Frame): Frame {
  const links = [{ title: "Row", url: "/", new_tab: false }];
  return {
    ...frame,
    fields: frame.fields.map((field) => ({ ...field, options: { ...field.options, links } })),
  };
}

/** Besides what is linked on purpose only the hosts of many rows lead somewhere. */
export function linksFor(given: Given, field: Field, row: number): readonly DataLink[] {
  if (given === "linked") {
    return [{ title: `Row ${row} of ${field.name}`, url: `/row/${row}`, new_tab: false }];
  }
  if (!rowsPattern.test(given) || field.name !== "host") return [];
  const host = encodeURIComponent(String(field.values[row]));
  return [{ title: "Open the host", url: `/hosts/${host}`, new_tab: false }];
}

/** Panels whose content is an option need one to show anything. */
export function optionsOf(kind: string, given: Given): Record<string, unknown> {
  if (given === "empty") return {};
  if (kind === "table" && rowsPattern.test(given)) return { filters: true };
  if (kind === "text") return { content: given === "hostile" ? hostileMarkdown : sampleMarkdown };
  if (kind === "alert_list") return { view: "rules", inactive: true };
  if (kind === "dashboard_list") return { starred: false, recent: true };
  return {};
}

const sampleMarkdown = `# On call
Shop runs on **three** hosts; see [the runbook](https://example.com/runbook).

| service | owner |
| --- | --- |
| cart | team red |
| checkout | team blue |

- \`make deploy\` rolls out
- *wait* for the error rate`;

const hostileMarkdown = `# ${markup}
<script>document.title = "taken"</script><style>body { display: none }</style>
<iframe src="https://example.com"></iframe><form action="/x"><input name="a"><button>Send</button></form>
[link](javascript:document.title='taken') <a href="javascript:document.title='taken'" onclick="document.title='taken'">x</a>
<a href="https://example.com" target="_blank">out</a> <svg onload="document.title='taken'"></svg>
<div style="position:fixed;inset:0">over</div> ![picture](https://example.com/p.png)

${long}`;

function emptied(frame: Frame): Frame {
  const fields = frame.fields.map((field): Field => {
    return { ...field, values: field.values instanceof Float64Array ? new Float64Array() : [] };
  });
  return { ...frame, length: 0, fields };
}

function pick(at: number): string {
  return harmful[at % harmful.length] ?? markup;
}

function hostile(frame: Frame, i: number): Frame {
  return {
    ...frame,
    name: pick(i),
    fields: frame.fields.map((field) => ({
      ...field,
      labels: Object.fromEntries(Object.keys(field.labels).map((name, at) => [name, pick(at)])),
      options:
        field.type === "number" ? { ...field.options, display_name: pick(i) } : field.options,
      // Ids join columns of two frames: they stay one for each, whatever they look like.
      values:
        field.type === "string"
          ? Array.from<unknown, string>(field.values, (value, at) => `${pick(at)}${String(value)}`)
          : field.values,
    })),
  };
}

function renamed(frame: Frame, copy: number): Frame {
  return {
    ...frame,
    name: `${frame.name} ${copy}`,
    fields: frame.fields.map((field) => ({
      ...field,
      labels:
        Object.keys(field.labels).length === 0
          ? field.labels
          : { ...field.labels, copy: `${copy}` },
    })),
  };
}
