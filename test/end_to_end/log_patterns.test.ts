import { afterAll, expect, test } from "bun:test";
import { appendFileSync } from "node:fs";
import { z } from "zod";
import { asking, until } from "#test/support/asking.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

const rounds = 4;
const patternsPerRound = 6;
const linesPerPattern = 20;

/** No two of these texts differ in one word alone, so each is a pattern of its own. */
function patternText(n: number): string {
  const word = String.fromCharCode(97 + Math.floor(n / 26), 97 + (n % 26));
  return `${word} began ${word}${word} work`;
}

const Streams = z.object({
  data: z.object({
    result: z.array(
      z.object({
        stream: z.record(z.string(), z.string()),
        values: z.array(z.tuple([z.string(), z.string()])),
      }),
    ),
  }),
});

test("patterns are counted and told of as new exactly once, although the process is killed again and again", async () => {
  const file = stage.path("app.log");
  const start = () =>
    stage.start({
      role: "up",
      name: "up",
      config: {
        data_dir: stage.path("data"),
        ingest: { flush_interval: "150ms", patterns: { interval: "1s", learning: "0s" } },
        sources: [{ type: "file_logs", paths: [file], start_at: "beginning" }],
      },
    });
  let written = 0;
  const write = (round: number) => {
    let text = "";
    for (let i = 0; i < linesPerPattern; i++)
      for (let p = 0; p < patternsPerRound * (round + 1); p++, written++)
        text += `${patternText(p)} ${written}\n`;
    appendFileSync(file, text);
  };
  for (let round = 0; round < rounds; round++) {
    const up = await start();
    write(round);
    // At another place of the way each time: before the frame, before the flush, about the flush.
    if (round > 0)
      await until("lines", async () => (await asking(up.url).account("logs"))?.collected);
    await Bun.sleep(70 * round);
    await up.end("SIGKILL");
  }
  const up = await start();
  const lapwing = asking(up.url);
  await until("all lines in blocks", async () => {
    const lane = await lapwing.account("logs");
    return lane?.stored === written && lane;
  });
  const patterns = patternsPerRound * rounds;
  const events = async () => {
    const query = encodeURIComponent('{source="lapwing_events", kind="new_pattern"}');
    const answer = await lapwing.get(`/loki/api/v1/query_range?query=${query}&limit=1000`);
    return Streams.parse(await answer.json()).data.result;
  };
  const found = await until("events", async () => {
    const streams = await events();
    return streams.length >= patterns && streams;
  });
  const texts = found.flatMap(({ values }) => values.map(([, text]) => text));
  const wanted = Array.from({ length: patterns }, (_, n) => `new pattern: ${patternText(n)} <_>`);
  expect(texts.toSorted()).toEqual(wanted.toSorted());
  expect(found[0]?.stream).toMatchObject({
    job: "files",
    pattern_id: expect.stringMatching(/^[0-9a-f]{16}$/),
    line: expect.stringContaining(" began "),
    stream: expect.stringContaining('job="files"'),
  });
  const range = encodeURIComponent('{job="files"}');
  const shown = await (await lapwing.get(`/loki/api/v1/patterns?query=${range}`)).json();
  expect(shown.data).toHaveLength(patterns);
  expect(shown.data[0]).toMatchObject({
    id: found.find(({ values }) => values[0]?.[1] === `new pattern: ${shown.data[0].pattern}`)
      ?.stream["pattern_id"],
    isNew: true,
  });
  const sum = await until("counts of all lines", async () => {
    const [total] = await lapwing.promql("sum(lapwing_log_pattern_lines_total)");
    return total !== undefined && total.value >= written && total.value;
  });
  expect(sum).toBe(written);
  const [named] = await lapwing.promql(
    `lapwing_log_pattern_lines_total * on (pattern_id) group_left (pattern) lapwing_log_pattern_info{pattern="${patternText(0)} <_>"}`,
  );
  expect(named?.value).toBe(linesPerPattern * rounds);
  const { lanes } = await lapwing.rpc.getLossAccount({});
  const own = lanes.filter(({ agent }) => agent === "aggregator");
  expect(own.map(({ signal }) => signal).toSorted()).toEqual(["logs", "metrics"]);
  for (const { collected, stored, inFlight, dropped } of own)
    expect(collected).toBe(
      stored + inFlight + Object.values(dropped).reduce((all, n) => all + n, 0),
    );
  expect(own.find(({ signal }) => signal === "logs")?.collected).toBe(patterns);
  expect(await up.end("SIGTERM")).toBe(0);
}, 90_000);
