import { counter, gauge } from "../../collect/samples/family.ts";
import { pageText, wrongPage } from "../connections/http_page.ts";
import type { OpenInstance } from "../integration.ts";
import type { NginxConfig } from "./config.ts";

// Names as in github.com/nginx/nginx-prometheus-exporter.
const active = gauge("nginx_connections_active", "Open connections, the waiting ones too.");
const accepted = counter("nginx_connections_accepted", "Connections accepted so far.");
const handled = counter(
  "nginx_connections_handled",
  "Connections handled so far: fewer than accepted where a limit was reached.",
);
const requests = counter("nginx_http_requests_total", "Requests so far.");
const reading = gauge("nginx_connections_reading", "Connections whose request is being read.");
const writing = gauge("nginx_connections_writing", "Connections that are being answered.");
const waiting = gauge("nginx_connections_waiting", "Connections kept open without a request.");

/** The page of ngx_http_stub_status_module. A count of a fork (Tengine's request_time) may stand behind the three. */
const page =
  /Active connections:\s*(\d+)[\s\S]*?\n\s*(\d+)\s+(\d+)\s+(\d+)[^\n]*\n\s*Reading:\s*(\d+)\s+Writing:\s*(\d+)\s+Waiting:\s*(\d+)/;
const families = [active, accepted, handled, requests, reading, writing, waiting];

export const openNginx: OpenInstance<NginxConfig> = (options, { timeoutMs }) => ({
  async collect(sink, { signal }) {
    const text = await pageText(options, { signal, timeoutMs });
    const numbers = page.exec(text)?.slice(1);
    if (numbers === undefined) throw wrongPage("the page of stub_status", text);
    for (const [i, family] of families.entries()) sink.add(family, Number(numbers[i]));
  },
});
