import type { MessageDetails } from "../details.ts";

/** Where the built-in template has the details; it is left out where there are none. */
const detailsPlace = '<tr id="details"></tr>';
/** The name of the chart within a mail: a template of one's own can show it as `<img src="cid:chart">`. */
export const chartCid = "chart";

/** HTML with the details in their place, or at its end where a template has none. */
export function withDetails(html: string, details: MessageDetails | undefined): string {
  if (details === undefined) return html.replace(detailsPlace, "");
  // Replaced by a function: a URL may contain "$&".
  if (html.includes(detailsPlace)) return html.replace(detailsPlace, () => rowOf(details, true));
  const isShown = html.includes(`cid:${chartCid}`);
  const table = `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:600px;text-align:left">${rowOf(details, !isShown)}</table>`;
  const end = html.lastIndexOf("</body>");
  return end < 0 ? html + table : html.slice(0, end) + table + html.slice(end);
}

function rowOf({ chart, facts, links }: MessageDetails, showsChart: boolean): string {
  const picture =
    chart === undefined || !showsChart
      ? ""
      : `<img src="cid:${chartCid}" alt="${Bun.escapeHTML(chart.alt)}" width="552" style="display:block;width:100%;max-width:552px;height:auto;border:1px solid #dde4e9;border-radius:6px;margin:0 0 16px 0">`;
  const rows = facts
    .map(
      ({ name, value }) =>
        `<tr><td style="padding:2px 16px 2px 0;color:#5b6472;white-space:nowrap;vertical-align:top">${Bun.escapeHTML(name)}</td><td style="padding:2px 0">${Bun.escapeHTML(value)}</td></tr>`,
    )
    .join("");
  const buttons = links
    .map(
      ({ title, url }) =>
        `<a href="${Bun.escapeHTML(url)}" style="display:inline-block;border:1px solid #0b63ce;color:#0b63ce;text-decoration:none;border-radius:4px;padding:8px 14px;margin:0 8px 8px 0">${Bun.escapeHTML(title)}</a>`,
    )
    .join("");
  return `<tr><td style="padding:16px 24px 0 24px">${picture}<table role="presentation" cellpadding="0" cellspacing="0" style="font-size:14px;margin:0 0 12px 0">${rows}</table><p style="margin:0">${buttons}</p></td></tr>`;
}
