import { afterEach, expect, test } from "bun:test";
import { until } from "#test/support/asking.ts";
import { ScrapeBench, down, exposed, exposition } from "#test/support/scrape_bench.ts";

const bench = new ScrapeBench();
afterEach(() => bench.close());

const broken = () => new Response("a 5\n", { status: 500, headers: exposition });
const never = () => new Promise<Response>(() => {});
const halfway = () =>
  new Response(new ReadableStream({ start: (stream) => stream.enqueue("a 1\n") }), {
    headers: exposition,
  });
test("a failed scrape ends every series once, and reports go on", async () => {
  const recorder = await bench.record(bench.serve("a 1\n", broken, broken, "a 4\n"));
  await recorder.scrape(() => true, 3);
  expect(recorder.scrapes.slice(0, 4).map(exposed)).toEqual([
    { a: 1 },
    { a: "stale" },
    {},
    { a: 4 },
  ]);
  expect(recorder.scrapes.slice(0, 4).map((scrape) => scrape.values["up"])).toEqual([1, 0, 0, 1]);
});

test.each<[string, string | (() => Response), Record<string, unknown>, string]>([
  [
    "HTML",
    () => new Response("<html>", { headers: { "Content-Type": "text/html" } }),
    {},
    "text/html",
  ],
  ["garbage", "\u0000\u0001 garbage\n", {}, "at byte 0"],
  ["a half good body", "a 1\nb x\n", {}, "expected a value"],
  ["a body that is cut off", `a 1\nb{c="d`, {}, "expected labels to end with }"],
  ["status 500", () => new Response("oh", { status: 500 }), {}, "HTTP status 500"],
  ["status 204", () => new Response(null, { status: 204 }), {}, "HTTP status 204"],
  [
    "brotli",
    () => new Response("x", { headers: { ...exposition, "Content-Encoding": "br" } }),
    {},
    `content encoding "br"`,
  ],
  [
    "bad gzip",
    () => new Response("x", { headers: { ...exposition, "Content-Encoding": "gzip" } }),
    {},
    "gzip",
  ],
  [
    "no end of OpenMetrics",
    () => new Response("a 1\n", { headers: { "Content-Type": "application/openmetrics-text" } }),
    {},
    "# EOF",
  ],
  ["too many samples", "a 1\nb 1\nc 1\n", { sample_limit: 2 }, "sample limit of 2 exceeded"],
  ["too many labels", 'a{b="c"} 1\n', { label_limit: 3 }, "label limit exceeded"],
  [
    "a long label name",
    'a{abcdefghijk="c"} 1\n',
    { label_name_length_limit: 10 },
    "label name length limit",
  ],
  [
    "a long label value",
    `a{b="${"x".repeat(40)}"} 1\n`,
    { label_value_length_limit: 30 },
    "label value length limit",
  ],
  [
    "a redirect that isn't followed",
    () => Response.redirect("/other", 302),
    { follow_redirects: false },
    "HTTP status 302",
  ],
  [
    "a name lost by relabelling",
    "a 1\n",
    { metric_relabel_configs: [{ action: "labeldrop", regex: "__name__" }] },
    "no metric name",
  ],
])(
  "a target that gives %s is down for a reason, and its neighbour goes on",
  async (_, answer, more, reason) => {
    const bad = bench.serve(answer);
    const good = bench.serve("ok 1\n");
    const recorder = await bench.record([bad, good], more);
    const failed = await recorder.scrape((scrape) => scrape.instance === bad && down(scrape));
    expect(exposed(failed)).toEqual({});
    const neighbour = await recorder.scrape(
      (scrape) => scrape.instance === good,
      recorder.scrapes.length,
    );
    if (!("metric_relabel_configs" in more))
      expect(neighbour.values).toMatchObject({ up: 1, ok: 1 });
    const report = () => recorder.manager.targets().find((each) => each.labels["instance"] === bad);
    // On a busy machine a scrape in between may have timed out instead.
    await until(`"${reason}"`, () => report()?.lastError.includes(reason) === true);
    expect(report()?.health).toBe("down");
  },
);

test("a breach of the sample limit counts all samples of the scrape as dropped", async () => {
  const recorder = await bench.record(bench.serve("a 1\nb 1\nc 1\n"), { sample_limit: 2 });
  expect((await recorder.scrape(down)).values).toMatchObject({
    scrape_samples_scraped: 3,
    scrape_samples_post_metric_relabeling: 3,
  });
  expect(recorder.drops.get("sample_limit")).toBeGreaterThanOrEqual(3);
});

test("a target that hangs is down after its timeout, in the head and in the body", async () => {
  const targets = [bench.serve(never), bench.serve(halfway)];
  const recorder = await bench.record(targets);
  for (const target of targets)
    await recorder.scrape((scrape) => scrape.instance === target && down(scrape));
  for (const report of recorder.manager.targets())
    expect(report.lastError).toContain("deadline exceeded");
});

test("a target that nobody serves is down", async () => {
  const recorder = await bench.record("127.0.0.1:1");
  await recorder.scrape(down);
  expect(recorder.manager.targets()[0]?.lastError).not.toBe("");
});

test("an answer of 200 MB fails at the limit, announced or not, packed or not", async () => {
  const chunk = new Uint8Array(1 << 20).fill(0x23);
  let sent = 0;
  const streamed = () => {
    let chunks = 0;
    const body = new ReadableStream({
      pull: (stream) => {
        sent += chunk.length;
        stream.enqueue(chunk);
        if (++chunks === 200) stream.close();
      },
    });
    return new Response(body, { headers: exposition });
  };
  const packed = Bun.gzipSync(new Uint8Array(200 << 20).fill(0x23));
  const bomb = () =>
    new Response(packed, { headers: { ...exposition, "Content-Encoding": "gzip" } });
  const targets = [bench.serve(streamed), bench.serve(bomb)];
  const recorder = await bench.record(targets, {
    scrape_interval: "3s",
    body_size_limit: "4MB",
    extra_scrape_metrics: true,
  });
  for (const target of targets) {
    const failed = await recorder.scrape((scrape) => scrape.instance === target && down(scrape));
    expect(failed.values["scrape_body_size_bytes"]).toBe(-1);
  }
  for (const report of recorder.manager.targets())
    expect(report.lastError).toContain("body size limit of 4194304");
  expect(sent).toBeLessThan(150 << 20);
}, 30_000);
