import { expect, test } from "bun:test";

async function momentsOf(seed: string | undefined): Promise<{ seed: number; moments: number[] }> {
  const program = `
    const { crashMoments, crashSeed } = await import("./crash_moments.ts");
    const next = crashMoments();
    console.log(JSON.stringify({ seed: crashSeed, moments: [next(400), next(400), next(60), next(600)] }));`;
  const child = Bun.spawn([process.execPath, "-e", program], {
    cwd: import.meta.dir,
    env: { ...process.env, CRASH_SEED: seed },
    stdout: "pipe",
    stderr: "inherit",
  });
  return new Response(child.stdout).json();
}

test("CRASH_SEED gives the same moments again, and another seed gives others", async () => {
  const [first, again, other, own] = await Promise.all([
    momentsOf("7"),
    momentsOf("7"),
    momentsOf("8"),
    momentsOf(undefined),
  ]);
  expect(first.seed).toBe(7);
  expect(again).toEqual(first);
  expect(other.moments).not.toEqual(first.moments);
  expect(own.seed).toBeGreaterThanOrEqual(0);
  expect(await momentsOf(String(own.seed))).toEqual(own);
});
