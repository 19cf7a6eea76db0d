import { expect, test } from "bun:test";
import { join } from "node:path";

const script = `
const { ignoreBrokenPipes } = await import(${JSON.stringify(join(import.meta.dir, "broken_pipe.ts"))});
ignoreBrokenPipes();
for (let i = 0; i < 50_000; i++) process.stdout.write("line " + i + "\\n");
`;

test("a command whose reader goes away ends quietly", async () => {
  const command = `"$0" -e "$1" | head -1; exit 0`;
  const child = Bun.spawn(["sh", "-c", command, process.execPath, script], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const [output, errors] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  expect(output).toBe("line 0\n");
  expect(errors).toBe("");
});
