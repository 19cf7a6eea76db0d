import { YAML } from "bun";
import { expect, test } from "bun:test";
import { imported } from "#test/support/imported.ts";
import { unacceptedOf } from "../import_config.ts";

/** What stops the import of a file, by name. */
const stops = (text: string) => unacceptedOf(imported("alloy", text).remarks, []);

const written = `
loki.write "out" {
  endpoint { url = "http://loki" }
}
prometheus.remote_write "out" {
  endpoint { url = "http://prometheus" }
}
`;

const source = (to: string) =>
  `loki.source.file "f" {\n  targets = [{ __path__ = "/x.log" }]\n  forward_to = [${to}]\n}${written}`;

test("alloy: a module or another format that records pass stops the import", () => {
  const module = 'helper.parser "p" {\n  write_to = [loki.write.out.receiver]\n}\n';
  expect(stops(module + source("helper.parser.p.input"))).toEqual(["helper.parser.p"]);
  const otlp = 'otelcol.receiver.loki "o" {\n  output { }\n}\n';
  expect(stops(otlp + source("otelcol.receiver.loki.o.receiver"))).toEqual([
    "otelcol.receiver.loki.o",
  ]);
  expect(stops(source("loki.write.out.receiver"))).toEqual([]);
});

test("alloy: a module that samples pass stops the import", () => {
  const text = `prometheus.scrape "s" {\n  targets = [{ __address__ = "a:1" }]\n  forward_to = [helper.thin.p.input]\n}
helper.thin "p" {\n  write_to = [prometheus.remote_write.out.receiver]\n}${written}`;
  expect(stops(text)).toEqual(["helper.thin.p"]);
});

const errors = (text: string) =>
  imported("alloy", text).remarks.flatMap(({ weight, path }) => (weight === "error" ? [path] : []));

test("alloy: traces of OTLP are an error, and a port without options is carried over", () => {
  const text = `otelcol.receiver.otlp "o" {\n  grpc { }\n  output {\n    traces = [otelcol.exporter.otlp.t.input]
  }\n}\notelcol.exporter.otlp "t" {\n  client { endpoint = "t" }\n}\n`;
  expect(errors(text)).toEqual(["otelcol.receiver.otlp.o.output.traces"]);
});

const scrape = (address: string) =>
  `prometheus.scrape "s" {\n  targets = [{ __address__ = "${address}" }]\n  forward_to = [prometheus.remote_write.out.receiver]\n}${written}`;

test("alloy: a job that scrapes Alloy itself is an error", () => {
  expect(errors(scrape("127.0.0.1:12345"))).toHaveLength(1);
  expect(errors(scrape("10.0.0.1:12345"))).toEqual([]);
});

const jobOf = (labels: string) => {
  const text = `loki.source.journal "j" {\n  ${labels}\n  forward_to = [loki.write.out.receiver]\n}${written}`;
  return YAML.parse(imported("alloy", text).text);
};

test("alloy: entries of the journal have the component's name as their job, unless labels say another", () => {
  expect(jobOf("")).toMatchObject({ sources: [{ job: "loki.source.journal.j" }] });
  expect(jobOf('labels = { job = "x" }')).toMatchObject({ sources: [{ job: "x" }] });
});
