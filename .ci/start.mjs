// `npm start`: makes the clone ready, then runs `lapwing up` with whatever arguments follow `--`.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { bootstrap, bun, root } from "./bootstrap.mjs";

bootstrap();
console.error(`The command line: ${join(root, "lapwing")} --help`);
const child = spawn(bun, [join(root, "lapwing.ts"), "up", ...process.argv.slice(2)], {
  stdio: "inherit",
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
// npm dies of a SIGTERM without handing it on to what its shell started: whoever is left without a parent stops too.
const parent = process.ppid;
setInterval(() => process.ppid !== parent && child.kill("SIGTERM"), 500).unref();
child.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal === null ? 1 : 128);
});
