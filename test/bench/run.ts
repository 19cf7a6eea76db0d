/** `bun run bench NAME [args]`: progress on standard error, one JSON object as the last line on standard output. */
import { readdirSync } from "node:fs";
import { join } from "node:path";

const [name = "", ...args] = process.argv.slice(2);
const names = readdirSync(import.meta.dir)
  .filter((file) => /^[a-z_]+\.ts$/.test(file) && file !== "run.ts")
  .map((file) => file.slice(0, -3));

if (!names.includes(name)) {
  console.error(`benchmark "${name}" is not one of: ${names.join(", ")}`);
  process.exit(2);
}
const { run } = await import(join(import.meta.dir, `${name}.ts`));
const result = await run(args);
console.log(JSON.stringify({ bench: name, ...result }));
// Native threads of an engine may outlive what was asked of them. A bench that judges what it saw says how that went.
process.exit(result.passed === false ? 1 : 0);
