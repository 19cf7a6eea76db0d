import { expect, test } from "bun:test";
import { messageOf } from "#shared/errors.ts";
import { type Pace, recordPace } from "../query/logql/limits.ts";
import { parseLogql } from "./parse_query.ts";
import { type Given, scopeOf, sourceOf } from "../query/logql/records.fixture.ts";
import { selectRecords } from "../query/logql/select.ts";

async function select(query: string, lines: readonly string[], limit = 5_000) {
  const parsed = parseLogql(query);
  if (parsed.kind !== "log") throw new Error("expected a log query");
  const given = lines.map((line, at): Given => ({ at, line, stream: { app: "a" } }));
  const range = { startNs: 0n, endNs: 10_000_000_000_000n, limit, direction: "forward" } as const;
  return selectRecords(parsed, range, scopeOf(sourceOf(given)));
}

function busy(): void {
  for (const until = performance.now() + 3; performance.now() < until;);
}

test("the clock is looked at after each record that takes long, and seldom where records cost nothing", () => {
  let looks = 0;
  const pace: Pace = {
    deadlineMs: Infinity,
    breathe: () => {
      looks++;
      return undefined;
    },
  };
  const cheap = recordPace(pace);
  for (let i = 0; i < 100_000; i++) void cheap();
  expect(looks).toBeLessThan(5_000);
  looks = 0;
  const costly = recordPace(pace);
  for (let i = 0; i < 20; i++) {
    busy();
    void costly();
  }
  expect(looks).toBeGreaterThanOrEqual(18);
});

test("a line on which the stages take too long is refused, and says what to do", async () => {
  const wide = `{${Array.from({ length: 15_000 }, (_, i) => `"key${i}":"v"`).join()}}`;
  const failure = await select(`{app="a"} ${"| json ".repeat(500)}`, [wide]).catch(messageOf);
  expect(failure).toBe(
    `the stages of the query take more than 60 ms for a line of ${wide.length} characters: use fewer stages or fields, or filter out long lines first`,
  );
  expect((await select('{app="a"} | json', [wide])).length).toBe(1);
});

test("a query of too many stages is refused", async () => {
  const labels = Array.from({ length: 1_000 }, (_, i) => `l${i}`);
  for (const stage of [
    `| keep ${labels.join()}`,
    `| json ${labels.map((label) => `${label}="a"`).join()}`,
    `| label_format ${labels.map((label) => `${label}="a"`).join()}`,
    '| line_format "a" '.repeat(1_001),
  ])
    expect(await select(`{app="a"} ${stage}`, []).catch(messageOf)).toMatch(
      /^parse error : the query has 1001 stages, labels and templates, at most 1000 are allowed$/,
    );
});

test("an answer that grows too large is refused, however its lines came about", async () => {
  const lines = Array.from({ length: 200 }, () => "x".repeat(1_000));
  const double = '| line_format "{{ __line__ }}{{ __line__ }}" '.repeat(10);
  expect(await select(`{app="a"} ${double}`, lines).catch(messageOf)).toBe(
    "the answer has more than 134217728 characters: ask for fewer lines by limit, or keep fewer labels",
  );
  expect((await select(`{app="a"} ${double}`, lines, 10)).length).toBe(10);
});
