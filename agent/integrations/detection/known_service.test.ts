import { expect, test } from "bun:test";
import { z } from "zod";
import { defineIntegration } from "../integration.ts";
import { FindingJudge } from "./known_service.ts";

test("FindingJudge asks the schema again only for what the round before did not find so", () => {
  const asked: unknown[] = [];
  const integration = defineIntegration({
    name: "thing",
    title: "Thing",
    job: "thing",
    config: z.strictObject({ port: z.number() }).superRefine((options) => void asked.push(options)),
    detect: () => [],
    instanceOf: ({ port }) => `:${port}`,
  });
  const judge = new FindingJudge();
  const find = (port: unknown, because: string) =>
    judge.judge(
      integration,
      { confidence: 1, because: [because], options: { port }, needs: [] },
      15_000,
    );
  judge.begin();
  const first = find(1, "a process");
  judge.begin();
  const second = find(1, "an answer");
  expect(second).toEqual({ ...first, finding: { ...first.finding, because: ["an answer"] } });
  expect(second.bound).toBe(first.bound);
  expect(asked).toEqual([{ port: 1 }]);
  expect([find(2, "").instance, find("x", "").problem]).toEqual([
    ":2",
    expect.stringContaining("port"),
  ]);
  judge.begin();
  judge.begin();
  expect(find(1, "").instance).toBe(":1");
  expect(asked).toEqual([{ port: 1 }, { port: 2 }, { port: 1 }]);
});
