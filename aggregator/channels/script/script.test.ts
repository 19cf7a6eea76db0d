import { expect, test } from "bun:test";
import { plainParts, sendBy } from "../service.fixture.ts";
import { script } from "./send.ts";

function run(command: string[], timeout = "5s") {
  const parts = { ...plainParts, areScriptsAllowed: true };
  return sendBy(script, { command, timeout }, { parts });
}

function failed(code: number) {
  return run(["/bin/sh", "-c", `echo bad >&2; exit ${code}`]);
}

test("script is off unless it is allowed", async () => {
  const outcome = await sendBy(script, { command: ["/bin/cat"] });
  expect(outcome).toMatchObject({ kind: "failed", isRetried: false });
});

test("script gives the notification to the program as JSON", async () => {
  const answer = expect.stringContaining('"receiver":"team"');
  expect(await run(["/bin/cat"])).toMatchObject({ kind: "sent", answer });
});

test("script retries code 75 only, and shows what the program wrote about it", async () => {
  expect(await failed(75)).toMatchObject({ isRetried: true });
  expect(await failed(1)).toMatchObject({
    isRetried: false,
    error: "the program ended with 1: bad",
  });
});

test("script ends a program that takes too long or writes too much", async () => {
  const late = { reason: "contextDeadlineExceeded", isRetried: true };
  expect(await run(["/bin/sleep", "30"], "100ms")).toMatchObject(late);
  expect(await run(["/bin/sh", "-c", "yes"])).toMatchObject({ kind: "failed" });
});
